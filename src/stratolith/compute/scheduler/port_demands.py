"""What the ports of a server need of its host besides the flavor's sizes: bandwidths and packet
rates of nested providers, which the QoS policies of the ports guarantee.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from stratolith.network.managers.qos.demands import Demand
from stratolith.placement.managers import search
from stratolith.placement.managers.forest import Forest

PortDemands = Sequence[Sequence[Demand]]  # of each port


@dataclass(frozen=True)
class Grant:
    """``resources``: provider -> class -> amount; ``providers``: index of the port -> kind of
    demand -> provider.
    """

    resources: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    providers: Mapping[int, Mapping[str, str]] = field(default_factory=dict)

    def beside(self, other_resources: Mapping[str, Mapping[str, int]]) -> dict[str, dict[str, int]]:
        """The sum with other resources, without zeros."""
        total: dict[str, dict[str, int]] = {}
        for resources in (self.resources, other_resources):
            for provider, amounts in resources.items():
                of_provider = total.setdefault(provider, {})
                for name, amount in amounts.items():
                    if amount > 0:
                        of_provider[name] = of_provider.get(name, 0) + amount
        return total


def trees(forest: Forest) -> dict[str, Forest]:
    """Root -> its tree alone, so that a search in it looks at no other host."""
    return {
        root: Forest(
            {node.uuid: msgspec.structs.replace(node, stocks=dict(node.stocks)) for node in nodes}
        )
        for root, nodes in forest.trees.items()
    }


def grant(tree: Forest, demands: PortDemands) -> Grant | None:
    """Providers of a host's tree that can meet all demands, or None."""
    if not any(demands):
        return Grant()
    names = [[f"{i}/{demand.kind}" for demand in of_port] for i, of_port in enumerate(demands)]
    groups = [
        _group(name, demand)
        for of_port, its_names in zip(demands, names, strict=True)
        for demand, name in zip(of_port, its_names, strict=True)
    ]
    subtrees = [frozenset(its_names) for its_names in names if len(its_names) > 1]
    request = search.Request(groups, same_subtrees=subtrees, limit=1)
    candidates = search.search(tree, request)
    if not candidates:
        return None
    resources = {u: dict(r) for u, r in candidates[0].allocations.items()}
    providers: dict[int, dict[str, str]] = {}
    for name, (provider, *_) in candidates[0].mappings.items():
        index, _, kind = name.partition("/")
        providers.setdefault(int(index), {})[kind] = provider
    return Grant(resources, providers)


def take(tree: Forest, demands: PortDemands) -> Grant:
    """The same, and count it as used for the next server of the request."""
    granted = grant(tree, demands)
    assert granted is not None  # the filter has looked
    for provider, resources in granted.resources.items():
        stocks = tree.nodes[provider].stocks
        for name, amount in resources.items():
            stock = stocks[name]
            stocks[name] = msgspec.structs.replace(stock, used=stock.used + amount)
    return granted


def told(demands: PortDemands) -> str:
    """The sums, for a fault: "NET_BW_EGR_KILOBIT_PER_SEC: 1000"."""
    sums: dict[str, int] = {}
    for of_port in demands:
        for demand in of_port:
            for name, amount in demand.resources.items():
                sums[name] = sums.get(name, 0) + amount
    return ", ".join(f"{name}: {amount}" for name, amount in sorted(sums.items()))


def _group(suffix: str, demand: Demand) -> search.Group:
    wishes = search.Wishes(required=[frozenset({trait}) for trait in demand.required])
    resources = {name: amount for name, amount in demand.resources.items() if amount > 0}
    return search.Group(suffix, resources, wishes)
