"""Find free prefixes among used ones; pure functions."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from typing import Any

from stratolith.network.managers.addressing.ipam import Net


def compact(nets: Iterable[Net]) -> list[str]:
    """The fewest prefixes with the same addresses; ``nets`` are of one IP version."""
    of_one_version: Any = nets  # which the type of a union cannot say
    return [str(net) for net in ipaddress.collapse_addresses(of_one_version)]


def is_free(net: Net, pool: Sequence[Net], used: Sequence[Net]) -> bool:
    """Whether ``net`` is in one of the pool's prefixes and overlaps no used one."""
    within = any(net.version == prefix.version and net.subnet_of(prefix) for prefix in _any(pool))
    return within and not any(net.overlaps(taken) for taken in used)


def first_free(pool: Sequence[Net], used: Sequence[Net], length: int) -> Net | None:
    """The lowest free prefix of this length, preferring the smallest gap that holds one."""
    gaps: list[Any] = [gap for prefix in pool for gap in _gaps(prefix, used)]
    fitting = sorted(
        (gap for gap in gaps if gap.prefixlen <= length),
        key=lambda gap: (-gap.prefixlen, int(gap.network_address)),
    )
    for gap in fitting:
        free: Net = next(iter(gap.subnets(new_prefix=length)))
        return free
    return None


def without(pool: Sequence[Net], removed: Sequence[Net]) -> list[Net]:
    """The pool's prefixes without the addresses of the removed ones."""
    same_version = [net for net in removed if pool and net.version == pool[0].version]
    parts: list[Any] = [part for prefix in pool for part in _gaps(prefix, same_version)]
    return list(ipaddress.collapse_addresses(parts))


def _gaps(prefix: Net, used: Sequence[Net]) -> list[Net]:
    """The unused parts of a prefix, as prefixes."""
    gaps: list[Any] = [prefix]
    for taken in _any(used):
        remaining: list[Any] = []
        for gap in gaps:
            if not gap.overlaps(taken):
                remaining.append(gap)
            elif taken != gap and taken.subnet_of(gap):
                remaining.extend(gap.address_exclude(taken))
        gaps = remaining
    return gaps


def _any(nets: Sequence[Net]) -> Sequence[Any]:
    return nets
