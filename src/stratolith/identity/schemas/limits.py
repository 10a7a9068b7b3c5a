"""Schemas of registered limits and limits; one request creates several of them."""

from __future__ import annotations

from stratolith.identity.schemas.types import DESCRIPTION, ID, NULLABLE_ID, TEXT, Document
from stratolith.kernel.http.validation import Schema

_NUMBER: Document = {"type": "integer", "minimum": -1, "maximum": 2147483647}
_RESOURCE: Document = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": r"[\S]+"}
_REGION: Document = {"type": ["string", "null"], "minLength": 1, "maxLength": 255}
_PLACE: Document = {"service_id": ID, "region_id": _REGION, "resource_name": _RESOURCE}
_REGISTERED: Document = {**_PLACE, "default_limit": _NUMBER, "description": DESCRIPTION}


def _several(key: str, item: Document) -> Schema:
    return Schema(
        {
            "type": "object",
            "properties": {key: {"type": "array", "items": item, "minItems": 1, "maxItems": 1000}},
            "required": [key],
            "additionalProperties": False,
        }
    )


def _strict(schema: Document, *required: str) -> Document:
    return {
        "type": "object",
        "properties": schema,
        "required": list(required),
        "additionalProperties": False,
    }


def _changes(key: str, properties: Document) -> Schema:
    return Schema(
        {
            "type": "object",
            "properties": {key: {**_strict(properties), "minProperties": 1}},
            "required": [key],
            "additionalProperties": False,
        }
    )


CREATE_REGISTERED = _several(
    "registered_limits",
    _strict(_REGISTERED, "service_id", "resource_name", "default_limit"),
)
UPDATE_REGISTERED = _changes("registered_limit", {**_REGISTERED, "id": TEXT})

CREATE = _several(
    "limits",
    {
        **_strict(
            {
                **_PLACE,
                "project_id": NULLABLE_ID,
                "domain_id": NULLABLE_ID,
                "resource_limit": _NUMBER,
                "description": DESCRIPTION,
            },
            "service_id",
            "resource_name",
            "resource_limit",
        ),
        "oneOf": [{"required": ["project_id"]}, {"required": ["domain_id"]}],
    },
)
UPDATE = _changes("limit", {"resource_limit": _NUMBER, "description": DESCRIPTION, "id": TEXT})
