"""`destroy`: remove the cloud: all its processes, guests, networks and files."""

from __future__ import annotations

import sys
from pathlib import Path

from stratolith.deploy import belongings, database_tables, host, people, personal
from stratolith.deploy.errors import DeployError
from stratolith.deploy.layout import SYSTEM_CONFIG, Layout
from stratolith.deploy.steps import Report
from stratolith.deploy.supervision import namespaces_elsewhere, processes, running
from stratolith.kernel.agent.member import Membership
from stratolith.kernel.config import HostsSection, Settings


def destroy(
    layout: Layout,
    report: Report,
    *,
    is_sure: bool,
    with_database: bool = False,
    has_left: bool = False,
) -> int:
    """Ask for confirmation, then remove everything that belongs to the cloud; can be repeated.

    with_database: also remove the cloud's tables from PostgreSQL. has_left: this host already told
    its server that it leaves. Returns the exit status: 1 when something of the cloud could not be
    removed. Raises DeployError.
    """
    if not layout.exists() and not running.pids(layout):
        print(f"There is no cloud in {layout.state_dir}; nothing to remove.")
        return 0
    if layout.state_dir.exists():
        layout.require()
        if not belongings.is_ours(layout) and layout.config != SYSTEM_CONFIG:
            raise DeployError(f"{layout.state_dir} is not the directory of a cloud; it stays.")
    # a cloud with an invalid configuration can be removed, but no tables of a database unknown
    settings = layout.settings() if with_database else layout.valid_settings()
    if not settings.fake:
        namespaces_elsewhere.require_none(layout.state_dir)
    is_of_another = Membership(layout.state_dir).exists() or settings.of(HostsSection).server
    database = database_tables.of(layout, settings)
    if with_database and database is None:
        raise DeployError("This cloud has no PostgreSQL database: --database removes nothing.")
    if not is_sure and not _ask(layout, with_database):
        print("Nothing was removed.")
        return 1
    with report.ticking("Stopping the processes"):
        running.stop(layout)
    report.say("Processes stopped")
    if is_of_another and not has_left:
        from stratolith.deploy import join  # here, because join imports this module

        join.tell(layout, report, force=True)
    is_clean = True
    if not settings.fake and layout.state_dir.exists():
        is_clean = _remove_guests(settings, report)
        is_clean = _remove_network(settings, report) and is_clean
        _stop_leftovers(layout, settings)
    if database is not None:
        _leave_or_empty(database, report, is_wanted=with_database)
    if not is_clean:
        report.say("The files stay, so that a second destroy knows what is ours.")
        return 1
    return _remove_files(layout, settings, report)


def _leave_or_empty(database: database_tables.Tables, report: Report, *, is_wanted: bool) -> None:
    if is_wanted:
        count = database.drop()
        report.say(f"{count} tables removed from {database.place}")
    else:
        report.say(
            f"{database.place} keeps its tables, with password hashes and sealed keys in them; "
            f"`destroy --database` would have removed them. By hand: {database.by_hand}"
        )


def _ask(layout: Layout, with_database: bool) -> bool:
    if not sys.stdin.isatty():
        raise DeployError("Cannot ask without a terminal.", "add --yes if you are sure")
    more = ", and every table of its database" if with_database else ""
    print(
        f"This removes the cloud in {layout.state_dir}: all servers, disks, images, networks{more}."
    )
    return input("Type yes to go on: ").strip().lower() == "yes"


def _remove_guests(settings: Settings, report: Report) -> bool:
    """Whether all guests were removed; prints those that were not."""
    from stratolith.compute.drivers.base import DriverError

    driver = host.hypervisor(settings)
    count, is_clean = 0, True
    for guest in driver.list_guests():
        try:
            with report.ticking(f"Removing guest {guest.id}"):
                driver.destroy(guest.id)
            count += 1
        except DriverError as error:
            report.say(f"Not removed: guest {guest.id}: {error}")
            is_clean = False
    report.say(f"Guests removed: {count}")
    return is_clean


def _remove_network(settings: Settings, report: Report) -> bool:
    """Whether all networks were removed; prints the error otherwise."""
    from stratolith.network.drivers.base import NetworkDriverError

    try:
        with report.ticking("Removing networks"):
            host.network(settings).remove_all()
    except NetworkDriverError as error:
        report.say(f"Not removed: {error}")
        return False
    report.say("Namespaces, bridges, taps and packet filter tables removed")
    return True


def _stop_leftovers(layout: Layout, settings: Settings) -> None:
    """Stop processes that still use the cloud's files: they could create the files again."""
    for pid in host.own_processes(layout, settings):
        processes.stop(pid, 5.0)


def _remove_files(layout: Layout, settings: Settings, report: Report) -> int:
    personal.remove(layout, people.caller())
    outside = _image_directories(layout, settings)
    unknown, failed = belongings.remove(layout)
    for path in unknown:
        report.say(f"{path} was not made by the cloud and stays")
    for path in outside:
        report.say(f"{path}, where the configuration put images, stays as it is")
    for text in failed:
        report.say(f"Not removed: {text}")
    if failed:
        report.say("Some files of the cloud are left; run destroy again when the cause is gone.")
        return 1
    report.say("Files removed. The cloud is gone.")
    return 0


def _image_directories(layout: Layout, settings: Settings) -> list[Path]:
    """Directories of image data outside the state directory; other clouds may use them too."""
    from stratolith.image.settings import ImageSettings

    section = settings.of(ImageSettings)
    configured = [section.store_dir, section.cache_dir]
    configured += [entry.partition("=")[2] for entry in section.extra_stores]
    paths = [Path(text) for text in configured if text]
    return [path for path in paths if path.exists() and layout.state_dir not in path.parents]
