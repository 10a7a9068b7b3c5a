"""`join` and `leave`: this machine becomes a host of a cloud whose server is elsewhere.

Such a machine keeps what its agent needs: the configuration, its certificate, guests, images in
use. It has no database and no secrets.json.
"""

from __future__ import annotations

import http.client
import os
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from stratolith.agent import health_port
from stratolith.deploy import belongings, config_file, destroy, files, join_checks, ovn_packages
from stratolith.deploy import host as this_host
from stratolith.deploy.checks import requirements
from stratolith.deploy.errors import DeployError
from stratolith.deploy.layout import Layout
from stratolith.deploy.steps import Report
from stratolith.deploy.supervision import running
from stratolith.kernel.agent import admission
from stratolith.kernel.agent.client import Refused, Unreachable
from stratolith.kernel.agent.member import Member, Membership, NotAMember
from stratolith.kernel.config import HostsSection, Settings
from stratolith.network.settings import NetworkSettings

READY_SECONDS = 60.0
FOR_THE_SERVER = (  # options of `up` that mean nothing on a host
    "external_cidr", "external_range", "external_gateway", "listen", "port_offset", "image",
    "names", "foreground",
)  # fmt: skip
QUESTION_SECONDS = 5.0  # during the wait: how often the server is asked whether this is a host


@dataclass(frozen=True)
class Wishes:
    """What the command line asks for."""

    server: str  # ADDRESS or ADDRESS:PORT
    token: str
    name: str | None = None
    tunnel_address: str | None = None
    fake: bool = False


def is_host(layout: Layout) -> bool:
    """Whether this machine is a host of a cloud elsewhere; also if its certificate is lost."""
    if Membership(layout.state_dir).exists():
        return True
    return bool(layout.valid_settings().of(HostsSection).server)


def require_server(layout: Layout) -> None:
    """Raises DeployError on a machine that is a host of a cloud elsewhere."""
    if is_host(layout):
        raise DeployError(*_elsewhere(layout, "run this command there"))


def require_no_wishes(layout: Layout, arguments: Mapping[str, object]) -> None:
    """Raises DeployError when `up` of a host has options for the server."""
    given = [f"--{name.replace('_', '-')}" for name in FOR_THE_SERVER if arguments.get(name)]
    if arguments.get("port_offset") == 0:
        given.append("--port-offset")
    if arguments.get("fake") and not layout.settings().fake:
        given.append("--fake")
    if given:
        raise DeployError(*_elsewhere(layout, f"`stratolith up` without {' '.join(given)}"))


def _elsewhere(layout: Layout, fix: str) -> tuple[str, str]:
    server = layout.valid_settings().of(HostsSection).server
    return f"This machine is a host of the cloud whose server is at {server}.", fix


def join(layout: Layout, wishes: Wishes, report: Report) -> int:
    """Become a host and start the agent; raises DeployError, ConfigError."""
    if layout.exists():
        what = "a host of a cloud" if is_host(layout) else "the server of a cloud"
        raise DeployError(
            f"This machine is {what} already ({layout.state_dir}).",
            "stratolith leave" if is_host(layout) else "choose another directory: --state-dir DIR",
        )
    belongings.require_usable(layout)
    values = _values(layout, wishes)
    settings = join_checks.wished_settings(layout, values)
    if not wishes.fake:
        _require_fit(settings)
    server = values["hosts"]["server"]
    try:
        admitted = admission.ask(server, wishes.token, wishes.name or socket.gethostname())
    except admission.CannotJoin as error:
        raise DeployError(str(error)) from None
    report.say(f"{server} let this machine in as host {admitted.member.name}")
    for path, mode in _directories(layout).items():
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(mode)
    files.write(layout.config, config_file.sample(config_file.sections(), values), mode=0o644)
    files.write(layout.state_dir / "cloud-id", f"{admitted.cloud}\n", mode=0o600)
    admitted.keep(Membership(layout.state_dir))
    return start(layout, report)


