"""Trunks and their sub-ports."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stratolith.kernel.http.resource import READ_ONLY, Attribute, Invalid
from stratolith.kernel.ids import is_uuid
from stratolith.network.schemas.attributes import TAGS, single, standard
from stratolith.network.schemas.fields import boolean, name, uuid
from stratolith.network.schemas.rendering import common

INHERIT = "inherit"

Body = dict[str, Any]


def sub_ports(value: Any) -> list[Body]:
    """The sub-ports of a request, with the fields that they have; raises Invalid.

    A segment is checked by the manager only, because one may be inherited. Fields that we do not
    know are ignored, as upstream does.
    """
    if not isinstance(value, list):
        raise Invalid(f"Invalid data format for subports: '{value}' is not a list.")
    ids: set[str] = set()
    tags: set[tuple[Any, Any]] = set()
    inherits = False
    for item in value:
        _check_port(item, ids)
        inherits = inherits or item.get("segmentation_type") == INHERIT
        if not inherits:  # from there on upstream checks ids no more: the manager does
            _check_segment(item, tags)
    known = ("port_id", "segmentation_type", "segmentation_id")
    return [{key: item[key] for key in known if key in item} for item in value]


def _check_port(item: Any, ids: set[str]) -> None:
    if not isinstance(item, dict):
        raise Invalid(f"Invalid data format for subport: '{item}' is not a dict.")
    if "port_id" not in item:
        raise Invalid("A valid port UUID must be specified.")
    if not is_uuid(item["port_id"]):
        raise Invalid(f"Invalid UUID for subport: '{item['port_id']}'.")
    item["port_id"] = str(item["port_id"]).lower()
    if item["port_id"] in ids:
        raise Invalid(f"Non unique UUID for subport: '{item['port_id']}'.")
    ids.add(item["port_id"])


def _check_segment(item: Body, tags: set[tuple[str, str]]) -> None:
    kind, number = item.get("segmentation_type"), item.get("segmentation_id")
    if (not kind or number is None) and len(item) > 1:
        raise Invalid(missing_segment(item))
    segment = (str(kind), str(number))
    if number is not None and segment in tags:
        raise Invalid(f"Segmentation ID '{number}' for '{item['port_id']}' is not unique.")
    tags.add(segment)


def missing_segment(item: Body) -> str:
    return (
        f"Invalid subport details '{item}': missing segmentation information. Must specify both "
        "segmentation_id and segmentation_type."
    )


TRUNK = single(
    "trunk",
    "trunks",
    standard(
        name=Attribute(name(), default=""),
        port_id=Attribute(uuid, update=False, required=True),
        admin_state_up=Attribute(boolean, default=True),
        sub_ports=Attribute(sub_ports, update=False, default=[]),
        status=READ_ONLY,
        tags=TAGS,
    ),
)


def render_sub_port(row: Any) -> Body:
    return {
        "port_id": row.port_id,
        "segmentation_id": row.segmentation_id,
        "segmentation_type": row.segmentation_type,
    }


def render(trunk: Any, carried: Sequence[Any], tags: list[str]) -> Body:
    """``carried``: the sub-ports of the trunk."""
    return {
        "id": trunk.id,
        "name": trunk.name,
        "port_id": trunk.port_id,
        "admin_state_up": trunk.admin_state_up,
        "status": trunk.status,
        "sub_ports": [render_sub_port(row) for row in carried],
        **common(trunk, tags),
    }
