"""Filters: each says why a host does not fit a request, or None when it does."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any

from stratolith.kernel import plugins
from stratolith.placement.managers.candidates import Stock


@dataclass
class Candidate:
    """A host as the scheduler sees it; ``taken`` is what this request has put there so far."""

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
    uefi: Sequence[str] = ()  # those of the architectures that can boot by UEFI

    def free(self, resource: str) -> int:
        stock = self.stocks.get(resource)
        return stock.free - self.taken.get(resource, 0) if stock else 0


@dataclass
class Request:
    """What is wanted of a host; ``group_hosts`` are hosts of the server group's members."""

    resources: Mapping[str, int]
    zone: str | None = None
    host: str | None = None  # asked for by name
    architecture: str | None = None
    needs_uefi: bool = False
    required_traits: frozenset[str] = frozenset()
    forbidden_traits: frozenset[str] = frozenset()
    impossible: str = ""  # what the flavor and the image ask for and no host of this cloud has
    same_host: frozenset[str] | None = None
    different_host: frozenset[str] = frozenset()
    group_policy: str | None = None
    group_max_per_host: int = 1
    group_hosts: dict[str, int] = field(default_factory=dict)  # host -> members there


Filter = Callable[[Candidate, Request], str | None]


def requested_host(one: Candidate, request: Request) -> str | None:
    if request.host is not None and one.host != request.host:
        return f"{one.host} is not the requested host {request.host}"
    return None


def compute(one: Candidate, request: Request) -> str | None:
    if not one.up:
        return f"the compute service of {one.host} is down"
    if one.disabled_reason is not None:
        return f"the compute service of {one.host} is disabled ({one.disabled_reason})"
    return None


def availability_zone(one: Candidate, request: Request) -> str | None:
    if request.zone is not None and one.zone != request.zone:
        return f"{one.host} is in zone {one.zone}, not {request.zone}"
    return None


def image_properties(one: Candidate, request: Request) -> str | None:
    """An image that names no architecture is taken for one of the host's own."""
    wanted = request.architecture
    if wanted and wanted not in one.architectures:
        runs = ", ".join(one.architectures) or "none that is known yet"
        return f"{one.host} runs the architectures {runs}, the image needs {wanted}"
    if request.needs_uefi and (wanted or next(iter(one.architectures), "")) not in one.uefi:
        return f"{one.host} has no UEFI firmware, which the image needs"
    return None


def extra_specs(one: Candidate, request: Request) -> str | None:
    if request.impossible:
        return f"{one.host} cannot give {request.impossible}"
    lacking = sorted(request.required_traits - one.traits)
    if lacking:
        return f"{one.host} lacks the traits {', '.join(lacking)}"
    unwanted = sorted(request.forbidden_traits & one.traits)
    if unwanted:
        return f"{one.host} has the forbidden traits {', '.join(unwanted)}"
    return None


def same_host(one: Candidate, request: Request) -> str | None:
    if request.same_host is not None and one.host not in request.same_host:
        return f"{one.host} does not hold the servers of the same_host hint"
    return None


def different_host(one: Candidate, request: Request) -> str | None:
    if one.host in request.different_host:
        return f"{one.host} holds a server of the different_host hint"
    return None


def resources(one: Candidate, request: Request) -> str | None:
    lacking = []
    for name, amount in request.resources.items():
        stock = one.stocks.get(name)
        if amount <= 0:
            continue
        if stock is None:
            lacking.append(f"{name} needs {amount}, has none")
        elif amount > one.free(name):
            lacking.append(f"{name} needs {amount}, has {max(one.free(name), 0)} left")
        elif not stock.fits(amount):
            lacking.append(f"{name} needs {amount}, at most {stock.max_unit} at once")
    return f"{one.host}: {'; '.join(lacking)}" if lacking else None


def server_group(one: Candidate, request: Request) -> str | None:
    policy, there = request.group_policy, request.group_hosts.get(one.host, 0)
    if policy == "anti-affinity" and there >= request.group_max_per_host:
        return f"{one.host} holds {there} of the anti-affinity server group already"
    if policy == "affinity" and request.group_hosts and not there:
        return f"{one.host} does not hold the other servers of the affinity server group"
    return None


# Named as the fault tells them; those of STATIC do not change while a request is placed.
STATIC: Sequence[tuple[str, Filter]] = (
    ("RequestedHostFilter", requested_host),
    ("ComputeFilter", compute),
    ("AvailabilityZoneFilter", availability_zone),
    ("ImagePropertiesFilter", image_properties),
    ("ExtraSpecsFilter", extra_specs),
    ("SameHostFilter", same_host),
    ("DifferentHostFilter", different_host),
)
# what a host must be able to run, wherever the server is
MACHINE = tuple(one for one in STATIC if one[1] in (image_properties, extra_specs))
DYNAMIC: Sequence[tuple[str, Filter]] = (
    ("Placement", resources),
    ("ServerGroupFilter", server_group),
)


def dynamic() -> Sequence[tuple[str, Filter]]:
    """DYNAMIC, and the filters of installed packages: these see what the request has taken.

    Raises PluginError.
    """
    own = [name for name, _ in (*STATIC, *DYNAMIC)]
    return [*DYNAMIC, *plugins.functions(plugins.FILTERS, own).items()]


def unmet(request: Request, names: Set[str]) -> str:
    """What of the request no host can give, given the filters that refused all of them."""
    if names - {"ComputeFilter"} == {"ImagePropertiesFilter"}:
        wanted = [f"the architecture {request.architecture}"] if request.architecture else []
        wanted += ["UEFI firmware"] if request.needs_uefi else []
        return f"No host offers what the image needs: {' and '.join(wanted)}."
    if names - {"ComputeFilter"} == {"ExtraSpecsFilter"}:
        traits = ", ".join(sorted(request.required_traits | request.forbidden_traits))
        return f"No host can give {request.impossible or f'the traits asked for: {traits}'}."
    return ""


def first_objection(
    filters: Sequence[tuple[str, Filter]], one: Candidate, request: Request
) -> str | None:
    """ "FilterName: reason" of the first filter that refuses the host."""
    for name, check in filters:
        reason = check(one, request)
        if reason is not None:
            return f"{name}: {reason}"
    return None
