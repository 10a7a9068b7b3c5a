"""Filters: each returns the reason why a host does not fit a request, or None if it fits."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any

from stratolith.compute.scheduler import port_demands
from stratolith.compute.scheduler.port_demands import PortDemands
from stratolith.kernel import plugins
from stratolith.placement.managers.candidates import Stock
from stratolith.placement.managers.forest import Forest


@dataclass
class Candidate:
    """A host for the scheduler; ``taken``: resources of servers that this request placed there."""

    host: str
    uuid: str
    zone: str
    up: bool
    disabled_reason: str | None  # None: enabled
    architectures: Sequence[str] = ()
    capabilities: Mapping[str, Any] = field(default_factory=dict)
    stocks: Mapping[str, Stock] = field(default_factory=dict)
    taken: dict[str, int] = field(default_factory=dict)
    servers: int = 0
    traits: Set[str] = frozenset()
    uefi: Sequence[str] = ()  # the architectures that can boot with UEFI
    tree: Forest | None = None  # its providers, of a request with demands of ports
    # what each server of this request that was placed here got for its ports
    granted: list[port_demands.Grant] = field(default_factory=list)

    def free(self, resource: str) -> int:
        stock = self.stocks.get(resource)
        return stock.free - self.taken.get(resource, 0) if stock else 0


@dataclass
class Request:
    """The demands on a host; ``group_hosts``: hosts of the server group's members."""

    resources: Mapping[str, int]
    zone: str | None = None
    host: str | None = None  # requested by name
    architecture: str | None = None
    needs_uefi: bool = False
    required_traits: frozenset[str] = frozenset()
    forbidden_traits: frozenset[str] = frozenset()
    impossible: str = ""  # demands of flavor and image that no host of this cloud can meet
    same_host: frozenset[str] | None = None
    different_host: frozenset[str] = frozenset()
    group_policy: str | None = None
    group_max_per_host: int = 1
    group_hosts: dict[str, int] = field(default_factory=dict)  # host -> members there
    port_demands: PortDemands = ()
    unconnected: Mapping[str, str] = field(default_factory=dict)  # host -> why ports fail there


Filter = Callable[[Candidate, Request], str | None]


def requested_host(candidate: Candidate, request: Request) -> str | None:
    if request.host is not None and candidate.host != request.host:
        return f"{candidate.host} is not the requested host {request.host}"
    return None


def compute(candidate: Candidate, request: Request) -> str | None:
    if not candidate.up:
        return f"the compute service of {candidate.host} is down"
    if candidate.disabled_reason is not None:
        return f"the compute service of {candidate.host} is disabled ({candidate.disabled_reason})"
    return None


def availability_zone(candidate: Candidate, request: Request) -> str | None:
    if request.zone is not None and candidate.zone != request.zone:
        return f"{candidate.host} is in zone {candidate.zone}, not {request.zone}"
    return None


def image_properties(candidate: Candidate, request: Request) -> str | None:
    """An image without an architecture is assumed to have the host's own."""
    wanted = request.architecture
    if wanted and wanted not in candidate.architectures:
        runs = ", ".join(candidate.architectures) or "(not known yet)"
        return f"{candidate.host} runs the architectures {runs}, the image needs {wanted}"
    if (
        request.needs_uefi
        and (wanted or next(iter(candidate.architectures), "")) not in candidate.uefi
    ):
        return f"{candidate.host} has no UEFI firmware, which the image needs"
    return None


def extra_specs(candidate: Candidate, request: Request) -> str | None:
    if request.impossible:
        return f"{candidate.host} does not support {request.impossible}"
    lacking = sorted(request.required_traits - candidate.traits)
    if lacking:
        return f"{candidate.host} lacks the traits {', '.join(lacking)}"
    unwanted = sorted(request.forbidden_traits & candidate.traits)
    if unwanted:
        return f"{candidate.host} has the forbidden traits {', '.join(unwanted)}"
    return None


def routed_networks(candidate: Candidate, request: Request) -> str | None:
    """A port of a routed network has an address only where one of its segments is."""
    reason = request.unconnected.get(candidate.host)
    return f"{candidate.host} {reason}" if reason else None


def same_host(candidate: Candidate, request: Request) -> str | None:
    if request.same_host is not None and candidate.host not in request.same_host:
        return f"{candidate.host} does not hold the servers of the same_host hint"
    return None


def different_host(candidate: Candidate, request: Request) -> str | None:
    if candidate.host in request.different_host:
        return f"{candidate.host} holds a server of the different_host hint"
    return None


