"""Take segments for networks: no two get the same, and the last is taken as fast as the first.

A number is claimed by the row of its segment, whose column ``claim`` is unique: of two transactions
that choose the same number, the database lets one commit, and the other begins again.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import aliased

from stratolith.kernel.context import Context
from stratolith.kernel.db.engine import EARLIER_ATTEMPTS
from stratolith.network.exceptions.general import InvalidInput
from stratolith.network.exceptions.networks import (
    FlatNetworkInUse,
    NoNetworkAvailable,
    TunnelIdInUse,
    VlanIdInUse,
)
from stratolith.network.exceptions.segments import (
    SegmentsContainDuplicateEntry,
    SegmentsSetInConjunctionWithProviders,
)
from stratolith.network.managers.segments import hosts, ranges, types
from stratolith.network.managers.segments.types import Wanted
from stratolith.network.models import Segment
from stratolith.network.settings import NetworkSettings

PROVIDER = (
    "provider:network_type",
    "provider:physical_network",
    "provider:segmentation_id",
)
# Built once, because every new network needs it.
_HIGHEST = (
    select(Segment.segmentation_id)
    .where(
        Segment.network_type == bindparam("kind"),
        Segment.physical_network == bindparam("physical"),
        Segment.segmentation_id.between(bindparam("low"), bindparam("high")),
    )
    .order_by(Segment.segmentation_id.desc())
    .limit(1)
)
SPREAD = 64  # numbers among which a request chooses whose first choice collided with another's
GUESSES = 32  # random numbers that one statement tries in a range that was used to its end


def wanted_of(values: Mapping[str, Any]) -> list[Wanted]:
    """The segments that a new network asks for; none: one of the project's.

    Raises InvalidInput, SegmentsSetInConjunctionWithProviders, SegmentsContainDuplicateEntry.
    """
    is_provider = any(values.get(name) is not None for name in PROVIDER)
    listed = values.get("segments") or []
    if is_provider and listed:
        raise SegmentsSetInConjunctionWithProviders
    wanted = [_wanted(entry) for entry in (listed or ([values] if is_provider else []))]
    complete = [w for w in wanted if _is_complete(w)]
    if len(set(complete)) < len(complete):
        raise SegmentsContainDuplicateEntry
    return wanted


def _wanted(entry: Mapping[str, Any]) -> Wanted:
    kind = entry.get("provider:network_type")
    if kind is None:
        raise InvalidInput(error_message="network_type required")
    types.driver(kind)
    physical = entry.get("provider:physical_network") or ""
    return Wanted(kind, physical, entry.get("provider:segmentation_id"))


def _is_complete(wanted: Wanted) -> bool:
    return not types.DRIVERS[wanted.network_type].has_numbers() or (
        wanted.segmentation_id is not None
    )


def take(ctx: Context, project_id: str, wanted: Sequence[Wanted]) -> list[Segment]:
    """New segments, not yet of a network. Raises InvalidInput and the errors of taken numbers."""
    if not wanted:
        return [take_for_tenant(ctx, project_id)]
    segments: list[Segment] = []
    for position, entry in enumerate(wanted):
        segment = take_one(ctx, project_id, entry, [s.claim for s in segments])
        segment.position = position
        segments.append(segment)
    return segments


def take_for_tenant(ctx: Context, project_id: str) -> Segment:
    """A segment of the first type of ``tenant_network_types`` that has one left.

    Raises NoNetworkAvailable.
    """
    for kind in ctx.env.settings.of(NetworkSettings).tenant_network_types:
        if kind == "local":
            return _segment(Wanted(kind), None)
        places = ranges.physical_networks(ctx) if kind == "vlan" else [""]
        for physical in places:
            number = _free_number(ctx, project_id, kind, physical, ())
            if number is not None:
                return _segment(Wanted(kind, physical), number)
    raise NoNetworkAvailable


def take_one(
    ctx: Context, project_id: str, wanted: Wanted, claimed: Iterable[str | None] = ()
) -> Segment:
    """The segment that is asked for. ``claimed``: claims of segments that are not stored yet."""
    driver = types.driver(wanted.network_type)
    driver.check(wanted, hosts.physical_networks(ctx, wanted.network_type))
    taken = {claim for claim in claimed if claim is not None}
    if driver.has_numbers() and wanted.segmentation_id is None:
        return _any(ctx, project_id, wanted, taken)
    segment = _segment(wanted, wanted.segmentation_id)
    if segment.claim is not None and (segment.claim in taken or _is_claimed(ctx, segment.claim)):
        raise _in_use(wanted)
    return segment


def _any(ctx: Context, project_id: str, wanted: Wanted, taken: set[str]) -> Segment:
    kind = wanted.network_type
    any_physical = kind == "vlan" and not wanted.physical_network
    for physical in ranges.physical_networks(ctx) if any_physical else [wanted.physical_network]:
        number = _free_number(ctx, project_id, kind, physical, taken)
        if number is not None:
            return _segment(Wanted(kind, physical), number)
    raise NoNetworkAvailable


def _segment(wanted: Wanted, number: int | None) -> Segment:
    kind, physical = wanted.network_type, wanted.physical_network
    claim = types.DRIVERS[kind].claim(physical, number)
    return Segment(
        project_id="",
        network_type=kind,
        physical_network=physical,
        segmentation_id=number,
        claim=claim,
        revision_number=1,
    )


def renumber(ctx: Context, segment: Segment, number: int) -> None:
    """Give a VLAN another number. Raises InvalidInput, VlanIdInUse."""
    wanted = Wanted(segment.network_type, segment.physical_network, number)
    driver = types.driver(wanted.network_type)
    driver.check(wanted, hosts.physical_networks(ctx, wanted.network_type))
    claim = driver.claim(wanted.physical_network, number)
    if claim is not None and _is_claimed(ctx, claim):
        raise _in_use(wanted)
    segment.segmentation_id, segment.claim = number, claim
    segment.revision_number += 1


def _is_claimed(ctx: Context, claim: str) -> bool:
    return ctx.session.scalar(select(Segment.id).where(Segment.claim == claim)) is not None


def _in_use(wanted: Wanted) -> Exception:
    physical, number = wanted.physical_network, wanted.segmentation_id
    if wanted.network_type == "flat":
        return FlatNetworkInUse(physical_network=physical)
    if wanted.network_type == "vlan":
        return VlanIdInUse(vlan_id=number, physical_network=physical)
    return TunnelIdInUse(tunnel_id=number)


# -- free numbers --------------------------------------------------------------------------------


def _free_number(
    ctx: Context, project_id: str, kind: str, physical: str, taken: Iterable[str]
) -> int | None:
    used_now = {int(c.rsplit("/", 1)[1]) for c in taken if c.startswith(f"{kind}/{physical}/")}
    for low, high in ranges.for_project(ctx, project_id, kind, physical):
        number = _in_range(ctx, kind, physical, low, high, used_now)
        if number is not None:
            return number
    return None


def _in_range(
    ctx: Context, kind: str, physical: str, low: int, high: int, used_now: set[int]
) -> int | None:
    """One above the highest used number, which one look into the index finds; after a collision
    one of the next numbers; in a range that was used to its end one of some random numbers; when
    these are used too, the lowest gap.
    """
    span = {"kind": kind, "physical": physical, "low": low, "high": high}
    top = ctx.session.scalar(_HIGHEST, span)
    number = max([low - 1 if top is None else top, *(n for n in used_now if low <= n <= high)]) + 1
    if number <= high:
        spread = SPREAD if EARLIER_ATTEMPTS.get() else 1
        return random.randint(number, min(number + spread - 1, high))
    inside = (
        Segment.network_type == kind,
        Segment.physical_network == physical,
        Segment.segmentation_id.between(low, high),
    )
    guesses = random.sample(range(low, high + 1), min(GUESSES, high - low + 1))
    used = set(
        ctx.session.scalars(
            select(Segment.segmentation_id).where(*inside, Segment.segmentation_id.in_(guesses))
        )
    )
    free = [number for number in guesses if number not in used and number not in used_now]
    return min(free) if free else _lowest_gap(ctx, inside, (low, high), used_now)


def _lowest_gap(
    ctx: Context, inside: Sequence[Any], span: tuple[int, int], used_now: set[int]
) -> int | None:
    low, high = span
    first = ctx.session.scalar(
        select(Segment.segmentation_id).where(*inside, Segment.segmentation_id == low)
    )
    if first is None and low not in used_now:
        return low
    following = aliased(Segment)
    gaps = (
        select(Segment.segmentation_id + 1)
        .where(*inside, Segment.segmentation_id < high)
        .where(
            ~select(following.id)
            .where(
                following.network_type == Segment.network_type,
                following.physical_network == Segment.physical_network,
                following.segmentation_id == Segment.segmentation_id + 1,
            )
            .exists()
        )
        .order_by(Segment.segmentation_id)
        .limit(len(used_now) + 1)
    )
    free = (number for number in ctx.session.scalars(gaps) if number not in used_now)
    return next(free, None)
