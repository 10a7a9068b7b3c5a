"""Request schemas of server groups and host aggregates."""

from __future__ import annotations

from stratolith.compute.schemas.types import HOST, NAME, Document, closed, number
from stratolith.kernel.http.validation import Schema, Since

_HARD = ["anti-affinity", "affinity"]
_SOFT = [*_HARD, "soft-anti-affinity", "soft-affinity"]


def _policies(names: list[str]) -> Document:
    return {
        "type": "array",
        "minItems": 1,
        "maxItems": 1,
        "items": {"type": "string", "enum": names},
    }


def _group(document: Document) -> Document:
    group: Document = document["properties"]["server_group"]
    return group


def _soft(document: Document) -> None:
    _group(document)["properties"]["policies"] = _policies(_SOFT)


def _one_policy(document: Document) -> None:
    group = _group(document)
    del group["properties"]["policies"]
    group["properties"]["policy"] = {"type": "string", "enum": _SOFT}
    group["properties"]["rules"] = closed({"max_server_per_host": number(1)})
    group["required"] = ["name", "policy"]


SERVER_GROUP = Schema(
    closed(
        {"server_group": closed({"name": NAME, "policies": _policies(_HARD)}, "name", "policies")},
        "server_group",
    )
).changed(Since("2.15", _soft), Since("2.64", _one_policy))

_ZONE: Document = {
    "type": ["string", "null"],
    "minLength": 1,
    "maxLength": 255,
    "format": "name",
    "pattern": r"^[^:\s]([^:]*[^:\s])?$",
}
_AGGREGATE = {"name": NAME, "availability_zone": _ZONE}
AGGREGATE = Schema(closed({"aggregate": closed(_AGGREGATE, "name")}, "aggregate"))
AGGREGATE_UPDATE = Schema(closed({"aggregate": closed(_AGGREGATE, minProperties=1)}, "aggregate"))
_HOST = closed({"host": HOST}, "host")
_METADATA = closed(
    {
        "metadata": {
            "type": "object",
            "patternProperties": {
                "^[a-zA-Z0-9-_:. ]{1,255}$": {"type": ["string", "null"], "maxLength": 255}
            },
            "additionalProperties": False,
        }
    },
    "metadata",
)
AGGREGATE_ACTION = Schema(
    {
        "type": "object",
        "oneOf": [
            closed({"add_host": _HOST}, "add_host"),
            closed({"remove_host": _HOST}, "remove_host"),
            closed({"set_metadata": _METADATA}, "set_metadata"),
        ],
    }
)