def resources(candidate: Candidate, request: Request) -> str | None:
    lacking = []
    for name, amount in request.resources.items():
        stock = candidate.stocks.get(name)
        if amount <= 0:
            continue
        if stock is None:
            lacking.append(f"{name} needs {amount}, has none")
        elif amount > candidate.free(name):
            lacking.append(f"{name} needs {amount}, has {max(candidate.free(name), 0)} left")
        elif not stock.fits(amount):
            lacking.append(f"{name} needs {amount}, at most {stock.max_unit} at once")
    return f"{candidate.host}: {'; '.join(lacking)}" if lacking else None


def port_resources(candidate: Candidate, request: Request) -> str | None:
    """Bandwidths and packet rates that are guaranteed to the server's ports."""
    if not any(request.port_demands):
        return None
    if candidate.tree and port_demands.grant(candidate.tree, request.port_demands):
        return None
    return f"{candidate.host} cannot guarantee {port_demands.told(request.port_demands)}"


def server_group(candidate: Candidate, request: Request) -> str | None:
    policy, members = request.group_policy, request.group_hosts.get(candidate.host, 0)
    if policy == "anti-affinity" and members >= request.group_max_per_host:
        return f"{candidate.host} holds {members} of the anti-affinity server group already"
    if policy == "affinity" and request.group_hosts and not members:
        return f"{candidate.host} does not hold the other servers of the affinity server group"
    return None


# With their names in faults. The result of a filter in STATIC is the same for all servers of a
# request.
STATIC: Sequence[tuple[str, Filter]] = (
    ("RequestedHostFilter", requested_host),
    ("ComputeFilter", compute),
    ("AvailabilityZoneFilter", availability_zone),
    ("ImagePropertiesFilter", image_properties),
    ("ExtraSpecsFilter", extra_specs),
    ("SameHostFilter", same_host),
    ("DifferentHostFilter", different_host),
    ("RoutedNetworkFilter", routed_networks),
)
# filters that also apply when a server stays on its host (rebuild)
MACHINE = tuple(entry for entry in STATIC if entry[1] in (image_properties, extra_specs))
DYNAMIC: Sequence[tuple[str, Filter]] = (
    ("Placement", resources),
    ("PortResources", port_resources),
    ("ServerGroupFilter", server_group),
)


def dynamic() -> Sequence[tuple[str, Filter]]:
    """DYNAMIC, and the filters of installed packages; they see the servers placed so far.

    Raises PluginError.
    """
    own = [name for name, _ in (*STATIC, *DYNAMIC)]
    outside = plugins.functions(plugins.FILTERS, own)
    return [*DYNAMIC, *((name, _checked(name)) for name in outside)]


def _checked(name: str) -> Filter:
    """The filter of an installed package; its errors and wrong results raise PluginError."""

    def check(candidate: Candidate, request: Request) -> str | None:
        reason = plugins.call(plugins.FILTERS, name, candidate, request)
        if reason is None or isinstance(reason, str):
            return reason
        raise plugins.refused(
            plugins.FILTERS, name, f"it returned {reason!r:.80} instead of None or a text"
        )

    return check


def unmet(request: Request, names: Set[str]) -> str:
    """The demand that no host can meet, by the filters that refused the hosts; "" if unclear."""
    if names - {"ComputeFilter"} == {"ImagePropertiesFilter"}:
        wanted = [f"the architecture {request.architecture}"] if request.architecture else []
        wanted += ["UEFI firmware"] if request.needs_uefi else []
        return f"No host offers what the image needs: {' and '.join(wanted)}."
    if names - {"ComputeFilter"} == {"RoutedNetworkFilter"}:
        return "No host is connected to a segment that a port needs."
    if names - {"ComputeFilter"} == {"PortResources"}:
        return (
            "No host can guarantee what the QoS policies of the ports ask for: "
            f"{port_demands.told(request.port_demands)}."
        )
    if names - {"ComputeFilter"} == {"ExtraSpecsFilter"}:
        traits = ", ".join(sorted(request.required_traits | request.forbidden_traits))
        return f"No host supports {request.impossible or f'the requested traits: {traits}'}."
    return ""


def first_objection(
    filters: Sequence[tuple[str, Filter]], candidate: Candidate, request: Request
) -> str | None:
    """ "FilterName: reason" of the first filter that refuses the host."""
    for name, check in filters:
        reason = check(candidate, request)
        if reason is not None:
            return f"{name}: {reason}"
    return None
