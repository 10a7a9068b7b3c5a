"""The sections of the kernel, each key with its documentation and limits."""

from __future__ import annotations

import re
from typing import Annotated

import msgspec
import msgspec.inspect

from stratolith.kernel.config import values as values_of

Doc = msgspec.Meta


class ConfigError(Exception):
    """An invalid configuration; the text names the key and the allowed values."""


class Section(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """Base of all sections; the class name gives the section's name: ``BlockStorageSection``."""

    @classmethod
    def section_name(cls) -> str:
        """The section's name in the file: ``block_storage``."""
        name = cls.__name__.removesuffix("Section").removesuffix("Settings")
        return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


# set by the launcher, and by `up` for its child process
OTHER_VARIABLES = frozenset({"STRATOLITH_LAUNCHER", "STRATOLITH_SUPERVISOR_PYTHONPATH"})
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
HIGHEST_PORT = 9696  # the highest classic port


class CloudSection(Section, kw_only=True, frozen=True):
    """The cloud as a whole."""

    region: Annotated[str, Doc(description="Name of the region in the catalog.")] = "RegionOne"
    public_url: Annotated[
        str,
        Doc(
            description="Base URL of the catalog, such as https://cloud.example.org; "
            "empty: the address that the client used."
        ),
    ] = ""
    state_dir: Annotated[str, Doc(description="Directory of all data of the cloud.")] = (
        "/var/lib/stratolith"
    )
    run_dir: Annotated[str, Doc(description="Directory of sockets and process ids.")] = (
        "/run/stratolith"
    )
    fake: Annotated[bool, Doc(description="Simulate hosts: without guests, networks and root.")] = (
        False
    )

    def __post_init__(self) -> None:
        values_of.line("region", self.region)
        values_of.url("public_url", self.public_url)
        values_of.directory("state_dir", self.state_dir)
        values_of.directory("run_dir", self.run_dir)


class ApiSection(Section, kw_only=True, frozen=True):
    """The HTTP interface."""

    listen: Annotated[str, Doc(description="Address on which the APIs listen.")] = "127.0.0.1"
    port: Annotated[
        int, Doc(description="Port that serves all services by path.", ge=1, le=65535)
    ] = 8700
    single_port: Annotated[
        bool, Doc(description="Serve only by path; do not open the classic ports.")
    ] = False
    port_offset: Annotated[
        int,
        Doc(
            description="Added to every classic port, to run two clouds on one machine.",
            ge=0,
            le=65535 - HIGHEST_PORT,
        ),
    ] = 0
    threads: Annotated[int, Doc(description="Parallel requests of one process.", ge=1, le=512)] = 8
    max_body_mb: Annotated[int, Doc(description="Maximum JSON request body, in MiB.", ge=1)] = 4
    max_head_kb: Annotated[
        int,
        Doc(
            description="Maximum head of a request (line and header fields), in KiB; above it 431.",
            ge=4,
            le=1024,
        ),
    ] = 64
    max_head_fields: Annotated[
        int, Doc(description="Maximum header fields of a request; above it 431.", ge=16)
    ] = 128
    head_seconds: Annotated[
        int, Doc(description="Seconds in which a request's head must be complete.", ge=1)
    ] = 20
    idle_seconds: Annotated[
        int, Doc(description="Seconds after which an idle connection is closed.", ge=1)
    ] = 75
    pace_seconds: Annotated[
        int,
        Doc(
            description="Seconds over which a waiting server measures the rate of a client that "
            "sends a body or receives an answer; a client below pace_bytes is disconnected.",
            ge=1,
        ),
    ] = 30
    pace_bytes: Annotated[
        int, Doc(description="Minimum average rate in bytes per second; see pace_seconds.", ge=1)
    ] = 1024
    max_connections: Annotated[
        int,
        Doc(
            description="Maximum client connections; fewer if the process may not open enough "
            "descriptors. 256 descriptors are reserved for files, the database and the agents.",
            ge=64,
        ),
    ] = 16384
    max_connections_per_address: Annotated[
        int,
        Doc(
            description="Maximum connections of one address (a /64 for IPv6). Above it the oldest "
            "idle connection is closed, or without an idle connection the new one.",
            ge=8,
        ),
    ] = 1024
    page_limit: Annotated[int, Doc(description="Maximum rows on one page of a list.", ge=1)] = 1000

    def __post_init__(self) -> None:
        values_of.address("listen", self.listen)


class DatabaseSection(Section, kw_only=True, frozen=True):
    """The database."""

    url: Annotated[
        str,
        Doc(
            description="postgresql://USER@HOST:PORT/DATABASE; empty: SQLite in the state "
            "directory. The password belongs in secrets.json as database_password; one in the "
            "URL is refused if other users can read the file."
        ),
    ] = ""
    pool_size: Annotated[
        int,
        Doc(
            description="Number of open connections to PostgreSQL per server; it opens up to twice "
            "as many.",
            ge=1,
        ),
    ] = 20
    wait_seconds: Annotated[
        int,
        Doc(
            description="Seconds that a starting server waits for PostgreSQL before it ends.", ge=0
        ),
    ] = 30

    def __post_init__(self) -> None:
        if self.url and not self.url.startswith(("postgresql:", "postgresql+", "sqlite:")):
            raise ValueError(f"url: '{self.url.split('@')[-1]}' does not begin with postgresql://")


class LogSection(Section, kw_only=True, frozen=True):
    """Logging."""

    level: Annotated[str, Doc(description="DEBUG, INFO, WARNING or ERROR.")] = "INFO"
    json: Annotated[bool, Doc(description="One JSON object per line instead of text.")] = False
    max_mb: Annotated[int, Doc(description="Size in MiB at which a log file is rotated.", ge=1)] = (
        50
    )

    def __post_init__(self) -> None:
        values_of.some_of("level", [self.level.upper()], LEVELS)


class HostsSection(Section, kw_only=True, frozen=True):
    """The machines of the cloud, including this one."""

    listen: Annotated[
        str,
        Doc(
            description="Address on which the server accepts other machines' agents (TLS); empty: "
            "that of api.listen, unless it is the loopback address: then none.",
        ),
    ] = ""
    port: Annotated[
        int, Doc(description="Port for agents; 0: api.port plus 2.", ge=0, le=65535)
    ] = 0
    certificate_hours: Annotated[
        int,
        Doc(
            description="Validity of a host's certificate in days; its agent renews it in time. "
            "A machine that was off for longer must join again.",
            ge=1,
            le=24 * 365,
        ),
    ] = 24 * 7
    server: Annotated[
        str,
        Doc(
            description="Address of the server for the agent of this machine, ADDRESS:PORT; "
            "`stratolith join` sets it. Empty: the server is on this machine."
        ),
    ] = ""
    tunnel_address: Annotated[
        str,
        Doc(
            description="Address of this machine for the tunnels between hosts; empty: its address "
            "in connections to the server; on the server's machine the address of the server.",
        ),
    ] = ""
    storage_address: Annotated[
        str,
        Doc(description="Address of this machine for the data of disks; empty: as tunnel_address."),
    ] = ""

    def __post_init__(self) -> None:
        for name in ("listen", "tunnel_address", "storage_address"):
            if getattr(self, name):
                values_of.address(name, getattr(self, name))
        if self.server:
            values_of.place("server", self.server)


KERNEL_SECTIONS: dict[str, type[Section]] = {
    "cloud": CloudSection,
    "api": ApiSection,
    "database": DatabaseSection,
    "hosts": HostsSection,
    "log": LogSection,
}
