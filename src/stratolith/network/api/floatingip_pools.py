"""/floatingip_pools: the subnets that floating IPs can be taken from"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from stratolith.kernel.context import Context
from stratolith.kernel.http.routing import Route
from stratolith.network import models as m
from stratolith.network.api import lists
from stratolith.network.api.style import own_target
from stratolith.network.managers import visibility


def index(ctx: Context) -> dict[str, Any]:
    """The IPv4 subnets of external networks that the caller may see; they have no filters."""
    unknown = [name for name in ctx.query if name not in lists.NOT_FILTERS]
    if unknown:
        raise lists.unknown_filters(unknown)
    lists.order_asked(ctx, ())
    if not ctx.can("get_floatingip_pool", own_target(ctx)):
        return {"floatingip_pools": []}
    rows = ctx.session.scalars(
        select(m.Subnet)
        .join(m.Network, m.Network.id == m.Subnet.network_id)
        .where(m.Network.external.is_(True), m.Subnet.ip_version == 4)
        .where(visibility.of_networks(ctx))
        .order_by(m.Subnet.id)
    )
    pools = [
        {
            "subnet_id": subnet.id,
            "subnet_name": subnet.name,
            "network_id": subnet.network_id,
            "cidr": subnet.cidr,
            "project_id": ctx.project_id,  # who asks, as upstream
            "tenant_id": ctx.project_id,
        }
        for subnet in rows
    ]
    return {"floatingip_pools": lists.chosen_fields(ctx, pools)}


ROUTES = [Route.get("/floatingip_pools", index)]