def start(layout: Layout, report: Report) -> int:
    """Start the agent of a machine that joined, and wait for its first full check."""
    settings = layout.settings()
    _require_member(layout)
    if _driver(layout, settings) == "ovn":
        installed = ovn_packages.install()
        if installed:
            report.say(f"installed {' '.join(installed)} for the network driver ovn")
    with report.ticking("Starting the agent"):
        running.start(layout, settings)
        _wait_ready(layout, settings)
    member = _member(layout)
    report.say(f"Host {member.name} works for the cloud at {member.server}.")
    return 0


def status(layout: Layout) -> int:
    """Print whether the agent works; 0 when it does."""
    membership, member = Membership(layout.state_dir), _member(layout)
    problem = membership.lack(datetime.now(UTC)) or _problem(layout.settings())
    pids = ", ".join(f"{role} {pid}" for role, pid in running.pids(layout).items())
    print(f"Host {member.name} of the cloud at {member.server}")
    print(f"  Processes   {pids or 'none: stratolith up'}")
    print(f"  State       {problem or 'works'}")
    return 1 if problem else 0


def leave(layout: Layout, report: Report, *, force: bool) -> int:
    """Leave the cloud and remove all its files and guests here; raises DeployError.

    Without ``force`` the cloud must agree: it does when no server (instance) is on this host. Can
    be repeated after an interruption.
    """
    if not is_host(layout):
        raise DeployError(f"{layout.state_dir} is not the directory of a host that joined.")
    if not force and not tell(layout, report, force=False):
        _require_no_guests(layout)
    return destroy.destroy(layout, report, is_sure=True, has_left=not force)


def tell(layout: Layout, report: Report, *, force: bool) -> bool:
    """Tell the server that this host leaves; returns whether it was a host until now.

    Raises DeployError when it may not leave; with ``force`` this is only printed.
    """
    membership = Membership(layout.state_dir)
    if not membership.is_complete():
        report.say(
            "This machine has no certificate of a host (any more). If the server still shows it, "
            "run there: stratolith host remove NAME --force"
        )
        return False
    try:
        _ask_to_leave(layout, membership, force=force)
    except (Refused, Unreachable, NotAMember, OSError) as error:
        if isinstance(error, Refused) and error.is_final:
            report.say("The server had taken this host out of the cloud before")
            return False
        if not force:
            raise _not_left(membership, error) from None
        report.say(
            f"The server could not be informed ({error}); run there: "
            f"stratolith host remove {_name(membership)} --force"
        )
        return True
    report.say("The server took this host out of the cloud")
    return True


def _ask_to_leave(layout: Layout, membership: Membership, *, force: bool) -> None:
    name = membership.read().name
    transport = membership.transport(layout.state_dir / "cloud-id")
    try:
        transport.leave(name, force=force)
    finally:
        transport.close()


def _not_left(membership: Membership, error: Exception) -> DeployError:
    """The error of `leave`, with what the user can do about this reason."""
    if isinstance(error, Refused) and error.status == 409:
        return DeployError(
            f"The server does not let this host go: {error}",
            "move or delete its servers first, or leave all the same with --force",
        )
    if isinstance(error, Refused):
        return DeployError(
            f"The server does not let this host go: {error}",
            "see `stratolith logs server` there, or leave all the same with --force",
        )
    return DeployError(
        f"The server cannot be asked: {error}.",
        "leave when the server can be reached again; without it: stratolith leave --force here "
        f"and stratolith host remove {_name(membership)} --force there",
    )


def _name(membership: Membership) -> str:
    try:
        return membership.read().name
    except NotAMember:
        return "NAME"


def _require_no_guests(layout: Layout) -> None:
    """Raises DeployError when guests are here, though the server does not know this host."""
    settings = layout.valid_settings()
    count = 0 if settings.fake else len(this_host.hypervisor(settings).list_guests())
    if count:
        raise DeployError(
            f"This machine is no longer a host of the cloud, but has {count} of its guests.",
            "remove them with everything else of the cloud: stratolith leave --force",
        )


