"""Plug-ins: what other packages of this environment offer by entry points.

A group is read when somebody asks for it; nothing is loaded that is not wanted. What cannot be
loaded is refused in one sentence that names the package, never skipped: a cloud that silently
lacks its driver or its filter would do something else than it was set up to do.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

SERVICES = "stratolith.services"
HYPERVISORS = "stratolith.drivers.hypervisor"
NETWORKS = "stratolith.drivers.network"
FILTERS = "stratolith.scheduler.filters"
WEIGHERS = "stratolith.scheduler.weighers"
GROUPS = (SERVICES, HYPERVISORS, NETWORKS, FILTERS, WEIGHERS)


class PluginError(Exception):
    """A plug-in cannot be used; the text names it, its package and the reason."""


@cache
def _of_group(group: str) -> dict[str, EntryPoint]:
    from importlib.metadata import entry_points  # slow to import; most processes ask late

    found: dict[str, EntryPoint] = {}
    for point in sorted(entry_points(group=group), key=lambda one: (one.name, package(one))):
        other = found.setdefault(point.name, point)
        if (other.value, package(other)) != (point.value, package(point)):
            raise PluginError(
                f"{told(point)} cannot be used: {package(other)} offers one of the same name."
            )
    return found


def package(point: EntryPoint) -> str:
    """The distribution an entry point is from, with its version."""
    return f"{point.dist.name} {point.dist.version}" if point.dist else "an unknown package"


def told(point: EntryPoint) -> str:
    """A plug-in as the beginning of a sentence."""
    return f"The plug-in '{point.name}' ({point.group}) of the package {package(point)}"


def said(error: Exception) -> str:
    """An error of a stranger's code on one line."""
    return f"{type(error).__name__}: {error}".replace("\n", " ")


def names(group: str) -> list[str]:
    """The names offered in a group, sorted; raises PluginError when two packages share one."""
    return list(_of_group(group))


def point_of(group: str, name: str) -> EntryPoint:
    """The entry point itself, not loaded; raises KeyError."""
    return _of_group(group)[name]


@cache
def load(group: str, name: str) -> Any:
    """What a plug-in is; raises KeyError for a name nobody offers, PluginError when it fails."""
    point = point_of(group, name)
    try:
        return point.load()
    except Exception as error:  # whatever a stranger's module raises when it is imported
        raise PluginError(f"{told(point)} cannot be loaded: {said(error)}") from error


def call(group: str, name: str, *arguments: Any) -> Any:
    """What the function of this name makes of the arguments; raises PluginError."""
    made = function(group, name)
    try:
        return made(*arguments)
    except Exception as error:
        raise PluginError(f"{told(point_of(group, name))} failed: {said(error)}") from error


def function(group: str, name: str) -> Any:
    """A plug-in that is a function or a class; raises KeyError and PluginError."""
    found = load(group, name)
    if not callable(found):
        raise PluginError(f"{told(point_of(group, name))} cannot be used: it is no function.")
    return found


def functions(group: str, own: Collection[str]) -> dict[str, Any]:
    """All of a group by name, none of which may be one of ``own``; raises PluginError."""
    require_apart(group, own)
    return {name: function(group, name) for name in names(group)}


def require_apart(group: str, own: Collection[str]) -> None:
    """Raises PluginError when one of a group has a name of ours."""
    for name in names(group):
        if name in own:
            raise PluginError(
                f"{told(point_of(group, name))} cannot be used: Stratolith has one of that name."
            )


def forget() -> None:
    """Look for packages anew at the next question; for tests, which install some."""
    _of_group.cache_clear()
    load.cache_clear()
