"""Resource providers, their inventories, traits and aggregates, and resource classes."""

from __future__ import annotations

from typing import Any

from stratolith.kernel.http.validation import Document, Schema, Since, add
from stratolith.placement.schemas.names import CUSTOM_NAME, GENERATION, MAX_INT, NAME

_PROVIDER_NAME = {"type": "string", "minLength": 1, "maxLength": 200}
_UUID = {"type": "string", "format": "uuid"}
_PARENT = {"anyOf": [_UUID, {"type": "null"}]}

CREATE = Schema(
    {
        "type": "object",
        "properties": {"name": _PROVIDER_NAME, "uuid": _UUID},
        "required": ["name"],
        "additionalProperties": False,
    }
).changed(Since("1.14", add("parent_provider_uuid", _PARENT)))
UPDATE = Schema(
    {
        "type": "object",
        "properties": {"name": _PROVIDER_NAME},
        "required": ["name"],
        "additionalProperties": False,
    }
).changed(Since("1.14", add("parent_provider_uuid", _PARENT)))


def _amount(minimum: int) -> Document:
    return {"type": "integer", "minimum": minimum, "maximum": MAX_INT}


_RECORD: dict[str, Any] = {
    "type": "object",
    "properties": {
        "resource_provider_generation": GENERATION,
        "total": _amount(1),
        "reserved": _amount(0),
        "min_unit": _amount(1),
        "max_unit": _amount(1),
        "step_size": _amount(1),
        "allocation_ratio": {"type": "number", "minimum": 0, "maximum": 3.40282e38},
    },
    "required": ["total"],
    "additionalProperties": False,
}
INVENTORIES_DOCUMENT: Document = {
    "type": "object",
    "properties": {
        "resource_provider_generation": GENERATION,
        "inventories": {
            "type": "object",
            "patternProperties": {NAME: _RECORD},
            "additionalProperties": False,
        },
    },
    "required": ["resource_provider_generation", "inventories"],
    "additionalProperties": False,
}
SET_INVENTORIES = Schema(INVENTORIES_DOCUMENT)
CREATE_INVENTORY = Schema(
    {
        **_RECORD,
        "properties": {
            **_RECORD["properties"],
            "resource_class": {"type": "string", "pattern": NAME, "maxLength": 255},
        },
        "required": ["total", "resource_class"],
    }
)
UPDATE_INVENTORY = Schema({**_RECORD, "required": ["total", "resource_provider_generation"]})

SET_TRAITS = Schema(
    {
        "type": "object",
        "properties": {
            "traits": {
                "type": "array",
                "items": {"type": "string", "minLength": 1, "maxLength": 255},
            },
            "resource_provider_generation": GENERATION,
        },
        "required": ["traits", "resource_provider_generation"],
        "additionalProperties": False,
    }
)

_AGGREGATES = {"type": "array", "items": _UUID, "uniqueItems": True}


def _with_generation(document: Document) -> None:
    document.clear()
    document.update(
        {
            "type": "object",
            "properties": {
                "aggregates": _AGGREGATES,
                "resource_provider_generation": GENERATION,
            },
            "required": ["aggregates", "resource_provider_generation"],
            "additionalProperties": False,
        }
    )


SET_AGGREGATES = Schema(_AGGREGATES).changed(Since("1.19", _with_generation))

RESOURCE_CLASS = Schema(
    {
        "type": "object",
        "properties": {"name": {"type": "string", "pattern": CUSTOM_NAME, "maxLength": 255}},
        "required": ["name"],
        "additionalProperties": False,
    }
)
