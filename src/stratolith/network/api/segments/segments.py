"""/segments"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import true

from stratolith.kernel.context import Context
from stratolith.kernel.db.rows import plain_reader
from stratolith.kernel.http.resource import Listing, Resource, Verb, exact, integer, named
from stratolith.network import models as m
from stratolith.network.api.filters import changed_since, nullable
from stratolith.network.api.style import STYLE
from stratolith.network.exceptions.segments import SegmentNotFound
from stratolith.network.managers.segments import segments
from stratolith.network.schemas.segments import SEGMENT, render

Body = dict[str, Any]
_COLUMNS = ("id", "network_id", "physical_network", "network_type", "name")


def rendered(ctx: Context, rows: Sequence[Any]) -> list[Body]:
    return [render(row) for row in rows]


SEGMENTS = Resource(
    SEGMENT.name,
    STYLE,
    plural=SEGMENT.collection,
    load=segments.get,
    rendered=rendered,
    attributes=SEGMENT,
    listing=Listing(
        m.Segment,
        visible=lambda ctx: true(),  # the rule lets only administrators read any
        filters={
            "id": exact(m.Segment.id),
            "network_id": exact(m.Segment.network_id),
            "network_type": exact(m.Segment.network_type),
            "physical_network": exact(m.Segment.physical_network),
            "name": nullable(m.Segment.name),
            "description": named(m.Segment.description),
            "revision_number": integer(m.Segment.revision_number),
            "changed_since": changed_since(m.Segment),
        },
        sort_keys={
            **{key: getattr(m.Segment, key) for key in (*_COLUMNS, "segmentation_id")},
        },
        default_sort=[("id", "asc")],
        missing=lambda marker: SegmentNotFound(segment_id=marker),
        read=plain_reader(m.Segment),
    ),
    create=Verb(segments.create),
    update=Verb(segments.update),
    delete=Verb(segments.delete),
)
ROUTES = SEGMENTS.routes
