"""/network_segment_ranges, also as /network-segment-ranges"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import true

from stratolith.kernel.context import Context
from stratolith.kernel.db.rows import plain_reader
from stratolith.kernel.http.resource import Listing, Resource, Verb, exact
from stratolith.network import models as m
from stratolith.network.api.filters import tagged
from stratolith.network.api.style import STYLE
from stratolith.network.exceptions.segments import NetworkSegmentRangeNotFound
from stratolith.network.managers import tags
from stratolith.network.managers.segments import network_segment_ranges
from stratolith.network.schemas.segments import NETWORK_SEGMENT_RANGE, render_range

Body = dict[str, Any]
_Range = m.NetworkSegmentRange


def rendered(ctx: Context, rows: Sequence[Any]) -> list[Body]:
    tags_of = tags.of(ctx, [row.id for row in rows])
    bodies = []
    for row in rows:
        used, available = network_segment_ranges.numbers(ctx, row)
        bodies.append(render_range(row, used, available, tags_of.get(row.id, [])))
    return bodies


NETWORK_SEGMENT_RANGES = Resource(
    NETWORK_SEGMENT_RANGE.name,
    STYLE,
    plural=NETWORK_SEGMENT_RANGE.collection,
    path="/network_segment_ranges",
    load=network_segment_ranges.get,
    rendered=rendered,
    attributes=NETWORK_SEGMENT_RANGE,
    listing=Listing(
        _Range,
        visible=lambda ctx: true(),  # the rule lets only administrators read any
        filters=tagged(
            _Range,
            "name",
            network_type=exact(_Range.network_type),
            physical_network=exact(_Range.physical_network),
        ),
        sort_keys={
            "id": _Range.id,
            "name": _Range.name,
            "project_id": _Range.project_id,
            "tenant_id": _Range.project_id,
        },
        default_sort=[("id", "asc")],
        missing=lambda marker: NetworkSegmentRangeNotFound(range_id=marker),
        read=plain_reader(_Range),
    ),
    create=Verb(network_segment_ranges.create),
    update=Verb(network_segment_ranges.update),
    delete=Verb(network_segment_ranges.delete),
    tagged=True,
)
_WITH_DASHES = replace(NETWORK_SEGMENT_RANGES, path="/network-segment-ranges", tagged=False)
ROUTES = [*NETWORK_SEGMENT_RANGES.routes, *_WITH_DASHES.routes]
