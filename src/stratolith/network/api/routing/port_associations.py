"""/local_ips/{id}/port_associations"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from stratolith.kernel.context import Context
from stratolith.kernel.db.rows import plain_reader
from stratolith.kernel.http.resource import (
    Condition,
    Filter,
    Listing,
    Parent,
    Resource,
    Verb,
    exact,
)
from stratolith.network import models as m
from stratolith.network.api.style import STYLE
from stratolith.network.exceptions.local_ips import LocalIPAssociationNotFound
from stratolith.network.managers import abilities
from stratolith.network.managers.routing import local_ips, port_associations
from stratolith.network.schemas.routing.local_ips import PORT_ASSOCIATION, render_association

_ROW = m.LocalIpAssociation


def rendered(ctx: Context, rows: Sequence[Any]) -> list[dict[str, Any]]:
    addresses, hosts = port_associations.places(ctx, rows)
    return [
        render_association(row, addresses[row.local_ip_id], hosts[row.fixed_port_id])
        for row in rows
    ]


def _of(column: Any, other: Any) -> Filter:
    """By a value of the row that ``column`` names."""

    def build(values: Sequence[str]) -> Condition:
        condition: Condition = column.in_(select(other.class_.id).where(other.in_(list(values))))
        return condition

    return build


PORT_ASSOCIATIONS = Resource(
    PORT_ASSOCIATION.name,
    STYLE,
    plural=PORT_ASSOCIATION.collection,
    path="/local_ips/{id}/port_associations",
    key="fixed_port_id",
    parent=Parent(
        "local_ip", local_ips.get, "id", lambda local_ip: _ROW.local_ip_id == local_ip.id
    ),
    load=port_associations.get,
    rendered=rendered,
    attributes=PORT_ASSOCIATION,
    listing=Listing(
        _ROW,
        filters={
            "fixed_port_id": exact(_ROW.fixed_port_id),
            "fixed_ip": exact(_ROW.fixed_ip),
            "local_ip_address": _of(_ROW.local_ip_id, m.LocalIp.local_ip_address),
            "host": _of(_ROW.fixed_port_id, m.Port.binding_host),
        },
        sort_keys={"fixed_port_id": _ROW.fixed_port_id, "fixed_ip": _ROW.fixed_ip},
        default_sort=[("fixed_port_id", "asc")],
        missing=lambda marker: LocalIPAssociationNotFound(
            local_ip_id=marker[:36], port_id=marker[37:]
        ),
        read=plain_reader(_ROW),
    ),
    create=Verb(abilities.of(abilities.LOCAL_IP, port_associations.create)),
    delete=Verb(port_associations.delete),
)
