"""Plug-ins: extensions that other packages of this environment offer by entry points.

A group is read when it is needed; unused plug-ins are not loaded. A plug-in that cannot be loaded
is an error that names its package and is never skipped: a cloud without its driver or filter would
not do what it was configured for.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
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
FOREIGN = (Exception, SystemExit)  # a plug-in that exits must not end the program without a reason
NO_SERVICE = "it is not a stratolith.kernel.service.Service"
# The arguments of the groups whose plug-ins are functions
PARAMETERS = {
    HYPERVISORS: ("settings", "host"),
    NETWORKS: ("settings", "host"),
    FILTERS: ("candidate", "request"),
    WEIGHERS: ("candidate", "request"),
}


class PluginError(Exception):
    """A plug-in cannot be used; the text names it, its package and the reason."""


@cache
def _of_group(group: str) -> dict[str, EntryPoint]:
    from importlib.metadata import entry_points  # slow to import; most processes need it late

    points: dict[str, EntryPoint] = {}
    for point in sorted(entry_points(group=group), key=lambda entry: (entry.name, package(entry))):
        if point.pattern.match(point.value) is None:
            raise PluginError(
                f"{describe(point)} cannot be used: '{point.value}' is no MODULE:NAME."
            )
        other = points.setdefault(point.name, point)
        if (other.value, package(other)) != (point.value, package(point)):
            raise PluginError(
                f"{describe(point)} cannot be used: {package(other)} offers the same name."
            )
    return points


def package(point: EntryPoint) -> str:
    """The distribution of an entry point, with its version."""
    return f"{point.dist.name} {point.dist.version}" if point.dist else "an unknown package"


def describe(point: EntryPoint) -> str:
    """The plug-in as the subject of a sentence."""
    return f"The plug-in '{point.name}' ({point.group}) of the package {package(point)}"


def one_line(error: BaseException) -> str:
    """An error of foreign code on one line."""
    return f"{type(error).__name__}: {error}".replace("\n", " ")


def names(group: str) -> list[str]:
    """The names in a group, sorted; raises PluginError when two packages have the same name."""
    return list(_of_group(group))


def point_of(group: str, name: str) -> EntryPoint:
    """The entry point itself, not loaded; raises KeyError."""
    return _of_group(group)[name]


def inventory() -> list[str]:
    """A line for each plug-in of this environment, with the version of its package; PluginError."""
    return [
        f"{group} {name} = {point.value} ({package(point)})"
        for group in GROUPS
        for name, point in _of_group(group).items()
    ]


@cache
def load(group: str, name: str) -> Any:
    """The object of a plug-in; raises KeyError for an unknown name, PluginError when it fails."""
    point = point_of(group, name)
    try:
        return point.load()
    except FOREIGN as error:  # a foreign module may raise any error when it is imported
        raise PluginError(f"{describe(point)} cannot be loaded: {one_line(error)}") from error


def call(group: str, name: str, *arguments: Any) -> Any:
    """The result of the function with this name; raises PluginError."""
    made = function(group, name)
    try:
        return made(*arguments)
    except FOREIGN as error:
        raise PluginError(f"{describe(point_of(group, name))} failed: {one_line(error)}") from error


@cache
def function(group: str, name: str) -> Any:
    """A plug-in that is a function or a class with two parameters; raises KeyError, PluginError."""
    plugin = load(group, name)
    if not callable(plugin):
        raise refused(group, name, "it is not a function")
    if not _accepts_two(plugin):
        first, second = PARAMETERS[group]
        raise refused(group, name, f"it cannot be called with ({first}, {second})")
    return plugin


def _accepts_two(function: Callable[..., Any]) -> bool:
    """Whether it can be called with two arguments; True if its parameters are unknown."""
    from inspect import signature  # slow to import

    try:
        parameters = signature(function)
    except (TypeError, ValueError):  # some functions in C have no signature
        return True
    try:
        parameters.bind(None, None)
    except TypeError:
        return False
    return True


def driver(group: str, name: str, kind: type[Any], *arguments: Any) -> Any:
    """The driver that the function with this name makes, of a runtime protocol; PluginError."""
    made = call(group, name, *arguments)
    if not isinstance(made, kind):
        raise PluginError(
            f"{describe(point_of(group, name))} made no driver: {made!r:.80} is no {kind.__name__}."
        )
    if made.name != name:
        raise refused(group, name, f"its driver has the name {made.name!r:.80}")
    return made


def refused(group: str, name: str, reason: str) -> PluginError:
    """The error for a plug-in that was loaded and cannot be used."""
    return PluginError(f"{describe(point_of(group, name))} cannot be used: {reason}.")


def functions(group: str, own: Collection[str]) -> dict[str, Any]:
    """All plug-ins of a group by name; raises PluginError when a name is in ``own``."""
    require_apart(group, own)
    return {name: function(group, name) for name in names(group)}


def require_apart(group: str, own: Collection[str]) -> None:
    """Raises PluginError when a plug-in of the group has a name of Stratolith's own."""
    for name in names(group):
        if name in own:
            raise refused(group, name, "Stratolith has this name already")


def forget() -> None:
    """Look for packages again at the next call; for tests, which install packages."""
    _of_group.cache_clear()
    load.cache_clear()
    function.cache_clear()
