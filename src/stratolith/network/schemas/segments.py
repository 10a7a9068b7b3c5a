"""Segments and ranges of their numbers."""

from __future__ import annotations

from typing import Any

from stratolith.kernel.http.resource import READ_ONLY, Attribute
from stratolith.network.models import NetworkSegmentRange, Segment
from stratolith.network.schemas.attributes import TAGS, attributes, single, standard
from stratolith.network.schemas.fields import (
    boolean,
    integer,
    name,
    nullable,
    number,
    text,
    uuid,
    valid_value,
)
from stratolith.network.schemas.rendering import moment
from stratolith.network.segment_settings import LIMITS

SEGMENT = single(
    "segment",
    "segments",
    standard(
        network_id=Attribute(uuid, update=False, required=True),
        network_type=Attribute(text(32), update=False, required=True),
        physical_network=Attribute(text(64), update=False),
        segmentation_id=Attribute(number, update=False),
        name=Attribute(nullable(name())),
    ),
)


def _number(value: Any) -> int:
    return int(integer(1, 2**32 - 1)(number(value)))


NETWORK_SEGMENT_RANGE = attributes(
    "network_segment_range",
    "network_segment_ranges",
    standard(
        name=Attribute(name(), default=""),
        shared=Attribute(boolean, update=False, default=True),
        network_type=Attribute(valid_value(LIMITS), update=False),
        physical_network=Attribute(text(64), update=False),
        minimum=Attribute(_number, required=True),
        maximum=Attribute(_number, required=True),
        default=READ_ONLY,
        used=READ_ONLY,
        available=READ_ONLY,
        tags=TAGS,
    ),
)


def render(segment: Segment) -> dict[str, Any]:
    return {
        "id": segment.id,
        "network_id": segment.network_id,
        "name": segment.name,
        "description": segment.description,
        "physical_network": segment.physical_network or None,
        "network_type": segment.network_type,
        "segmentation_id": segment.segmentation_id,
        **_common(segment),
    }


def render_range(
    row: NetworkSegmentRange, used: dict[str, str], available: list[int], tags: list[str]
) -> dict[str, Any]:
    """A range that is shared has no project, and then no attribute for one, as upstream."""
    body = {
        "id": row.id,
        "name": row.name,
        "default": row.is_default,
        "shared": row.shared,
        "network_type": row.network_type,
        "physical_network": row.physical_network,
        "minimum": row.minimum,
        "maximum": row.maximum,
        "description": row.description,
        "available": available,
        "used": used,
        "tags": tags,
        **_common(row),
    }
    if row.project_id:
        body["project_id"] = row.project_id
    return body


def _common(row: Segment | NetworkSegmentRange) -> dict[str, Any]:
    return {
        "created_at": moment(row.created_at),
        "updated_at": moment(row.updated_at or row.created_at),
        "revision_number": row.revision_number,
    }
