"""The central part of OVN: the northbound and southbound databases, and the translator between."""

from __future__ import annotations

from pathlib import Path

from stratolith.network.drivers.ovn.daemons import Daemon, create_database

_SCHEMAS = Path("/usr/share/ovn")


def directory_of(state_dir: Path) -> Path:
    return state_dir / "ovn"


def northbound_socket(directory: Path) -> Path:
    return directory / "nb.sock"


def southbound_socket(directory: Path) -> Path:
    return directory / "sb.sock"


def daemons(directory: Path) -> list[Daemon]:
    """In the order in which they are started."""
    north, south = northbound_socket(directory), southbound_socket(directory)
    return [
        *(
            Daemon(
                name=name,
                directory=directory,
                program="ovsdb-server",
                arguments=(str(directory / f"{name}.db"), f"--remote=punix:{directory}/{name}.sock"),
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


def prepare(directory: Path) -> None:
    """Make the databases that are missing; raises ``NetworkDriverError``."""
    create_database(directory / "nb.db", str(_SCHEMAS / "ovn-nb.ovsschema"))
    create_database(directory / "sb.db", str(_SCHEMAS / "ovn-sb.ovsschema"))


def start(directory: Path) -> None:
    """Start what does not run."""
    prepare(directory)
    for daemon in daemons(directory):
        daemon.start()


def stop(directory: Path) -> None:
    for daemon in reversed(daemons(directory)):
        daemon.stop()
