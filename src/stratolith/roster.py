"""The list of services; the only place that names them all.

A service is a folder with a door plate and one line of ``BUILT_IN``; what an installed package
offers as ``stratolith.services`` stands behind them. The line repeats of the door plate what light
commands and agents need, for loading all plates takes more than a second and the database with
it; a test compares the two. ``services.py`` loads the plates.
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
    """folder: of the package, also the name of the section of settings; ports: what answers."""

    folder: str
    name: str  # OpenStack's code name, under which it stands in the catalogue
    ports: Mapping[int, str]


# Left to right: a service imports only those to its left.
BUILT_IN = (
    Line("identity", "keystone", {5000: "identity"}),
    Line("placement", "placement", {8778: "placement"}),
    Line("image", "glance", {9292: "image"}),
    Line("network", "neutron", {9696: "network"}),
    Line("compute", "nova", {8774: "compute", 8775: "metadata"}),
)
FOLDERS = tuple(line.folder for line in BUILT_IN)


def packages() -> dict[str, str]:
    """Folder -> package of every service, loading none of them; raises PluginError."""
    found = {folder: f"stratolith.{folder}" for folder in FOLDERS}
    for name in plugins.names(plugins.SERVICES):
        point = plugins.point_of(plugins.SERVICES, name)
        if name in found:
            raise PluginError(
                f"{plugins.told(point)} cannot be used: Stratolith has a service of that name."
            )
        found[name] = point.module.rpartition(".")[0] or point.module
    return found


def rooms(name: str) -> Iterator[tuple[str, ModuleType]]:
    """(folder, module) of every service that has this room, left to right ("agent", "settings").

    Loads nothing else of a service. Raises PluginError for a package that cannot be imported.
    """
    for folder, package in packages().items():
        try:
            if find_spec(f"{package}.{name}") is None:
                continue
            module = import_module(f"{package}.{name}")
        except Exception as error:
            if folder in FOLDERS:
                raise
            point = plugins.point_of(plugins.SERVICES, folder)
            told = f"{plugins.told(point)} cannot be loaded"
            raise PluginError(f"{told}: {plugins.said(error)}") from error
        yield folder, module
