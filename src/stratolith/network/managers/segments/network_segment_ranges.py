"""Ranges of the numbers of segments, for all projects or for one."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select

from stratolith.kernel.context import Context
from stratolith.network.exceptions.segments import (
    BadSegmentRangeRequest,
    NetworkSegmentRangeDefaultReadOnly,
    NetworkSegmentRangeNetTypeNotSupported,
    NetworkSegmentRangeNotFound,
    NetworkSegmentRangeOverlaps,
    NetworkSegmentRangeReferencedByProject,
    NetworkTunnelRangeError,
    NetworkVlanRangeError,
)
from stratolith.network.managers import tags
from stratolith.network.models import Network, NetworkSegmentRange, Segment
from stratolith.network.segment_settings import LIMITS

MOST_FREE = 10_000  # numbers that are listed


def get(ctx: Context, range_id: str) -> NetworkSegmentRange:
    """Raises NetworkSegmentRangeNotFound."""
    row = ctx.session.get(NetworkSegmentRange, range_id)
    if row is None:
        raise NetworkSegmentRangeNotFound(range_id=range_id)
    return row


def create(ctx: Context, project_id: str, values: Mapping[str, Any]) -> NetworkSegmentRange:
    """Raises the errors of ``_check_numbers``, and NetworkSegmentRangeOverlaps."""
    kind = values.get("network_type")
    if kind is None:
        raise NetworkSegmentRangeNetTypeNotSupported(type=None)
    physical = values.get("physical_network") or ""
    if kind == "vlan" and not physical:
        raise BadSegmentRangeRequest(
            msg="Network type vlan requires 'physical_network' to be specified while creating new "
            "range"
        )
    row = NetworkSegmentRange(
        project_id="" if values["shared"] else project_id,
        name=values["name"],
        description=values.get("description"),
        shared=values["shared"],
        network_type=kind,
        physical_network=physical if kind == "vlan" else "",
        minimum=values["minimum"],
        maximum=values["maximum"],
    )
    _check_numbers(kind, row.minimum, row.maximum)
    _check_overlap(ctx, row, row.minimum, row.maximum)
    ctx.session.add(row)
    ctx.session.flush()
    return row


def update(
    ctx: Context, row: NetworkSegmentRange, values: Mapping[str, Any]
) -> NetworkSegmentRange:
    """Raises NetworkSegmentRangeDefaultReadOnly, NetworkSegmentRangeReferencedByProject and the
    errors of create.
    """
    _check_changeable(row)
    low, high = values.get("minimum", row.minimum), values.get("maximum", row.maximum)
    statement = select(func.min(Segment.segmentation_id), func.max(Segment.segmentation_id))
    lowest, highest = ctx.session.execute(statement.where(_inside(row))).one()
    if lowest is not None and (low > lowest or high < highest):
        raise NetworkSegmentRangeReferencedByProject(range_id=row.id)
    _check_numbers(row.network_type, low, high)
    _check_overlap(ctx, row, low, high)
    for name in ("name", "description", "minimum", "maximum"):
        if name in values:
            setattr(row, name, values[name])
    row.revision_number += 1
    ctx.session.flush()
    return row


def delete(ctx: Context, row: NetworkSegmentRange) -> None:
    """Raises NetworkSegmentRangeDefaultReadOnly, NetworkSegmentRangeReferencedByProject."""
    _check_changeable(row)
    if ctx.session.scalar(select(Segment.id).where(_inside(row)).limit(1)) is not None:
        raise NetworkSegmentRangeReferencedByProject(range_id=row.id)
    tags.forget(ctx, row.id)
    ctx.session.delete(row)
    ctx.session.flush()


def numbers(ctx: Context, row: NetworkSegmentRange) -> tuple[dict[str, str], list[int]]:
    """(number -> project whose network has it, the first ``MOST_FREE`` free numbers).

    Upstream lists all: of a range of GRE, four thousand million.
    """
    rows = ctx.session.execute(
        select(Segment.segmentation_id, Network.project_id)
        .join(Network, Network.id == Segment.network_id)
        .where(_inside(row))
        .order_by(Segment.segmentation_id)
    ).all()
    used = {number for number, _ in rows}
    free = (n for n in range(row.minimum, row.maximum + 1) if n not in used)
    first_free = list(itertools.islice(free, MOST_FREE))
    return {str(number): project_id for number, project_id in rows}, first_free


def _inside(row: NetworkSegmentRange) -> ColumnElement[bool]:
    return and_(
        Segment.network_type == row.network_type,
        Segment.physical_network == row.physical_network,
        Segment.segmentation_id.between(row.minimum, row.maximum),
    )


def _check_changeable(row: NetworkSegmentRange) -> None:
    if row.is_default:
        raise NetworkSegmentRangeDefaultReadOnly(range_id=row.id)


def _check_numbers(kind: str, low: int, high: int) -> None:
    """Raises NetworkVlanRangeError, NetworkTunnelRangeError."""
    first, last = LIMITS[kind]
    span = f"{low}:{high}"
    for number in (low, high):
        if not first <= number <= last:
            if kind == "vlan":
                raise NetworkVlanRangeError(
                    vlan_range=span, error=f"{number} is not a valid VLAN tag"
                )
            raise NetworkTunnelRangeError(
                tunnel_range=span, error=f"{number} is not a valid {kind} identifier"
            )
    if high < low and kind == "vlan":
        raise NetworkVlanRangeError(
            vlan_range=span, error="End of VLAN range is less than start of VLAN range"
        )
    if high < low:
        raise NetworkTunnelRangeError(
            tunnel_range=span, error="End of tunnel range is less than start of tunnel range"
        )


def _check_overlap(ctx: Context, row: NetworkSegmentRange, low: int, high: int) -> None:
    """Raises NetworkSegmentRangeOverlaps; ranges of the settings may overlap with others."""
    overlapping = select(NetworkSegmentRange.id).where(
        NetworkSegmentRange.is_default.is_(False),
        NetworkSegmentRange.network_type == row.network_type,
        NetworkSegmentRange.physical_network == row.physical_network,
        NetworkSegmentRange.id != (row.id or ""),
        NetworkSegmentRange.minimum <= high,
        NetworkSegmentRange.maximum >= low,
    )
    ids = ctx.session.scalars(overlapping.order_by(NetworkSegmentRange.minimum)).all()
    if ids:
        raise NetworkSegmentRangeOverlaps(range_id=", ".join(ids))
