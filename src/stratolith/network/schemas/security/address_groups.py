"""Address groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from stratolith.kernel.http.resource import READ_ONLY, Attribute, Invalid
from stratolith.network.exceptions.general import HTTPBadRequest
from stratolith.network.models import AddressGroup
from stratolith.network.schemas.attributes import attributes, standard
from stratolith.network.schemas.fields import cidr, name
from stratolith.network.schemas.rendering import common


def _addresses(value: Any) -> list[str]:
    """CIDRs; the same text twice is refused. They are normalised by the manager."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise Invalid(f"'{value}' is not a list.")
    for number, item in enumerate(value):
        if item in value[:number]:
            raise Invalid(f"Duplicate items in the list: '{item}'.")
        cidr(item)
    return value


ADDRESS_GROUP = attributes(
    "address_group",
    "address_groups",
    standard(
        name=Attribute(name(), default=""),
        addresses=Attribute(_addresses, update=False, default=[]),
        shared=READ_ONLY,
    ),
)


def read_addresses(body: Mapping[str, Any]) -> list[Any]:
    """The addresses in a body of add_addresses and remove_addresses; raises HTTPBadRequest."""
    given = body.get("addresses")
    if not isinstance(given, list):
        raise HTTPBadRequest("The body must be {'addresses': [CIDR, ...]}")
    return given


def render(group: AddressGroup, addresses: Sequence[str]) -> dict[str, Any]:
    return {"id": group.id, "name": group.name, "addresses": list(addresses), **common(group)}
