"""Floating IPs and their pools through the compute API, for old clients (below 2.36).

A pool is an external network. Every route calls the network service's own route
(kernel/http/proxy.py); nothing is stored here.
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
from stratolith.network.exceptions.general import OverQuota
from stratolith.network.exceptions.ports import IpAddressGenerationFailure
from stratolith.network.managers import visibility
from stratolith.network.managers.servers import server_ports

Body = dict[str, Any]
_RULE = "os_compute_api:os-floating-ips:"
_PATH = "/floatingips"


def _render_all(ctx: Context, rows: Sequence[Body]) -> list[Body]:
    servers = server_ports.servers_of(ctx, [row["port_id"] for row in rows if row["port_id"]])
    pools = {row["id"]: row["name"] for row in network_proxy.external_networks(ctx)}
    return [
        {
            "id": row["id"],
            "ip": row["floating_ip_address"],
            "fixed_ip": row["fixed_ip_address"],
            "pool": pools.get(row["floating_network_id"]) or row["floating_network_id"],
            "instance_id": servers.get(row["port_id"] or ""),
        }
        for row in rows
    ]


def _path(floating_id: str) -> str:
    if not is_uuid(floating_id):
        raise BadRequest(f"Floating IP id {floating_id} is no uuid.")
    return f"{_PATH}/{floating_id}"


def _pool(ctx: Context, name: str | None) -> str:
    """The network id of a pool by name or id; without a name: a shared pool, else an own one.

    A shared pool is external for all projects. A network that another project made external for
    the caller's project may have any name, so shared pools of the same name come first, and it
    is used only if the request names it.
    """
    networks = network_proxy.external_networks(ctx)
    matching = [network for network in networks if name in (None, network["id"], network["name"])]
    common = visibility.external_for_all(ctx, [network["id"] for network in matching])
    shared = [network for network in matching if network["id"] in common]
    if name is None:
        matching = shared or [network for network in matching if ctx.owns(network["project_id"])]
    elif len(matching) > 1:
        matching = shared or matching
    if not matching:
        raise ItemNotFound(what=f"Floating IP pool {name}" if name else "A floating IP pool")
    if name is not None and len(matching) > 1:
        raise BadRequest(f"Several floating IP pools are called {name}: name one by its id.")
    return str(matching[0]["id"])


def index(ctx: Context) -> Body:
    floating_ips = proxy.every(ctx, "network", _PATH, "floatingips", project_id=ctx.project_id)
    floating_ips.sort(key=lambda row: row["floating_ip_address"])
    return {"floating_ips": _render_all(ctx, limited(ctx, floating_ips))}


def show(ctx: Context, floating_id: str) -> Body:
    floating_ip = proxy.call(ctx, "network", "GET", _path(floating_id))["floatingip"]
    return {"floating_ip": _render_all(ctx, [floating_ip])[0]}


def create(ctx: Context, body: Body | None) -> Body:
    wanted = {"floating_network_id": _pool(ctx, (body or {}).get("pool"))}
    try:
        created = proxy.call(ctx, "network", "POST", _PATH, {"floatingip": wanted})["floatingip"]
    except OverQuota as error:  # old clients expect 403 here
        raise Forbidden(str(error)) from None
    except IpAddressGenerationFailure as error:
        raise NotFound(str(error)) from None
    return {"floating_ip": _render_all(ctx, [created])[0]}


def remove(ctx: Context, floating_id: str) -> Response:
    proxy.call(ctx, "network", "DELETE", _path(floating_id))
    return Response(status=202)


def pools(ctx: Context) -> Body:
    networks = network_proxy.external_networks(ctx)
    return {
        "floating_ip_pools": [{"name": network["name"] or network["id"]} for network in networks]
    }


_OLD: dict[str, Any] = {"until": "2.35"}
_ALL, _ID = "/os-floating-ips", "/os-floating-ips/{floating_id}"
ROUTES = [
    Route.get(_ALL, index, rule=_RULE + "list", **_OLD),
    Route.post(_ALL, create, rule=_RULE + "create", body=schemas.CREATE, **_OLD),
    Route.get(_ID, show, rule=_RULE + "show", **_OLD),
    Route.delete(_ID, remove, rule=_RULE + "delete", **_OLD),
    Route.get("/os-floating-ip-pools", pools, rule="os_compute_api:os-floating-ip-pools", **_OLD),
]
