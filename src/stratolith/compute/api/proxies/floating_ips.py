"""Floating IPs and their pools as old clients reach them through compute (below 2.36).

A pool is an external network. Every route runs the network service's own
(kernel/http/proxy.py); nothing is kept here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stratolith.compute.api.links import limited
from stratolith.compute.api.proxies import network_proxy
from stratolith.compute.exceptions import ItemNotFound
from stratolith.compute.schemas import floating_ips as schemas
from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import BadRequest, Forbidden, NotFound
from stratolith.kernel.http import Response, proxy
from stratolith.kernel.http.routing import Route
from stratolith.kernel.ids import is_uuid
from stratolith.network.exceptions import IpAddressGenerationFailure, OverQuota
from stratolith.network.managers import visibility
from stratolith.network.managers.servers import server_ports

Body = dict[str, Any]
_RULE = "os_compute_api:os-floating-ips:"
_PATH = "/floatingips"


def _render_all(ctx: Context, floating: Sequence[Body]) -> list[Body]:
    servers = server_ports.servers_of(ctx, [one["port_id"] for one in floating if one["port_id"]])
    pools = {one["id"]: one["name"] for one in network_proxy.external_networks(ctx)}
    return [
        {
            "id": one["id"],
            "ip": one["floating_ip_address"],
            "fixed_ip": one["fixed_ip_address"],
            "pool": pools.get(one["floating_network_id"]) or one["floating_network_id"],
            "instance_id": servers.get(one["port_id"] or ""),
        }
        for one in floating
    ]


def _path(floating_id: str) -> str:
    if not is_uuid(floating_id):
        raise BadRequest(f"Floating IP id {floating_id} is no uuid.")
    return f"{_PATH}/{floating_id}"


def _pool(ctx: Context, name: str | None) -> str:
    """The network id of a pool by name or id; of the cloud's or an own one when none is named.

    Whoever opens a network to a project as external chooses its name: such a pool takes no
    name away from the cloud's, and nobody gets an address of it who did not ask for it.
    """
    networks = network_proxy.external_networks(ctx)
    found = [one for one in networks if name in (None, one["id"], one["name"])]
    common = visibility.external_for_all(ctx, [one["id"] for one in found])
    of_the_cloud = [one for one in found if one["id"] in common]
    if name is None:
        found = of_the_cloud or [one for one in found if ctx.owns(one["project_id"])]
    elif len(found) > 1:
        found = of_the_cloud or found
    if not found:
        raise ItemNotFound(what=f"Floating IP pool {name}" if name else "A floating IP pool")
    if name is not None and len(found) > 1:
        raise BadRequest(f"Several floating IP pools are called {name}: name one by its id.")
    return str(found[0]["id"])


def index(ctx: Context) -> Body:
    found = proxy.every(ctx, "network", _PATH, "floatingips", project_id=ctx.project_id)
    found.sort(key=lambda one: one["floating_ip_address"])
    return {"floating_ips": _render_all(ctx, limited(ctx, found))}


def show(ctx: Context, floating_id: str) -> Body:
    found = proxy.call(ctx, "network", "GET", _path(floating_id))["floatingip"]
    return {"floating_ip": _render_all(ctx, [found])[0]}


def create(ctx: Context, body: Body | None) -> Body:
    wanted = {"floating_network_id": _pool(ctx, (body or {}).get("pool"))}
    try:
        made = proxy.call(ctx, "network", "POST", _PATH, {"floatingip": wanted})["floatingip"]
    except OverQuota as error:  # as these clients know it
        raise Forbidden(str(error)) from None
    except IpAddressGenerationFailure as error:
        raise NotFound(str(error)) from None
    return {"floating_ip": _render_all(ctx, [made])[0]}


def remove(ctx: Context, floating_id: str) -> Response:
    proxy.call(ctx, "network", "DELETE", _path(floating_id))
    return Response(status=202)


def pools(ctx: Context) -> Body:
    found = network_proxy.external_networks(ctx)
    return {"floating_ip_pools": [{"name": one["name"] or one["id"]} for one in found]}


_OLD: dict[str, Any] = {"until": "2.35"}
_ALL, _ID = "/os-floating-ips", "/os-floating-ips/{floating_id}"
ROUTES = [
    Route.get(_ALL, index, rule=_RULE + "list", **_OLD),
    Route.post(_ALL, create, rule=_RULE + "create", body=schemas.CREATE, **_OLD),
    Route.get(_ID, show, rule=_RULE + "show", **_OLD),
    Route.delete(_ID, remove, rule=_RULE + "delete", **_OLD),
    Route.get("/os-floating-ip-pools", pools, rule="os_compute_api:os-floating-ip-pools", **_OLD),
]
