"""Floating IPs and their pools as old clients reach them through compute (below 2.36).

A pool is an external network. Each route asks the network service's managers; nothing is
kept here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stratolith.compute.exceptions import ItemNotFound
from stratolith.compute.schemas import floating_ips as schemas
from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import BadRequest, Forbidden, NotFound
from stratolith.kernel.http import Response
from stratolith.kernel.http.routing import Route
from stratolith.kernel.ids import is_uuid
from stratolith.network.exceptions import IpAddressGenerationFailure, OverQuota
from stratolith.network.managers import floatingips, lookups, networks, server_ports

Body = dict[str, Any]
_RULE = "os_compute_api:os-floating-ips:"


def _render_all(ctx: Context, floating: Sequence[Any]) -> list[Body]:
    servers = server_ports.servers_of(ctx, [one.port_id for one in floating if one.port_id])
    pools = networks.labels(ctx, [one.floating_network_id for one in floating])
    return [
        {
            "id": one.id,
            "ip": one.floating_ip_address,
            "fixed_ip": one.fixed_ip_address,
            "pool": pools.get(one.floating_network_id) or one.floating_network_id,
            "instance_id": servers.get(one.port_id or ""),
        }
        for one in floating
    ]


def _get(ctx: Context, floating_id: str) -> Any:
    if not is_uuid(floating_id):
        raise BadRequest(f"Floating IP id {floating_id} is no uuid.")
    return floatingips.get(ctx, floating_id)


def _pool(ctx: Context, name: str | None) -> str:
    """The network id of a pool by name or id; of the first one when none is named."""
    found = [
        network.id
        for network in lookups.visible_networks(ctx, external=True)
        if name in (None, network.id, network.name)
    ]
    if not found:
        raise ItemNotFound(what=f"Floating IP pool {name}" if name else "A floating IP pool")
    if name is not None and len(found) > 1:
        raise BadRequest(f"Several floating IP pools are called {name}: name one by its id.")
    return str(found[0])


def index(ctx: Context) -> Body:
    return {"floating_ips": _render_all(ctx, lookups.floating_ips(ctx, ctx.project_id))}


def show(ctx: Context, floating_id: str) -> Body:
    return {"floating_ip": _render_all(ctx, [_get(ctx, floating_id)])[0]}


def create(ctx: Context, body: Body | None) -> Body:
    values = {"floating_network_id": _pool(ctx, (body or {}).get("pool"))}
    try:
        floating = floatingips.create(ctx, ctx.project_id, values)
    except OverQuota as error:  # as these clients know it
        raise Forbidden(str(error)) from None
    except IpAddressGenerationFailure as error:
        raise NotFound(str(error)) from None
    return {"floating_ip": _render_all(ctx, [floating])[0]}


def remove(ctx: Context, floating_id: str) -> Response:
    floatingips.delete(ctx, _get(ctx, floating_id))
    return Response(status=202)


def pools(ctx: Context) -> Body:
    found = lookups.visible_networks(ctx, external=True)
    return {"floating_ip_pools": [{"name": network.name or network.id} for network in found]}


_OLD: dict[str, Any] = {"until": "2.35"}
_ALL, _ID = "/os-floating-ips", "/os-floating-ips/{floating_id}"
ROUTES = [
    Route.get(_ALL, index, rule=_RULE + "list", **_OLD),
    Route.post(_ALL, create, rule=_RULE + "create", body=schemas.CREATE, **_OLD),
    Route.get(_ID, show, rule=_RULE + "show", **_OLD),
    Route.delete(_ID, remove, rule=_RULE + "delete", **_OLD),
    Route.get("/os-floating-ip-pools", pools, rule="os_compute_api:os-floating-ip-pools", **_OLD),
]
