"""The door plates of all services, loaded; ``roster.py`` names them."""

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

# Modules of the kernel with tables that services need not import
TABLES = ("members.servers", "hosts.authority_store", "hosts.records")


def load() -> Sequence[Service]:
    """The door plates of all services; every table is known afterwards. Raises PluginError."""
    for name in TABLES:
        import_module(f"stratolith.kernel.{name}")
    own = [import_module(f"stratolith.{folder}.service").SERVICE for folder in FOLDERS]
    others = outside()
    for plate in others:
        _require_apart(plate, [*own, *others])
    return [*own, *others]


def outside() -> list[Service]:
    """The door plates that installed packages offer; raises PluginError."""
    packages()
    found = []
    for name in plugins.names(plugins.SERVICES):
        plate = plugins.load(plugins.SERVICES, name)
        if not isinstance(plate, Service):
            raise _refused(name, "it is no stratolith.kernel.service.Service")
        if plate.folder != name:
            raise _refused(name, f"the section of its door plate is '{plate.folder}'")
        found.append(plate)
    return found


def _require_apart(plate: Service, everybody: Sequence[Service]) -> None:
    """No two services share a type, a port or a path; raises PluginError."""
    for other in everybody:
        if other is plate:
            continue
        for mine, theirs, what in (
            ({plate.type}, {other.type}, "type"),
            (set(ports_of(plate)), set(ports_of(other)), "port"),
            (_mounts(plate), _mounts(other), "path"),
        ):
            if shared := mine & theirs:
                raise _refused(plate.folder, f"{other.folder} has the {what} {min(shared)}")


def _mounts(service: Service) -> set[str]:
    return {service.mount, *service.aliases, *(side.mount for side in service.side_doors)}


def _refused(name: str, reason: str) -> PluginError:
    point = plugins.point_of(plugins.SERVICES, name)
    return PluginError(f"{plugins.told(point)} cannot be used: {reason}.")


def ports_of(service: Service) -> dict[int, str]:
    """Classic port -> what answers there."""
    return {service.port: service.type, **{side.port: side.name for side in service.side_doors}}


def sections(services: Sequence[Service]) -> dict[str, type[Section]]:
    """Configuration section name -> its type, for every service that has settings."""
    return {s.folder: s.settings for s in services if s.settings is not None}


def migrations(services: Sequence[Service]) -> dict[str, Path]:
    """Branch of migrations -> its folder, in the order of running them: the kernel's first."""
    found = {"kernel": Path(str(kernel.__file__)).with_name("migrations")}
    return found | {s.folder: s.migrations for s in services if s.migrations is not None}
