"""The central part of OVN: the northbound and southbound databases, and the translator between."""

from __future__ import annotations

from pathlib import Path

import msgspec

from stratolith.kernel import files
from stratolith.kernel.config import ApiSection, Settings
from stratolith.network.drivers.ovn import trust
from stratolith.network.drivers.ovn.daemons import Daemon, create_database
from stratolith.network.settings import NetworkSettings

_SCHEMAS = Path("/usr/share/ovn")


ROLES = ("ovn-nb", "ovn-sb", "ovn-northd")  # in the order in which they are started


def directory_of(state_dir: Path) -> Path:
    return state_dir / "ovn"


def northbound_socket(directory: Path) -> Path:
    return directory / "nb.sock"


def southbound_socket(directory: Path) -> Path:
    return directory / "sb.sock"


def faults_file(directory: Path) -> Path:
    """What the server cannot bring into the databases, for `doctor`: {object id: reason}."""
    return directory / "faults.json"


def read_faults(directory: Path) -> dict[str, str]:
    try:
        return msgspec.json.decode(faults_file(directory).read_bytes(), type=dict[str, str])
    except (OSError, msgspec.DecodeError):
        return {}


def write_faults(directory: Path, faults: dict[str, str]) -> None:
    """Write the file if it has others; raises ``OSError``."""
    if faults != read_faults(directory):
        files.write(faults_file(directory), msgspec.json.encode(faults).decode())


def southbound_port(settings: Settings) -> int:
    """Where other hosts reach the southbound database, 0 for a cloud of one machine."""
    if settings.hosts_address is None:
        return 0
    return settings.of(NetworkSettings).ovn_port or settings.of(ApiSection).port + 3


def daemons(directory: Path) -> list[Daemon]:
    """In the order in which they are started."""
    files = trust.files_of(directory)
    door = (  # for other hosts, while the database has a row for it (southbound.py)
        "--remote=db:OVN_Southbound,SB_Global,connections",
        f"--private-key={files.server}",
        f"--certificate={files.server}",
        f"--ca-cert={files.hosts}",
        "--ssl-protocols=TLSv1.2",  # the newest that it knows
    )
    north, south = northbound_socket(directory), southbound_socket(directory)
    return [
        *(
            Daemon(
                name=name,
                directory=directory,
                program="ovsdb-server",
                arguments=(
                    str(directory / f"{name}.db"),
                    f"--remote=punix:{directory}/{name}.sock",
                    *(door if name == "sb" else ()),
                ),
            )
            for name in ("nb", "sb")
        ),
        Daemon(
            name="northd",
            directory=directory,
            program="ovn-northd",
            arguments=(f"--ovnnb-db=unix:{north}", f"--ovnsb-db=unix:{south}"),
        ),
    ]


def prepare(role: str, directory: Path) -> None:
    """Make what the role needs, if it is missing; raises ``NetworkDriverError``."""
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    name = role.removeprefix("ovn-")
    if name in ("nb", "sb"):
        create_database(directory / f"{name}.db", str(_SCHEMAS / f"ovn-{name}.ovsschema"))


def command(role: str, directory: Path) -> list[str]:
    """The program of a role in the foreground; raises ``NetworkDriverError``."""
    (daemon,) = (d for d in daemons(directory) if f"ovn-{d.name}" == role)
    return daemon.command(detach=False)


def start(directory: Path) -> None:
    """Start what does not run."""
    for role in ROLES:
        prepare(role, directory)
    for daemon in daemons(directory):
        daemon.start()


def stop(directory: Path) -> None:
    for daemon in reversed(daemons(directory)):
        daemon.stop()
