"""`destroy`: remove the cloud: every process, guest, network and file that is ours."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from stratolith.deploy import credentials, host, people, processes, running
from stratolith.deploy.errors import DeployError
from stratolith.deploy.layout import SYSTEM_CONFIG, Layout
from stratolith.deploy.steps import Report
from stratolith.kernel.config import Settings


def destroy(layout: Layout, report: Report, *, is_sure: bool) -> int:
    """Ask once, then remove everything; a second run finds nothing. Exit status."""
    if not layout.exists() and not running.pids(layout):
        print(f"There is no cloud in {layout.state_dir}; nothing to remove.")
        return 0
    layout.require()
    _require_ours(layout)
    if not is_sure and not _ask(layout):
        print("Nothing was removed.")
        return 1
    settings = layout.settings()
    with report.ticking("Stopping the processes"):
        running.stop(layout)
    report.say("Processes stopped")
    if not settings.fake:
        _remove_guests(settings, report)
        _remove_network(settings, report)
        _stop_leftovers(layout, settings)
    _remove_files(layout)
    report.say("Files removed. The cloud is gone.")
    return 0


def _require_ours(layout: Layout) -> None:
    """Never remove a directory that a typing error named."""
    if not layout.secrets.exists() and not layout.config.exists():
        raise DeployError(f"{layout.state_dir} is not the directory of a cloud.")
    if layout.state_dir in (Path("/"), Path.home(), Path("/var/lib")):
        raise DeployError(f"{layout.state_dir} is not only the cloud's; it stays.")


def _ask(layout: Layout) -> bool:
    if not sys.stdin.isatty():
        raise DeployError("Cannot ask without a terminal.", "add --yes if you are sure")
    print(f"This removes the cloud in {layout.state_dir}: all servers, disks, images, networks.")
    return input("Type yes to go on: ").strip().lower() == "yes"


def _remove_guests(settings: Settings, report: Report) -> None:
    driver = host.hypervisor(settings)
    guests = driver.list_guests()
    for guest in guests:
        with report.ticking(f"Removing guest {guest.id}"):
            driver.destroy(guest.id)
    report.say(f"Guests removed: {len(guests)}")


def _remove_network(settings: Settings, report: Report) -> None:
    with report.ticking("Removing networks"):
        host.network(settings).remove_all()
    report.say("Namespaces, bridges, taps and packet filter tables removed")


def _stop_leftovers(layout: Layout, settings: Settings) -> None:
    """Whatever still runs on our files: it would hold them open or write them anew."""
    for pid in host.own_processes(layout, settings):
        processes.stop(pid, 5.0)


def _remove_files(layout: Layout) -> None:
    person = people.caller()
    personal = credentials.personal_clouds_yaml(person)
    if credentials.personal_owner(personal) == layout.state_dir:
        personal.unlink()
    for directory in (layout.run_dir, layout.state_dir):
        shutil.rmtree(directory, ignore_errors=False, onerror=_forgive_gone)
    if layout.config == SYSTEM_CONFIG:
        shutil.rmtree(SYSTEM_CONFIG.parent, onerror=_forgive_gone)


def _forgive_gone(function: object, path: str, info: tuple[type, BaseException, object]) -> None:
    if not isinstance(info[1], FileNotFoundError):
        raise info[1]
