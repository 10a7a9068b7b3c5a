"""Weighers: they give each host that fits a weight; the host with the largest weight is chosen."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from numbers import Real

from stratolith.compute.scheduler.filters import Candidate, Request
from stratolith.kernel import plugins

Weigher = Callable[[Candidate, Request], float]


def _free_share(candidate: Candidate) -> float:
    """0 for a full host, 1 for an empty host; the scarcest resource decides."""
    shares = [
        candidate.free(name) / stock.capacity
        for name, stock in candidate.stocks.items()
        if stock.capacity
    ]
    return min(shares, default=0.0)


def spread(candidate: Candidate, request: Request) -> float:
    return _free_share(candidate)


def pack(candidate: Candidate, request: Request) -> float:
    return -_free_share(candidate)


def anywhere(candidate: Candidate, request: Request) -> float:
    return random.random()


OWN: dict[str, Weigher] = {"spread": spread, "pack": pack, "random": anywhere}


def weigher(name: str) -> Weigher:
    """The weigher of this name, ours or of an installed package; raises KeyError, PluginError."""
    return OWN.get(name) or _outside(name)


def _outside(name: str) -> Weigher:
    """The weigher of an installed package; its errors and wrong results raise PluginError."""
    plugins.function(plugins.WEIGHERS, name)

    def weigh(candidate: Candidate, request: Request) -> float:
        weight = plugins.call(plugins.WEIGHERS, name, candidate, request)
        if isinstance(weight, Real) and not math.isnan(weight):
            return float(weight)
        raise plugins.refused(
            plugins.WEIGHERS, name, f"it returned {weight!r:.80} instead of a number"
        )

    return weigh


def soft_group(candidate: Candidate, request: Request) -> float:
    """The weight for soft (anti-)affinity; it is larger than all other weights."""
    members = request.group_hosts.get(candidate.host, 0)
    if request.group_policy == "soft-affinity":
        return 10.0 * members
    if request.group_policy == "soft-anti-affinity":
        return -10.0 * members
    return 0.0
