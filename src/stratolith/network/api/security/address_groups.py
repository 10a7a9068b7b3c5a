"""/address-groups"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from stratolith.kernel.context import Context
from stratolith.kernel.http.resource import Resource, Verb
from stratolith.kernel.http.routing import Route
from stratolith.network import models as m
from stratolith.network.api.filters import listing_of, standard
from stratolith.network.api.style import STYLE, item_body
from stratolith.network.exceptions.address_groups import AddressGroupNotFound
from stratolith.network.exceptions.general import PolicyNotAuthorized
from stratolith.network.managers.security import address_groups
from stratolith.network.models import AddressGroup
from stratolith.network.schemas.attributes import BODY
from stratolith.network.schemas.security.address_groups import (
    ADDRESS_GROUP,
    read_addresses,
    render,
)

Body = dict[str, Any]
Handler = Callable[[Context, AddressGroup, Body], Body]


def rendered(ctx: Context, rows: Sequence[Any]) -> list[Body]:
    addresses = address_groups.addresses_of(ctx, [row.id for row in rows])
    return [render(row, addresses[row.id]) for row in rows]


ADDRESS_GROUPS = Resource(
    ADDRESS_GROUP.name,
    STYLE,
    plural=ADDRESS_GROUP.collection,
    load=address_groups.get,
    rendered=rendered,
    attributes=ADDRESS_GROUP,
    listing=listing_of(
        m.AddressGroup,
        ("name", "description"),
        standard(m.AddressGroup, "name"),
        visible=address_groups.visible,
        missing=lambda marker: AddressGroupNotFound(address_group_id=marker),
    ),
    create=Verb(address_groups.create),
    update=Verb(address_groups.update),
    delete=Verb(address_groups.delete),
    prepare=address_groups.note_granted,
)


def add_addresses(ctx: Context, group: AddressGroup, body: Body) -> Body:
    changed = address_groups.add_addresses(ctx, group, read_addresses(body))
    return item_body(ctx, ADDRESS_GROUPS.name, ADDRESS_GROUPS.document(ctx, changed))


def remove_addresses(ctx: Context, group: AddressGroup, body: Body) -> Body:
    changed = address_groups.remove_addresses(ctx, group, read_addresses(body))
    return item_body(ctx, ADDRESS_GROUPS.name, ADDRESS_GROUPS.document(ctx, changed))


def _act(rule: str, handler: Handler) -> Route:
    return Route.put(
        f"/address-groups/{{id}}/{rule}",
        handler,
        load=address_groups.get,
        rule=rule,
        refused=PolicyNotAuthorized,
        body=BODY,
    )


ROUTES = [
    *ADDRESS_GROUPS.routes,
    _act("add_addresses", add_addresses),
    _act("remove_addresses", remove_addresses),
]
