"""Loads the definitions of all services; ``roster.py`` lists them."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from stratolith import kernel
from stratolith.kernel import plugins
from stratolith.kernel.config import Section
from stratolith.kernel.plugins import PluginError
from stratolith.kernel.service import Service
from stratolith.roster import FOLDERS, packages

# Modules of the kernel with tables that services do not import
TABLES = ("members.servers", "hosts.authority_store", "hosts.records")


def load() -> Sequence[Service]:
    """The definitions of all services; also loads all tables. Raises PluginError."""
    for name in TABLES:
        import_module(f"stratolith.kernel.{name}")
    own = [import_module(f"stratolith.{folder}.service").SERVICE for folder in FOLDERS]
    foreign = outside()
    for service in foreign:
        _require_apart(service, [*own, *foreign])
    return [*own, *foreign]


def outside() -> list[Service]:
    """The services that installed packages offer; raises PluginError."""
    packages()
    services = []
    for name in plugins.names(plugins.SERVICES):
        service = plugins.load(plugins.SERVICES, name)
        if not isinstance(service, Service):
            raise _refused(name, plugins.NO_SERVICE)
        if service.folder != name:
            raise _refused(name, f"its section is '{service.folder}'")
        services.append(service)
    return services


def _require_apart(service: Service, services: Sequence[Service]) -> None:
    """Raises PluginError when two services share a type, a port or a path."""
    for other in services:
        if other is service:
            continue
        for own, theirs, what in (
            ({service.type}, {other.type}, "type"),
            (set(ports_of(service)), set(ports_of(other)), "port"),
            (_mounts(service), _mounts(other), "path"),
        ):
            if shared := own & theirs:
                raise _refused(service.folder, f"{other.folder} has the {what} {min(shared)}")


def _mounts(service: Service) -> set[str]:
    return {service.mount, *service.aliases, *(side.mount for side in service.side_doors)}


def _refused(name: str, reason: str) -> PluginError:
    return plugins.refused(plugins.SERVICES, name, reason)


def ports_of(service: Service) -> dict[int, str]:
    """Classic port -> the service on it."""
    return {service.port: service.type, **{side.port: side.name for side in service.side_doors}}


def sections(services: Sequence[Service]) -> dict[str, type[Section]]:
    """Configuration section name -> its type, for all services with settings."""
    return {s.folder: s.settings for s in services if s.settings is not None}


def migrations(services: Sequence[Service]) -> dict[str, Path]:
    """Branch of migrations -> its folder, in the order of execution: the kernel's first."""
    folders = {"kernel": Path(str(kernel.__file__)).with_name("migrations")}
    return folders | {s.folder: s.migrations for s in services if s.migrations is not None}
