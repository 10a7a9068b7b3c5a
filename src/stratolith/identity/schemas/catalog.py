"""Schemas of regions, services, endpoints."""

from __future__ import annotations

from stratolith.identity.schemas.types import (
    BOOLEAN,
    DESCRIPTION,
    ID,
    TEXT,
    Document,
    wrapped,
)

_REGION_ID: Document = {"type": ["string", "null"], "minLength": 1, "maxLength": 255}
_REGION: Document = {
    "id": {**_REGION_ID, "minLength": 0},
    "description": DESCRIPTION,
    "parent_region_id": _REGION_ID,
}
_SERVICE: Document = {
    "type": {"type": "string", "minLength": 1, "maxLength": 255},
    "name": {"type": "string", "minLength": 1, "maxLength": 255},
    "description": DESCRIPTION,
    "enabled": BOOLEAN,
}
_ENDPOINT: Document = {
    "interface": {"type": "string", "enum": ["admin", "internal", "public"]},
    "service_id": ID,
    "region_id": _REGION_ID,
    "region": _REGION_ID,
    "url": {"type": "string", "minLength": 1, "maxLength": 2048, "pattern": r"^[a-zA-Z0-9+.-]+:.+"},
    "enabled": {"type": "boolean"},
    "name": {"type": "string", "maxLength": 255},
    "description": DESCRIPTION,
}

CREATE_REGION = wrapped("region", _REGION)
UPDATE_REGION = wrapped("region", _REGION, least=1)
CREATE_SERVICE = wrapped("service", _SERVICE, "type")
UPDATE_SERVICE = wrapped("service", {**_SERVICE, "id": TEXT}, least=1)
CREATE_ENDPOINT = wrapped("endpoint", _ENDPOINT, "interface", "service_id", "url")
UPDATE_ENDPOINT = wrapped("endpoint", {**_ENDPOINT, "id": TEXT}, least=1)

_ENDPOINT_GROUP: Document = {
    "name": {"type": "string", "minLength": 1, "maxLength": 255},
    "description": DESCRIPTION,
    "filters": {
        "type": "object",
        "properties": {
            "service_id": ID,
            "region_id": {"type": "string", "minLength": 1, "maxLength": 255},
            "interface": _ENDPOINT["interface"],
        },
        "additionalProperties": False,
    },
}
CREATE_ENDPOINT_GROUP = wrapped(
    "endpoint_group",
    {**_ENDPOINT_GROUP, "filters": {**_ENDPOINT_GROUP["filters"], "minProperties": 1}},
    "name",
    "filters",
)
UPDATE_ENDPOINT_GROUP = wrapped("endpoint_group", {**_ENDPOINT_GROUP, "id": TEXT}, least=1)
