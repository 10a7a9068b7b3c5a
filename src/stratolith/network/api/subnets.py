"""/subnets"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import or_, select, true

from stratolith.kernel import addresses
from stratolith.kernel.context import Context
from stratolith.kernel.http.resource import (
    Condition,
    Invalid,
    Resource,
    Verb,
    boolean,
    exact,
    integer,
)
from stratolith.kernel.http.resource.rights import hidden, without
from stratolith.network import models as m
from stratolith.network.api.filters import checked, listing_of, tagged
from stratolith.network.api.style import STYLE, Target, own_target, project_target
from stratolith.network.exceptions.networks import SubnetNotFound
from stratolith.network.managers import (
    networks,
    parents,
    subnetpools,
    subnets,
    tags,
    visibility,
)
from stratolith.network.models import Subnet
from stratolith.network.schemas.fields import integer as number
from stratolith.network.schemas.subnets import SUBNET, render

Body = dict[str, Any]
DEFAULTS: dict[str, Any] = {"service_types": [], "segment_id": None}


def rendered(ctx: Context, rows: Sequence[Any]) -> list[Body]:
    tagged = tags.of(ctx, [row.id for row in rows])
    bodies = [render(row, tagged.get(row.id, []), external=row.network.external) for row in rows]
    return without(bodies, hidden(ctx, "get_subnet", ("segment_id",), own_target(ctx)))


def _target(ctx: Context, values: Body) -> Target:
    network = networks.get(ctx, values["network_id"])
    return {**network.policy_target(), **project_target(ctx, values)}


def _create(ctx: Context, project_id: str, values: Body) -> Any:
    network = networks.get(ctx, values["network_id"])
    return subnets.create(ctx, project_id, network, subnetpools.complete(ctx, values))


def _prepare(ctx: Context, rows: Sequence[Any]) -> None:
    visibility.note_granted(ctx, parents.hold(ctx, rows, Subnet.network))


def _cidr(text: str) -> str:
    """A CIDR in normal form; a single address is accepted, although no subnet equals it."""
    try:
        if "/" not in text:
            return str(addresses.address(text))
        return str(addresses.prefix(text).network)
    except ValueError:
        raise Invalid(f"{text} is not in a CIDR format.") from None


def _visible(ctx: Context) -> Condition:
    if ctx.is_admin:
        return true()
    networks = select(m.Network.id).where(visibility.of_networks(ctx))
    return or_(ctx.own(m.Subnet.project_id), m.Subnet.network_id.in_(networks))


SUBNETS = Resource(
    SUBNET.name,
    STYLE,
    plural=SUBNET.collection,
    load=subnets.get,
    rendered=rendered,
    attributes=SUBNET,
    listing=listing_of(
        m.Subnet,
        ("name", "network_id", "cidr", "gateway_ip", "ip_version", "enable_dhcp", "segment_id"),
        tagged(
            m.Subnet,
            "name",
            "network_id",
            "gateway_ip",
            "subnetpool_id",
            "segment_id",
            "ipv6_ra_mode",
            "ipv6_address_mode",
            cidr=checked(exact(m.Subnet.cidr), _cidr),
            ip_version=checked(integer(m.Subnet.ip_version), number()),
            enable_dhcp=boolean(m.Subnet.enable_dhcp),
            **{
                "router:external": lambda values: m.Subnet.network_id.in_(
                    select(m.Network.id).where(boolean(m.Network.external)(values))
                )
            },
            shared=lambda values: m.Subnet.network_id.in_(
                select(m.Network.id).where(boolean(m.Network.shared)(values))
            ),
        ),
        visible=_visible,
        missing=lambda marker: SubnetNotFound(subnet_id=marker),
    ),
    create=Verb(_create),
    update=Verb(subnets.update),
    delete=Verb(subnets.delete),
    new_target=_target,
    defaults=DEFAULTS,
    prepare=_prepare,
    tagged=True,
)
ROUTES = SUBNETS.routes
