"""Typed settings: one YAML file, one section per service, STRATOLITH_* overrides.

A section is a frozen msgspec struct whose fields carry their documentation in
``Meta(description=...)``; the generated configuration file and the reference page are made
from it, so no key can be undocumented. Precedence, lowest first: defaults, the YAML file,
``conf.d/*.yaml`` beside it in name order, ``STRATOLITH_<SECTION>_<KEY>`` in the environment,
command line flags. Secrets never live here but in ``secrets.json`` (mode 0600).
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec
import msgspec.inspect
import yaml

from stratolith.kernel import config_values as values_of
from stratolith.kernel.addresses import is_loopback

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

S = TypeVar("S", bound=Section)


class Settings:
    """All sections of one process, read only."""

    def __init__(
        self,
        sections: Mapping[str, Section],
        others: Mapping[str, dict[str, Any]] | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self._by_name = dict(sections)
        self._by_type = {type(section): section for section in sections.values()}
        self._others = dict(others or {})  # raw sections nobody asked for when loading
        self._environ = environ or {}

    def of(self, kind: type[S]) -> S:
        """The section of this type; raises ConfigError when its values cannot be used.

        One that was not loaded is made now, from the file or else of defaults: so an agent
        reads its sections without importing the services they belong to.
        """
        found = self._by_type.get(kind)
        if found is None:
            name = kind.section_name()
            values = dict(self._others.get(name, {}))
            values |= _from_environment({name: kind}, self._environ).get(name, {})
            found = self._by_type[kind] = _convert(name, kind, values)
        return found  # type: ignore[return-value]

    def named(self, name: str) -> Section:
        return self._by_name[name]

    def names(self) -> list[str]:
        return list(self._by_name)

    @property
    def state_dir(self) -> Path:
        return Path(self.of(CloudSection).state_dir)

    @property
    def run_dir(self) -> Path:
        return Path(self.of(CloudSection).run_dir)

    @property
    def fake(self) -> bool:
        return self.of(CloudSection).fake

    @property
    def database_url(self) -> str:
        return self.of(DatabaseSection).url or f"sqlite:///{self.state_dir}/stratolith.db"

    @property
    def hosts_address(self) -> tuple[str, int] | None:
        """Where the server listens for agents of other machines; None: it does not."""
        api, hosts = self.of(ApiSection), self.of(HostsSection)
        address = hosts.listen or api.listen
        if not hosts.listen and is_loopback(address):
            return None
        return address, hosts.port or api.port + 2

    @property
    def agent_socket(self) -> Path:
        """Where the server listens for the agent of its own machine."""
        return self.run_dir / "agent.sock"


def load(
    sections: Mapping[str, type[Section]],
    path: Path | None = None,
    environ: Mapping[str, str] | None = None,
    overrides: Mapping[str, Mapping[str, Any]] | None = None,
    *,
    others_allowed: bool = False,
) -> Settings:
    """Read the settings of ``sections`` (plus the kernel's own); raises ConfigError.

    ``others_allowed`` accepts sections of the files that are not asked for, unchecked until
    ``Settings.of`` wants them: it saves agents and light commands importing every service.
    """
    known = {**KERNEL_SECTIONS, **sections}
    merged: dict[str, dict[str, Any]] = {name: {} for name in known}
    for source in files(path):
        document = read_yaml(source)
        if others_allowed:
            merged |= {str(name): {} for name in document if name not in merged}
        _merge(merged, document, str(source))
    _merge(merged, _from_environment(known, environ or {}), "the environment")
    _merge(merged, {k: dict(v) for k, v in (overrides or {}).items()}, "the command line")
    others = {name: values for name, values in merged.items() if name not in known}
    return Settings(
        {name: _convert(name, kind, merged[name]) for name, kind in known.items()},
        others,
        environ,
    )


def require_known_variables(
    sections: Mapping[str, type[Section]], environ: Mapping[str, str]
) -> None:
    """Raises ConfigError for a STRATOLITH_ variable that sets nothing: a typing error."""
    known = {
        f"STRATOLITH_{name}_{key}".upper()
        for name, kind in sections.items()
        for key in kind.__struct_fields__
    } | OTHER_VARIABLES
    for name in sorted(environ):
        if name.startswith("STRATOLITH_") and name not in known:
            close = difflib.get_close_matches(name, known, 1)
            hint = f"; did you mean {close[0]}?" if close else ""
            raise ConfigError(f"the environment: {name} is no setting{hint}")


def files(path: Path | None) -> Iterable[Path]:
    """The files of a configuration, those that beat others last."""
    if path is None or not path.exists():
        return []
    return [path, *sorted((path.parent / "conf.d").glob("*.yaml"))]


def read_yaml(path: Path) -> dict[str, Any]:
    """The sections of a file; raises ConfigError."""
    try:
        document = yaml.safe_load(path.read_text()) or {}
    except (OSError, yaml.YAMLError) as error:
        raise ConfigError(f"{path}: {error}") from None
    if not isinstance(document, dict):
        raise ConfigError(f"{path}: must be a mapping of sections")
    return document


def _merge(merged: dict[str, dict[str, Any]], document: dict[str, Any], source: str) -> None:
    for section, values in document.items():
        if values is None:
            continue  # it sets nothing: perhaps of a service whose package was taken out
        if section not in merged:
            known = ", ".join(sorted(merged))
            raise ConfigError(f"{source}: unknown section '{section}'; known are: {known}")
        if not isinstance(values, dict):
            raise ConfigError(f"{source}: section '{section}' must be a mapping")
        merged[section].update(values)


def _from_environment(
    known: Mapping[str, type[Section]], environ: Mapping[str, str]
) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for name, kind in known.items():
        for key in kind.__struct_fields__:
            value = environ.get(f"STRATOLITH_{name}_{key}".upper())
            if value is not None:
                found.setdefault(name, {})[key] = _from_text(kind, key, value)
    return found


def _from_text(kind: type[Section], key: str, text: str) -> Any:
    """Lists are written ``a,b`` or as YAML, ``[a, b]``; mappings as YAML, ``{a: 1}``."""
    declared = msgspec.inspect.type_info(kind)
    assert isinstance(declared, msgspec.inspect.StructType)
    type_ = next(field.type for field in declared.fields if field.name == key)
    while isinstance(type_, msgspec.inspect.Metadata):  # the documentation wraps the type
        type_ = type_.type
    is_list = isinstance(type_, msgspec.inspect.ListType | msgspec.inspect.VarTupleType)
    if is_list and not text.lstrip().startswith("["):
        return [one.strip() for one in text.split(",") if one.strip()]
    if is_list or isinstance(type_, msgspec.inspect.DictType):
        try:
            return yaml.safe_load(text)
        except yaml.YAMLError:
            return text  # the conversion says what was expected
    return text


def _convert(name: str, kind: type[Section], values: dict[str, Any]) -> Section:
    unknown = sorted(set(values) - set(kind.__struct_fields__))
    if unknown:
        known = ", ".join(kind.__struct_fields__)
        raise ConfigError(f"{name}.{unknown[0]}: unknown key; known are: {known}")
    try:
        # strict=False lets environment text become numbers and booleans
        return msgspec.convert(values, kind, strict=False)
    except msgspec.ValidationError as error:
        raise ConfigError(f"section '{name}': {error}") from None