def _member(layout: Layout) -> Member:
    """Raises DeployError when `join` or `leave` was interrupted, or a file was lost."""
    membership = Membership(layout.state_dir)
    try:
        if membership.is_complete():
            return membership.read()
        problem = f"{membership.folder} lacks files: `join` or `leave` was interrupted."
    except NotAMember as error:
        problem = str(error)
    raise DeployError(problem, "stratolith leave, then join with a new token")


def _require_member(layout: Layout) -> None:
    """Raises DeployError when the server no longer accepts this host."""
    member = _member(layout)
    try:
        transport = Membership(layout.state_dir).transport(layout.state_dir / "cloud-id")
        try:
            transport.hints(member.name, "", 0, 0.0)
        finally:
            transport.close()
    except Unreachable:
        return  # the agent waits for the server
    except Refused as error:
        if error.is_final:
            raise DeployError(
                f"Host {member.name} is no longer part of the cloud at {member.server}: it was "
                "removed there, or another machine joined with its name.",
                "stratolith leave, then join with a new token",
            ) from None


class _View(msgspec.Struct):
    """The one field that is needed of a host's view of networks."""

    driver: str = ""


def _driver(layout: Layout, settings: Settings) -> str:
    """The network driver of this machine: its own setting, else the cloud's; "" if unknown."""
    own = settings.of(NetworkSettings).driver
    if own or settings.fake:
        return own
    try:
        transport = Membership(layout.state_dir).transport(layout.state_dir / "cloud-id")
        try:
            raw = transport.view(_member(layout).name, "network", None)
        finally:
            transport.close()
        return msgspec.json.decode(raw, type=_View).driver
    except (Unreachable, Refused):
        return ""  # the agent says later what it lacks


def _values(layout: Layout, wishes: Wishes) -> dict[str, dict[str, Any]]:
    """The settings for the configuration file of this machine; raises DeployError."""
    hosts = {"server": join_checks.server_place(wishes.server)}
    if wishes.tunnel_address is not None:
        join_checks.require_tunnel_address(wishes.tunnel_address)
        hosts["tunnel_address"] = wishes.tunnel_address
    cloud: dict[str, Any] = {"fake": True} if wishes.fake else {}
    cloud |= {"state_dir": str(layout.state_dir), "run_dir": str(layout.run_dir)}
    return {"cloud": cloud, "hosts": hosts}


def _require_fit(settings: Settings) -> None:
    if os.geteuid() != 0:
        raise DeployError("Running guests needs root.", "use sudo")
    missing = " ".join(requirements.missing_packages())
    if missing:
        raise DeployError(
            f"These packages are missing: {missing}.",
            f"apt-get install --no-install-recommends {missing}",
        )
    other = this_host.other_cloud(settings)
    if other is not None:
        raise DeployError(
            f"The cloud in {other} has networks on this machine, which can belong to one cloud.",
            f"stratolith destroy --state-dir {other}",
        )


def _directories(layout: Layout) -> dict[Path, int]:
    return {
        layout.state_dir: 0o711,
        layout.run_dir: 0o711,
        layout.logs: 0o750,
        layout.lock("agent").parent: 0o700,
    }


def _wait_ready(layout: Layout, settings: Settings) -> None:
    deadline = time.monotonic() + READY_SECONDS
    next_question = time.monotonic() + QUESTION_SECONDS
    while problem := _problem(settings):
        if time.monotonic() > deadline:
            raise DeployError(
                f"The agent is not ready after {READY_SECONDS:.0f} s: {problem}. Its last output:\n"
                f"{running.tail(layout, 'agent')}",
                f"see {layout.logs}/agent.log",
            )
        if time.monotonic() > next_question:
            _require_member(layout)
            next_question = time.monotonic() + QUESTION_SECONDS
        time.sleep(0.1)


def _problem(settings: Settings) -> str:
    """Why the agent does not work; "" when it does."""
    connection = http.client.HTTPConnection("127.0.0.1", health_port(settings), timeout=5)
    try:
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        text = answer.read(2000).decode(errors="replace").strip()
        return "" if answer.status == 200 else text or str(answer.status)
    except (OSError, http.client.HTTPException) as error:
        return f"the agent does not answer: {error}"
    finally:
        connection.close()
