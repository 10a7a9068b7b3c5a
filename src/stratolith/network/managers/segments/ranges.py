"""From which numbers a project's segments are taken: its own ranges, then those shared by all.

Ranges of the settings are not stored for this: a change of the settings holds at once. Their rows
exist for the API (``store_defaults``).
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from sqlalchemy import bindparam, delete, select

from stratolith.kernel.context import Context
from stratolith.network.models import NetworkSegmentRange, Tag
from stratolith.network.segment_settings import Range, default_ranges
from stratolith.network.settings import NetworkSettings

Span = tuple[int, int]
_NAMESPACE = uuid.UUID("0f6b6a0e-58a6-4ab0-9c0e-6e3c8f5a7f11")
# Built once, because every new network needs it.
_STORED = (
    select(NetworkSegmentRange)
    .where(
        NetworkSegmentRange.network_type == bindparam("kind"),
        NetworkSegmentRange.physical_network == bindparam("physical"),
        NetworkSegmentRange.is_default.is_(False),
    )
    .order_by(NetworkSegmentRange.minimum)
)


def physical_networks(ctx: Context) -> list[str]:
    """The physical networks with ranges of VLANs, in the order of the settings."""
    settings = ctx.env.settings.of(NetworkSettings)
    stored = ctx.session.scalars(
        select(NetworkSegmentRange.physical_network).where(
            NetworkSegmentRange.network_type == "vlan", NetworkSegmentRange.is_default.is_(False)
        )
    )
    of_settings = [physical for kind, physical, *_ in default_ranges(settings) if kind == "vlan"]
    return list(dict.fromkeys([*of_settings, *stored]))


def for_project(ctx: Context, project_id: str, kind: str, physical: str) -> list[Span]:
    """The ranges for a project, the first to be used first; shared ones without the numbers that
    belong to other projects.
    """
    settings = ctx.env.settings.of(NetworkSettings)
    rows = ctx.session.scalars(_STORED, {"kind": kind, "physical": physical}).all()
    own = [row for row in rows if not row.shared and row.project_id == project_id]
    foreign = [row for row in rows if not row.shared and row.project_id != project_id]
    shared = [(row.minimum, row.maximum) for row in rows if row.shared]
    shared += [
        (first, last)
        for range_kind, range_physical, first, last in default_ranges(settings)
        if (range_kind, range_physical) == (kind, physical)
    ]
    taken = [(row.minimum, row.maximum) for row in foreign]
    return [*((row.minimum, row.maximum) for row in own), *_without(sorted(shared), taken)]


def _without(spans: Iterable[Span], taken: Iterable[Span]) -> list[Span]:
    """The spans without the numbers of ``taken``."""
    left = list(spans)
    for low, high in taken:
        parts = []
        for first, last in left:
            parts += [(first, min(last, low - 1)), (max(first, high + 1), last)]
        left = [(first, last) for first, last in parts if first <= last]
    return left


def store_defaults(ctx: Context) -> None:
    """Make the rows of the ranges of the settings, and delete those of earlier settings."""
    settings = ctx.env.settings.of(NetworkSettings)
    wanted = {_id_of(range_): range_ for range_ in default_ranges(settings)}
    stored = set(
        ctx.session.scalars(
            select(NetworkSegmentRange.id).where(NetworkSegmentRange.is_default.is_(True))
        )
    )
    outdated = sorted(stored - set(wanted))
    if outdated:
        ctx.session.execute(delete(Tag).where(Tag.resource_id.in_(outdated)))
        ctx.session.execute(delete(NetworkSegmentRange).where(NetworkSegmentRange.id.in_(outdated)))
    for range_id in sorted(set(wanted) - stored):
        kind, physical, first, last = wanted[range_id]
        ctx.session.add(
            NetworkSegmentRange(
                id=range_id,
                project_id="",
                is_default=True,
                shared=True,
                network_type=kind,
                physical_network=physical,
                minimum=first,
                maximum=last,
            )
        )
    ctx.session.flush()


def _id_of(range_: Range) -> str:
    """The same id for the same range, so that its tags and links stay."""
    return str(uuid.uuid5(_NAMESPACE, "/".join(str(part) for part in range_)))
