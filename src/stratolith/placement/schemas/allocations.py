"""Allocations in each microversion, and the body of the reshaper."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from stratolith.kernel.http.validation import Document, Schema, Since
from stratolith.placement.schemas.names import GENERATION, NAME, SUFFIX, TEXT_255, UUID
from stratolith.placement.schemas.providers import INVENTORIES_DOCUMENT

_RESOURCES: dict[str, Any] = {
    "type": "object",
    "minProperties": 1,
    "patternProperties": {NAME: {"type": "integer", "minimum": 1, "maximum": (1 << 53)}},
    "additionalProperties": False,
}
_UUID = {"type": "string", "format": "uuid"}
_LIST: dict[str, Any] = {
    "type": "object",
    "properties": {
        "allocations": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "properties": {
                    "resource_provider": {
                        "type": "object",
                        "properties": {"uuid": _UUID},
                        "required": ["uuid"],
                        "additionalProperties": False,
                    },
                    "resources": _RESOURCES,
                },
                "required": ["resource_provider", "resources"],
                "additionalProperties": False,
            },
        }
    },
    "required": ["allocations"],
    "additionalProperties": False,
}
_BY_PROVIDER: dict[str, Any] = {
    "type": "object",
    "properties": {
        "allocations": {
            "type": "object",
            "minProperties": 1,
            "patternProperties": {
                UUID: {
                    "type": "object",
                    "properties": {"generation": GENERATION, "resources": _RESOURCES},
                    "required": ["resources"],
                    "additionalProperties": False,
                }
            },
            "additionalProperties": False,
        },
        "project_id": TEXT_255,
        "user_id": TEXT_255,
    },
    "required": ["allocations", "project_id", "user_id"],
    "additionalProperties": False,
}
_MAPPINGS: dict[str, Any] = {
    "type": "object",
    "minProperties": 1,
    "patternProperties": {
        f"^({SUFFIX})?$": {"type": "array", "minItems": 1, "items": _UUID},
    },
}


def _since_8(document: Document) -> None:
    document["properties"].update(project_id=TEXT_255, user_id=TEXT_255)
    document["required"] += ["project_id", "user_id"]


def _since_12(document: Document) -> None:
    document.clear()
    document.update(deepcopy(_BY_PROVIDER))


def _since_28(document: Document) -> None:
    document["properties"]["allocations"]["minProperties"] = 0
    document["properties"]["consumer_generation"] = {"type": ["integer", "null"]}
    document["required"].append("consumer_generation")


def _since_34(document: Document) -> None:
    document["properties"]["mappings"] = _MAPPINGS


def _since_38(document: Document) -> None:
    document["properties"]["consumer_type"] = {**TEXT_255, "pattern": NAME}
    document["required"].append("consumer_type")


_CHANGES = (("1.28", _since_28), ("1.34", _since_34), ("1.38", _since_38))
SET = Schema(_LIST).changed(
    Since("1.8", _since_8),
    Since("1.12", _since_12),
    *(Since(version, change) for version, change in _CHANGES),
)


def _inside(change: Any, *path: str) -> Any:
    """Apply a change to the schema of each consumer, below ``path``."""

    def apply(document: Document) -> None:
        for step in path:
            document = document["properties"][step]
        change(document["patternProperties"][UUID])

    return apply


_DELETABLE = deepcopy(_BY_PROVIDER)
_DELETABLE["properties"]["allocations"]["minProperties"] = 0
_CONSUMERS: dict[str, Any] = {
    "type": "object",
    "minProperties": 1,
    "patternProperties": {UUID: _DELETABLE},
    "additionalProperties": False,
}
SET_MANY = Schema(_CONSUMERS).changed(
    *(Since(version, _inside(change)) for version, change in _CHANGES)
)
RESHAPE = Schema(
    {
        "type": "object",
        "properties": {
            "inventories": {
                "type": "object",
                "patternProperties": {UUID: INVENTORIES_DOCUMENT},
                "minProperties": 1,
                "additionalProperties": False,
            },
            "allocations": {**_CONSUMERS, "minProperties": 0},
        },
        "required": ["inventories", "allocations"],
        "additionalProperties": False,
    }
).changed(*(Since(version, _inside(change, "allocations")) for version, change in _CHANGES))
