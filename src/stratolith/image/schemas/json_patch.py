"""JSON patches of images: two dialects, three operations, one level of names (locations: two).

Source: the Image API reference, "Update image", and RFC 6902 and 6901 (pointers).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from stratolith.image.exceptions import InvalidPatch

V21 = "application/openstack-images-v2.1-json-patch"
V20 = "application/openstack-images-v2.0-json-patch"
MEDIA_TYPES = (V20, V21)
OPERATIONS = ("add", "remove", "replace")


@dataclass(frozen=True)
class Operation:
    """One change of one attribute; ``value`` is None for remove.

    ``position`` is a place in the list of locations: a number, or ``-`` for its end.
    """

    op: str
    name: str
    value: Any = None
    position: str = ""


def parse(document: Sequence[dict[str, Any]], content_type: str) -> list[Operation]:
    """The operations of a patch; raises InvalidPatch."""
    return [_parse_one(item, content_type) for item in document]


def _parse_one(item: dict[str, Any], content_type: str) -> Operation:
    if content_type == V20:
        named = [op for op in OPERATIONS if op in item]
        if len(named) != 1:
            raise InvalidPatch(f"Operation objects must contain one of: {', '.join(OPERATIONS)}.")
        op, pointer = named[0], item[named[0]]
    else:
        op, pointer = str(item.get("op")), item.get("path")
        if op not in OPERATIONS:
            raise InvalidPatch(
                f"Invalid operation: `{op}`. It must be one of: {', '.join(OPERATIONS)}."
            )
    name, position = _name(pointer, op)
    if op == "remove":
        return Operation(op, name, position=position)
    if "value" not in item:
        raise InvalidPatch(f'Operation "{op}" requires a member named "value".')
    return Operation(op, name, item["value"], position)


def _name(pointer: Any, op: str) -> tuple[str, str]:
    """The attribute in a pointer, and the position in it: ~1 means a slash, ~0 a tilde."""
    if not isinstance(pointer, str) or not pointer.startswith("/"):
        raise InvalidPatch(f"Pointer `{pointer}` does not start with a slash.")
    inner, position = pointer[1:], ""
    if inner.startswith("locations/") and op != "replace":
        inner, _, position = inner.partition("/")
    if (inner == "locations" and bool(position) == (op == "replace")) or "/" in position:
        raise InvalidPatch(f"Invalid JSON pointer for this resource: '{pointer}'")
    if not inner or "/" in inner:
        raise InvalidPatch(f"Invalid JSON pointer for this resource: '{pointer}'")
    plain = inner.replace("~0", "").replace("~1", "")
    if "~" in plain:
        raise InvalidPatch(f"Pointer `{pointer}` contains '~' that is no escape sequence.")
    return inner.replace("~1", "/").replace("~0", "~"), position
