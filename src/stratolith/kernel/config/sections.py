"""The sections of the kernel, each key with its documentation and its limits."""

from __future__ import annotations

import re
from typing import Annotated

import msgspec
import msgspec.inspect

from stratolith.kernel.config import values as values_of

Doc = msgspec.Meta


class ConfigError(Exception):
    """The configuration cannot be used; the text names the key and what is allowed."""


class Section(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """Base of every section; the class is named after it: ``BlockStorageSection``."""

    @classmethod
    def section_name(cls) -> str:
        """The section's name in the file: ``block_storage``."""
        name = cls.__name__.removesuffix("Section").removesuffix("Settings")
        return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


# of the launcher, and of `up` for the process it starts
OTHER_VARIABLES = frozenset({"STRATOLITH_LAUNCHER", "STRATOLITH_SUPERVISOR_PYTHONPATH"})
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
HIGHEST_PORT = 9696  # of the classic ports


class CloudSection(Section, kw_only=True, frozen=True):
    """The cloud as a whole."""

    region: Annotated[str, Doc(description="Name of the region in the catalogue.")] = "RegionOne"
    public_url: Annotated[
        str,
        Doc(
            description="Base URL shown in the catalogue, such as https://cloud.example.org; "
            "empty: the address the client dialled."
        ),
    ] = ""
    state_dir: Annotated[str, Doc(description="Directory of everything the cloud keeps.")] = (
        "/var/lib/stratolith"
    )
    run_dir: Annotated[str, Doc(description="Directory of sockets and process ids.")] = (
        "/run/stratolith"
    )
    fake: Annotated[
        bool, Doc(description="Simulate hosts: no guest, no network, no root needed.")
    ] = False

    def __post_init__(self) -> None:
        values_of.line("region", self.region)
        values_of.url("public_url", self.public_url)
        values_of.directory("state_dir", self.state_dir)
        values_of.directory("run_dir", self.run_dir)


class ApiSection(Section, kw_only=True, frozen=True):
    """The HTTP front door."""

    listen: Annotated[
        str, Doc(description="Address the APIs listen on; loopback unless asked otherwise.")
    ] = "127.0.0.1"
    port: Annotated[
        int, Doc(description="The one port that serves every service by path.", ge=1, le=65535)
    ] = 8700
    single_port: Annotated[
        bool, Doc(description="Serve by path only; do not open the classic ports.")
    ] = False
    port_offset: Annotated[
        int,
        Doc(
            description="Added to every classic port, to run two clouds on one machine.",
            ge=0,
            le=65535 - HIGHEST_PORT,
        ),
    ] = 0
    threads: Annotated[
        int, Doc(description="Requests handled at once in one process.", ge=1, le=512)
    ] = 8
    max_body_mb: Annotated[int, Doc(description="Largest JSON request body, in MiB.", ge=1)] = 4
    max_head_kb: Annotated[
        int,
        Doc(
            description="Largest head of a request (line and header fields), in KiB; 431 above.",
            ge=4,
            le=1024,
        ),
    ] = 64
    max_head_fields: Annotated[
        int, Doc(description="Most header fields of a request; 431 above.", ge=16)
    ] = 128
    head_seconds: Annotated[
        int, Doc(description="A request's head must be complete after so many seconds.", ge=1)
    ] = 20
    idle_seconds: Annotated[
        int, Doc(description="A connection without a request is closed after so long.", ge=1)
    ] = 75
    pace_seconds: Annotated[
        int,
        Doc(
            description="Over so many seconds of waiting for a client, it must send its body, or "
            "take its answer, at pace_bytes a second on average; else its connection is closed.",
            ge=1,
        ),
    ] = 30
    pace_bytes: Annotated[int, Doc(description="See pace_seconds; bytes a second.", ge=1)] = 1024
    max_connections: Annotated[
        int,
        Doc(
            description="Most connections of clients; fewer when the process may not open as many "
            "descriptors. 256 descriptors are left for files, the database and the agents.",
            ge=64,
        ),
    ] = 16384
    max_connections_per_address: Annotated[
        int,
        Doc(
            description="Most connections of one address (of a /64 with IPv6). The oldest idle one "
            "is closed for a new one; without an idle one the new one is.",
            ge=8,
        ),
    ] = 1024
    page_limit: Annotated[int, Doc(description="Most rows one page of a list can hold.", ge=1)] = (
        1000
    )

    def __post_init__(self) -> None:
        values_of.address("listen", self.listen)


class DatabaseSection(Section, kw_only=True, frozen=True):
    """The one database."""

    url: Annotated[
        str,
        Doc(
            description="postgresql://USER@HOST:PORT/DATABASE; empty: SQLite in the state "
            "directory. Its password belongs into secrets.json, as database_password; one in the "
            "URL is refused while others may read the file."
        ),
    ] = ""
    pool_size: Annotated[
        int,
        Doc(
            description="Connections to PostgreSQL that a server keeps; it opens up to twice as "
            "many.",
            ge=1,
        ),
    ] = 20
    wait_seconds: Annotated[
        int,
        Doc(description="A server that starts waits so long for PostgreSQL, then ends.", ge=0),
    ] = 30

    def __post_init__(self) -> None:
        if self.url and not self.url.startswith(("postgresql:", "postgresql+", "sqlite:")):
            raise ValueError(f"url: '{self.url.split('@')[-1]}' does not begin with postgresql://")


class LogSection(Section, kw_only=True, frozen=True):
    """Logging."""

    level: Annotated[str, Doc(description="DEBUG, INFO, WARNING or ERROR.")] = "INFO"
    json: Annotated[bool, Doc(description="One JSON object a line instead of text.")] = False
    max_mb: Annotated[int, Doc(description="A log file is rotated at this size.", ge=1)] = 50

    def __post_init__(self) -> None:
        values_of.some_of("level", [self.level.upper()], LEVELS)


class HostsSection(Section, kw_only=True, frozen=True):
    """The machines of the cloud, and this one among them."""

    listen: Annotated[
        str,
        Doc(
            description="Address where agents of other machines find the server, with TLS; empty: "
            "as api.listen, and not at all when that is the loopback address."
        ),
    ] = ""
    port: Annotated[int, Doc(description="Its port; 0: two above api.port.", ge=0, le=65535)] = 0
    certificate_hours: Annotated[
        int,
        Doc(
            description="The certificate of a host holds so long; its agent renews it in good "
            "time. A machine that was off for longer has to join again.",
            ge=1,
            le=24 * 365,
        ),
    ] = 24 * 7
    server: Annotated[
        str,
        Doc(
            description="Where the agent of this machine finds the server, ADDRESS:PORT; "
            "`stratolith join` sets it. Empty: the server is on this machine."
        ),
    ] = ""
    tunnel_address: Annotated[
        str,
        Doc(
            description="Address of this machine for the tunnels between hosts; empty: the one by "
            "which it reaches the server, on the server's machine the one it listens on."
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
