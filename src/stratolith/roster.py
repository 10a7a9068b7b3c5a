"""The list of services; only this module names all of them.

A service is a folder with a ``service.py`` and one line of ``BUILT_IN``; services of installed
packages follow. The line repeats the parts of the service definition that light commands and
agents need, because loading all definitions takes more than a second and needs the database; a
test compares them. ``services.py`` loads the definitions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

from stratolith.kernel import plugins
from stratolith.kernel.plugins import PluginError


@dataclass(frozen=True)
class Line:
    """folder: of the package, also its settings section; ports: port -> the API on it."""

    folder: str
    name: str  # OpenStack's code name, the service's name in the catalog
    ports: Mapping[int, str]


# In order of dependency: a service imports only those before it.
BUILT_IN = (
    Line("identity", "keystone", {5000: "identity"}),
    Line("placement", "placement", {8778: "placement"}),
    Line("image", "glance", {9292: "image"}),
    Line("network", "neutron", {9696: "network"}),
    Line("compute", "nova", {8774: "compute", 8775: "metadata"}),
)
FOLDERS = tuple(line.folder for line in BUILT_IN)


def packages() -> dict[str, str]:
    """Folder -> package of every service, without loading them; raises PluginError."""
    by_folder = {folder: f"stratolith.{folder}" for folder in FOLDERS}
    for name in plugins.names(plugins.SERVICES):
        point = plugins.point_of(plugins.SERVICES, name)
        if name in by_folder:
            raise PluginError(
                f"{plugins.describe(point)} cannot be used: Stratolith has a service of this name."
            )
        by_folder[name] = point.module.rpartition(".")[0] or point.module
    return by_folder


def rooms(name: str) -> Iterator[tuple[str, ModuleType]]:
    """(folder, module) of every service that has this module ("agent", "settings"), in order.

    Loads nothing else of a service. Raises PluginError for a package that cannot be imported.
    """
    for folder, package in packages().items():
        try:
            if folder not in FOLDERS:
                _require_package(folder, package)
            if find_spec(f"{package}.{name}") is None:
                continue
            module = import_module(f"{package}.{name}")
        except PluginError:
            raise
        except plugins.FOREIGN as error:
            if folder in FOLDERS:
                raise
            point = plugins.point_of(plugins.SERVICES, folder)
            subject = f"{plugins.describe(point)} cannot be loaded"
            raise PluginError(f"{subject}: {plugins.one_line(error)}") from error
        yield folder, module


def _require_package(folder: str, package: str) -> None:
    """Raises PluginError for a Service in a module that is not in a package.

    The plug-in itself may be the fault: then that is reported.
    """
    spec = find_spec(package)
    if spec is None or spec.submodule_search_locations is not None:
        return
    service = plugins.load(plugins.SERVICES, folder)
    definition = import_module("stratolith.kernel.service").Service  # here only: agents are light
    if not isinstance(service, definition):
        raise plugins.refused(plugins.SERVICES, folder, plugins.NO_SERVICE)
    raise plugins.refused(
        plugins.SERVICES, folder, "the module with the Service must be in a package"
    )
