"""Parts that the schemas of several resources share."""

from __future__ import annotations

from typing import Any

from stratolith.kernel.http.validation import Schema

Document = dict[str, Any]

TEXT: Document = {"type": "string"}
NULLABLE_TEXT: Document = {"type": ["string", "null"]}
DESCRIPTION: Document = {"type": ["string", "null"], "maxLength": 65535}
ID: Document = {
    "type": "string",
    "minLength": 1,
    "maxLength": 64,
    "pattern": r"^[a-zA-Z0-9-]+$",
}
NULLABLE_ID: Document = {**ID, "type": ["string", "null"]}
TAGS: Document = {
    "type": "array",
    "items": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[^,/]*$"},
    "maxItems": 80,
    "uniqueItems": True,
}

_TRUE = ("True", "TRUE", "true", "1", "y", "Y", "on", "ON", "yes")
_FALSE = ("False", "FALSE", "false", "", "0", "n", "N", "off", "OFF", "no")
BOOLEAN: Document = {
    "type": ["boolean", "string"],
    "enum": [True, *_TRUE, False, *_FALSE],
}
IMMUTABLE: Document = {
    "type": "object",
    "properties": {"immutable": {"type": ["boolean", "null"]}},
    "additionalProperties": False,
}


def name(length: int) -> Document:
    """A name that contains more than white space."""
    return {"type": "string", "minLength": 1, "maxLength": length, "pattern": r"[\S]+"}


def wrapped(
    key: str, properties: Document, *required: str, least: int = 0, closed: bool = False
) -> Schema:
    """``{key: {...}}``; unknown attributes are stored with the resource.

    closed: refuse unknown attributes.
    """
    inner: Document = {"type": "object", "properties": properties, "required": list(required)}
    if closed:
        inner["additionalProperties"] = False
    if least:
        inner["minProperties"] = least
    return Schema(
        {
            "type": "object",
            "properties": {key: inner},
            "required": [key],
            "additionalProperties": False,
        }
    )
