"""Building blocks of the compute API's schemas, and numbers that may be given as text."""

from __future__ import annotations

from typing import Any

from stratolith.kernel.exceptions import BadRequest

Document = dict[str, Any]
MAX_INT = 0x7FFFFFFF

TRUE = [True, "True", "TRUE", "true", "1", "ON", "On", "on", "YES", "Yes", "yes"]
FALSE = [False, "False", "FALSE", "false", "0", "OFF", "Off", "off", "NO", "No", "no"]
BOOLEAN: Document = {"enum": [*TRUE, *FALSE]}
NAME: Document = {
    "type": "string",
    "minLength": 1,
    "maxLength": 255,
    "format": "name",
    "pattern": r"^\S(.*\S)?$",
}
HOSTNAME: Document = {
    "type": "string",
    "minLength": 2,
    "maxLength": 63,
    "pattern": "^[a-zA-Z0-9]+[a-zA-Z0-9-]*[a-zA-Z0-9]+$",
}
FQDN: Document = {
    "type": "string",
    "minLength": 2,
    "maxLength": 255,
    "pattern": r"^[a-zA-Z0-9]+[a-zA-Z0-9.-]*[a-zA-Z0-9]+$",
}
HOST: Document = {
    "type": "string",
    "minLength": 1,
    "maxLength": 255,
    "pattern": "^[a-zA-Z0-9-._]*$",
}
PROJECT_ID: Document = {
    "type": "string",
    "minLength": 1,
    "maxLength": 255,
    "pattern": "^[a-zA-Z0-9-]*$",
}
UUID: Document = {"type": "string", "format": "uuid"}
DESCRIPTION: Document = {"type": ["string", "null"], "maxLength": 255, "format": "line"}
IP: Document = {"type": "string", "oneOf": [{"format": "ipv4"}, {"format": "ipv6"}]}
METADATA: Document = {
    "type": "object",
    "patternProperties": {"^[a-zA-Z0-9-_:. ]{1,255}$": {"type": "string", "maxLength": 255}},
    "additionalProperties": False,
}
TAG: Document = {"type": "string", "minLength": 1, "maxLength": 60, "pattern": "^[^,/]*$"}
TAGS: Document = {"type": "array", "items": TAG, "maxItems": 50}


def number(low: int, high: int = MAX_INT) -> Document:
    """A whole number that may be given as text; ``as_int`` checks the range of text."""
    return {
        "type": ["integer", "string"],
        "pattern": "^-?[0-9]+$",
        "minimum": low,
        "maximum": high,
        "maxLength": 12,
    }


def closed(properties: Document, *required: str, **more: Any) -> Document:
    """An object with these properties and no others."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
        **more,
    }


def as_int(value: Any, name: str, low: int = 0, high: int = MAX_INT) -> int:
    """The number of a field that may be text; raises BadRequest that names the field."""
    try:
        whole_number = int(value)
    except (TypeError, ValueError):
        whole_number = low - 1
    if not low <= whole_number <= high:
        raise BadRequest(
            f"Invalid input for field/attribute {name}. Value: {value}. "
            f"It must be a whole number from {low} to {high}"
        )
    return whole_number


def as_bool(value: Any) -> bool:
    """The boolean of a field of type BOOLEAN."""
    return value in TRUE and value is not False
