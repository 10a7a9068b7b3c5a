"""What is read once in a request: rows that several steps need, and more for all its ports.

Several ports of a request share their network, subnets, limits and default security group, and
take neighbouring addresses. The request itself does not change what is kept here, except for the
addresses and the usage, which are counted along.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from stratolith.kernel.context import Context
from stratolith.network.models import Subnet

T = TypeVar("T")
_BATCH = "network.batch"  # keys in Session.info
_HELD = "network.held"
Pool = tuple[str, int, int]  # subnet, first and last offset


@dataclass
class Batch:
    """``size``: the number of ports.

    subnets:  by network.
    top:      highest used offset of a pool.
    macs:     free MAC addresses of a network.
    room:     how many more resources the project may have; None: any number.
    """

    size: int
    subnets: dict[str, list[Subnet]] = field(default_factory=dict)
    top: dict[Pool, int | None] = field(default_factory=dict)
    macs: dict[str, list[str]] = field(default_factory=dict)
    room: dict[tuple[str, str], int | None] = field(default_factory=dict)


def begin(ctx: Context, size: int) -> None:
    """From now on this transaction makes ``size`` ports."""
    ctx.session.info[_BATCH] = Batch(size)


def of(ctx: Context) -> Batch | None:
    """The batch of this transaction, None when it makes one port only."""
    batch: Batch | None = ctx.session.info.get(_BATCH)
    return batch


def hold(ctx: Context, row: Any) -> None:
    """Keep a row in memory until the transaction ends: the session finds it again without a
    statement.
    """
    ctx.session.info.setdefault(_HELD, {})[id(row)] = row


def stored(ctx: Context, addresses: Iterable[tuple[str, int | None]]) -> None:
    """In a batch, note addresses (subnet, offset) as used."""
    batch = of(ctx)
    tops = {} if batch is None else batch.top
    for subnet_id, offset in addresses:
        for (pool_subnet, low, high), top in tops.items():
            if pool_subnet == subnet_id and offset is not None and low <= offset <= high:
                tops[subnet_id, low, high] = max(offset, -1 if top is None else top)


def next_mac(ctx: Context, network_id: str, draw: Callable[[int], list[str]]) -> str:
    """A free MAC address; ``draw`` gives up to so many. In a batch they are drawn together."""
    batch = of(ctx)
    if batch is None:
        return draw(1)[0]
    reserve = batch.macs.setdefault(network_id, [])
    if not reserve:
        reserve.extend(draw(batch.size))
    return reserve.pop()


def once(ctx: Context, shelf: str, key: Any, read: Callable[[], T]) -> T:
    """What ``read`` gives; in a batch, read once for each key of the shelf."""
    batch = of(ctx)
    if batch is None:
        return read()
    kept: dict[Any, Any] = getattr(batch, shelf)
    if key not in kept:
        kept[key] = read()
    value: T = kept[key]
    return value
