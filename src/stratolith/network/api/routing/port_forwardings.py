"""/floatingips/{id}/port_forwardings"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import false, or_

from stratolith.kernel.context import Context
from stratolith.kernel.db.rows import plain_reader
from stratolith.kernel.http.resource import (
    Condition,
    Filter,
    Invalid,
    Listing,
    Parent,
    Resource,
    Verb,
    exact,
)
from stratolith.network import models as m
from stratolith.network.api.style import STYLE
from stratolith.network.exceptions.port_forwardings import PortForwardingNotFound
from stratolith.network.managers import floatingips
from stratolith.network.managers.routing import port_forwardings
from stratolith.network.schemas.routing.port_forwardings import PORT_FORWARDING, port_range, render

Body = dict[str, Any]


def rendered(ctx: Context, rows: Sequence[Any]) -> list[Body]:
    return [render(row) for row in rows]


def _ports(*, single: bool) -> Filter:
    """The external ports "80" (``single``) or "80:90"; other texts match no row."""

    def build(values: Sequence[str]) -> Condition:
        conditions = []
        for value in values:
            try:
                first, last = port_range(value)
            except Invalid:
                continue
            if not single or ":" not in value:
                row = m.PortForwarding
                conditions.append((row.external_first == first) & (row.external_last == last))
        return or_(false(), *conditions)

    return build


PORT_FORWARDINGS = Resource(
    PORT_FORWARDING.name,
    STYLE,
    plural=PORT_FORWARDING.collection,
    path="/floatingips/{id}/port_forwardings",
    key="port_forwarding_id",
    parent=Parent(
        "floatingip",
        floatingips.get,
        "id",
        lambda floating: m.PortForwarding.floatingip_id == floating.id,
    ),
    load=port_forwardings.get_below,
    rendered=rendered,
    attributes=PORT_FORWARDING,
    listing=Listing(
        m.PortForwarding,
        filters={
            "id": exact(m.PortForwarding.id),
            "description": exact(m.PortForwarding.description),
            "protocol": exact(m.PortForwarding.protocol),
            "internal_port_id": exact(m.PortForwarding.internal_port_id),
            "external_port": _ports(single=True),
            "external_port_range": _ports(single=False),
        },
        sort_keys={
            "id": m.PortForwarding.id,
            "protocol": m.PortForwarding.protocol,
            "internal_port_id": m.PortForwarding.internal_port_id,
            "external_port": m.PortForwarding.external_first,
        },
        default_sort=[("id", "asc")],
        missing=lambda marker: PortForwardingNotFound(id=marker),
        read=plain_reader(m.PortForwarding),
    ),
    create=Verb(port_forwardings.create),
    update=Verb(port_forwardings.update),
    delete=Verb(port_forwardings.delete),
)
ROUTES = PORT_FORWARDINGS.routes
