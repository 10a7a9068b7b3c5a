"""Free prefixes among used ones; pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stratolith.network.managers.addressing.ipam import Net


def is_free(net: Net, pool: Sequence[Net], used: Sequence[Net]) -> bool:
    """Whether ``net`` lies within one of the pool's prefixes and beside all used ones."""
    within = any(net.version == one.version and net.subnet_of(one) for one in _any(pool))
    return within and not any(net.overlaps(one) for one in used)


def first_free(pool: Sequence[Net], used: Sequence[Net], length: int) -> Net | None:
    """The lowest free prefix of this length, preferring the smallest gap that holds one."""
    gaps: list[Any] = [gap for prefix in pool for gap in _gaps(prefix, used)]
    fitting = sorted(
        (gap for gap in gaps if gap.prefixlen <= length),
        key=lambda gap: (-gap.prefixlen, int(gap.network_address)),
    )
    for gap in fitting:
        found: Net = next(iter(gap.subnets(new_prefix=length)))
        return found
    return None


def _gaps(prefix: Net, used: Sequence[Net]) -> list[Net]:
    """What is left of a prefix, as prefixes."""
    left: list[Any] = [prefix]
    for taken in _any(used):
        after: list[Any] = []
        for one in left:
            if not one.overlaps(taken):
                after.append(one)
            elif taken != one and taken.subnet_of(one):
                after.extend(one.address_exclude(taken))
        left = after
    return left


def _any(nets: Sequence[Net]) -> Sequence[Any]:
    return nets
