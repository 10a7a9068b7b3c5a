"""Weighers: of the hosts that fit, which is best; a larger weight wins."""

from __future__ import annotations

import random
from collections.abc import Callable

from stratolith.compute.scheduler.filters import Candidate, Request
from stratolith.kernel import plugins

Weigher = Callable[[Candidate, Request], float]


def _free_share(one: Candidate) -> float:
    """0 for a full host, 1 for an empty one: the scarcest resource counts."""
    shares = [
        one.free(name) / stock.capacity for name, stock in one.stocks.items() if stock.capacity
    ]
    return min(shares, default=0.0)


def spread(one: Candidate, request: Request) -> float:
    return _free_share(one)


def pack(one: Candidate, request: Request) -> float:
    return -_free_share(one)


def anywhere(one: Candidate, request: Request) -> float:
    return random.random()


OWN: dict[str, Weigher] = {"spread": spread, "pack": pack, "random": anywhere}


def weigher(name: str) -> Weigher:
    """Of this name, ours or an installed package's; raises KeyError and PluginError."""
    return OWN.get(name) or _outside(name)


def _outside(name: str) -> Weigher:
    found: Weigher = plugins.function(plugins.WEIGHERS, name)
    return found


def soft_group(one: Candidate, request: Request) -> float:
    """Soft (anti-)affinity outweighs everything else."""
    there = request.group_hosts.get(one.host, 0)
    if request.group_policy == "soft-affinity":
        return 10.0 * there
    if request.group_policy == "soft-anti-affinity":
        return -10.0 * there
    return 0.0
