"""/ports"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import and_, or_, select, true

from stratolith.kernel.context import Context
from stratolith.kernel.http.resource import Condition, Resource, Verb, boolean, exact
from stratolith.kernel.http.resource.rights import hidden as hidden_by
from stratolith.kernel.http.resource.rights import without
from stratolith.network import models as m
from stratolith.network.api.filters import listing_of, tagged
from stratolith.network.api.style import NetworkStyle, Target, own_target, project_target
from stratolith.network.exceptions.general import HTTPBadRequest
from stratolith.network.exceptions.ports import PortNotFound
from stratolith.network.managers import (
    batches,
    networks,
    parents,
    ports,
    security_groups,
    tags,
    visibility,
)
from stratolith.network.managers.addressing import dns
from stratolith.network.managers.qos import demands
from stratolith.network.managers.routing import address_changes
from stratolith.network.managers.trunk import sub_ports
from stratolith.network.models import Port
from stratolith.network.schemas.ports import PORT, render

Body = dict[str, Any]
REQUEST = "resource_request"
BINDING = (
    "binding:host_id",
    "binding:profile",
    "binding:vif_type",
    "binding:vif_details",
)
DEFAULTS = {
    "device_id": "",
    "device_owner": "",
    "binding:host_id": "",
    "binding:profile": {},
    "binding:vnic_type": "normal",
    "allowed_address_pairs": [],
}


def rendered(ctx: Context, rows: Sequence[Any]) -> list[Body]:
    ids = [row.id for row in rows]
    addresses = ports.fixed_ips(ctx, ids)
    groups = security_groups.of_ports(ctx, ids)
    tagged, trunks = tags.of(ctx, ids), sub_ports.details(ctx, ids)
    hidden = hidden_by(ctx, "get_port", (*BINDING, REQUEST), own_target(ctx))
    binding, domain = not hidden.issuperset(BINDING), dns.domain_of(ctx)
    bodies = [
        render(
            row,
            addresses.get(row.id, []),
            groups.get(row.id, []),
            tagged.get(row.id, []),
            binding=binding,
            names=dns.assignments(domain, row.dns_name, addresses.get(row.id, ())),
            trunk=trunks.get(row.id),
        )
        for row in rows
    ]
    _add_requests(ctx, rows, bodies, hidden)
    return without(bodies, hidden if binding else set())


def _add_requests(
    ctx: Context, rows: Sequence[Any], bodies: Sequence[Body], hidden: Collection[str]
) -> None:
    """What the ports need of a host, for those who may see it."""
    if REQUEST in hidden:
        return
    needed = demands.of_ports(ctx, rows)
    for row, body in zip(rows, bodies, strict=True):
        body[REQUEST] = demands.shown(row.id, needed.get(row.id, ()))


def _fresh(ctx: Context, new_ports: Sequence[Any]) -> list[Body]:
    """Ports made in this transaction: only tags are read from the database."""
    hidden = hidden_by(ctx, "get_port", (*BINDING, REQUEST), own_target(ctx))
    tagged = tags.of(ctx, [port.id for port in new_ports])
    bodies, domain = [], dns.domain_of(ctx)
    for port in new_ports:
        fresh, labels = port.fresh, tagged.get(port.id, [])
        names = dns.assignments(domain, port.dns_name, fresh.fixed_ips)
        groups = fresh.security_groups
        bodies.append(render(port, fresh.fixed_ips, groups, labels, binding=True, names=names))
    _add_requests(ctx, new_ports, bodies, hidden)
    return without(bodies, hidden)


def _target(ctx: Context, values: Body) -> Target:
    network = networks.get(ctx, values["network_id"])
    return {
        **network.policy_target(),
        **project_target(ctx, values),
        # a network is not "shared" with its own project: that would permit readers of the project
        "shared": network.shared
        or (not ctx.owns(network.project_id) and visibility.may_use(ctx, network, ctx.project_id)),
    }


def _prepare(ctx: Context, rows: Sequence[Any]) -> None:
    visibility.note_granted(ctx, parents.hold(ctx, rows, Port.network))


def _fixed_ips(values: Sequence[str]) -> Condition:
    """``ip_address=10.0.0.5``, ``subnet_id=...``, ``ip_address_substr=10.0``; all must match."""
    conditions: list[Condition] = []
    for name, column in (("ip_address", m.FixedIp.ip_address), ("subnet_id", m.FixedIp.subnet_id)):
        wanted = [v.partition("=")[2] for v in values if v.startswith(f"{name}=")]
        if wanted:
            conditions.append(m.Port.id.in_(select(m.FixedIp.port_id).where(column.in_(wanted))))
    parts = [v.partition("=")[2] for v in values if v.startswith("ip_address_substr=")]
    if parts:
        like = or_(*(m.FixedIp.ip_address.contains(part, autoescape=True) for part in parts))
        conditions.append(m.Port.id.in_(select(m.FixedIp.port_id).where(like)))
    if not conditions:
        raise HTTPBadRequest(f"Invalid input for fixed_ips. Reason: '{list(values)}' is not valid.")
    return and_(*conditions)


def _security_groups(values: Sequence[str]) -> Condition:
    members = select(m.PortSecurityGroup.port_id).where(
        m.PortSecurityGroup.security_group_id.in_(list(values))
    )
    return m.Port.id.in_(members)


def _visible(ctx: Context) -> Condition:
    if ctx.is_admin:
        return true()
    own = select(m.Network.id).where(ctx.own(m.Network.project_id))
    return or_(ctx.own(m.Port.project_id), m.Port.network_id.in_(own))


class PortStyle(NetworkStyle):
    """Ports of one request share what is read for them."""

    def create(
        self, resource: Resource, ctx: Context, parent: Any = None, *, body: Body, **above: str
    ) -> Body:
        several = body.get(resource.collection)
        if isinstance(several, list):
            batches.begin(ctx, len(several))
        return super().create(resource, ctx, parent, body=body, **above)


PORTS = Resource(
    PORT.name,
    PortStyle(),
    plural=PORT.collection,
    load=ports.get,
    rendered=rendered,
    attributes=PORT,
    listing=listing_of(
        m.Port,
        (
            "name",
            "network_id",
            "mac_address",
            "ip_allocation",
            "status",
            "device_id",
            "device_owner",
            "admin_state_up",
        ),
        tagged(
            m.Port,
            "name",
            "network_id",
            "device_id",
            "device_owner",
            "ip_allocation",
            "status",
            mac_address=lambda values: m.Port.mac_address.in_([v.lower() for v in values]),
            admin_state_up=boolean(m.Port.admin_state_up),
            port_security_enabled=boolean(m.Port.port_security_enabled),
            fixed_ips=_fixed_ips,
            security_groups=_security_groups,
            **{
                "binding:host_id": exact(m.Port.binding_host),
                "binding:vnic_type": exact(m.Port.vnic_type),
            },
        ),
        visible=_visible,
        missing=lambda marker: PortNotFound(port_id=marker),
    ),
    create=Verb(ports.create),
    update=Verb(address_changes.update_port),
    delete=Verb(ports.delete),
    new_target=_target,
    defaults=DEFAULTS,
    fresh=_fresh,
    prepare=_prepare,
    tagged=True,
)
ROUTES = PORTS.routes
