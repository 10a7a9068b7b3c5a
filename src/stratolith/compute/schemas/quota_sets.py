"""Request schemas of quota sets and quota class sets."""

from __future__ import annotations

from stratolith.compute.managers.quotas import FILES
from stratolith.compute.quotas import NETWORK_RESOURCES, RESOURCES
from stratolith.compute.schemas.types import BOOLEAN, Document, closed
from stratolith.kernel.http.validation import Schema, Since

_LIMIT: Document = {
    "type": ["integer", "string"],
    "pattern": "^-?[0-9]+$",
    "minimum": -1,
    "maximum": 0x7FFFFFFF,
    "maxLength": 11,
}
_OWN = {resource.name: _LIMIT for resource in RESOURCES}
_NETWORK = dict.fromkeys(NETWORK_RESOURCES, _LIMIT)


def _drop(body: str, names: tuple[str, ...]) -> Since:
    def change(document: Document) -> None:
        for name in names:
            document["properties"][body]["properties"].pop(name, None)

    return Since("2.57" if names == FILES else "2.36", change)


UPDATE = Schema(
    closed({"quota_set": closed({**_OWN, **_NETWORK, "force": BOOLEAN})}, "quota_set")
).changed(_drop("quota_set", tuple(NETWORK_RESOURCES)), _drop("quota_set", FILES))


def _without_network(document: Document) -> None:
    names = document["properties"]["quota_class_set"]["properties"]
    for name in NETWORK_RESOURCES:
        names.pop(name)


UPDATE_CLASS = Schema(
    closed({"quota_class_set": closed({**_OWN, **_NETWORK})}, "quota_class_set")
).changed(Since("2.50", _without_network), _drop("quota_class_set", FILES))
