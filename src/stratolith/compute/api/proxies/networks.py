"""Networks through the compute API, for old clients (below 2.36): ids and labels.

The other fields belonged to the former network service inside compute; they stay without values.
"""

from __future__ import annotations

from typing import Any

from stratolith.compute.api.links import limited
from stratolith.kernel.context import Context
from stratolith.kernel.http import proxy
from stratolith.kernel.http.routing import Route

Body = dict[str, Any]
_RULE = "os_compute_api:os-networks:"
_FIELDS = [
    "cidr",
    "netmask",
    "gateway",
    "broadcast",
    "dns1",
    "dns2",
    "cidr_v6",
    "gateway_v6",
    "netmask_v6",
]
_ADMIN_FIELDS = [
    "created_at",
    "updated_at",
    "deleted_at",
    "deleted",
    "injected",
    "bridge",
    "vlan",
    "vpn_public_address",
    "vpn_public_port",
    "vpn_private_address",
    "dhcp_start",
    "project_id",
    "host",
    "bridge_interface",
    "multi_host",
    "priority",
    "rxtx_base",
    "mtu",
    "dhcp_server",
    "enable_dhcp",
    "share_address",
]


def _render(ctx: Context, network: Body) -> Body:
    names = [*_FIELDS, *(_ADMIN_FIELDS if ctx.is_admin else ())]
    return {"id": network["id"], "label": network["name"], **dict.fromkeys(names)}


def index(ctx: Context) -> Body:
    networks = proxy.every(ctx, "network", "/networks", "networks")
    networks.sort(key=lambda network: (network["name"], network["id"]))
    return {"networks": [_render(ctx, network) for network in limited(ctx, networks)]}


def show(ctx: Context, network_id: str) -> Body:
    path = f"/networks/{proxy.segment(network_id)}"
    return {"network": _render(ctx, proxy.call(ctx, "network", "GET", path)["network"])}


# -- os-tenant-networks: the same networks, with fewer fields -------------------------------------


def _render_brief(network: Body) -> Body:
    return {"id": network["id"], "label": network["name"], "cidr": "None"}


def index_brief(ctx: Context) -> Body:
    rendered = [
        _render_brief(network) for network in proxy.every(ctx, "network", "/networks", "networks")
    ]
    return {"networks": sorted(rendered, key=lambda network: (network["label"], network["id"]))}


def show_brief(ctx: Context, network_id: str) -> Body:
    path = f"/networks/{proxy.segment(network_id)}"
    return {"network": _render_brief(proxy.call(ctx, "network", "GET", path)["network"])}


_OLD: dict[str, Any] = {"until": "2.35"}
_TENANT = "os_compute_api:os-tenant-networks:"
ROUTES = [
    Route.get("/os-networks", index, rule=_RULE + "list", **_OLD),
    Route.get("/os-networks/{network_id}", show, rule=_RULE + "show", **_OLD),
    Route.get("/os-tenant-networks", index_brief, rule=_TENANT + "list", **_OLD),
    Route.get("/os-tenant-networks/{network_id}", show_brief, rule=_TENANT + "show", **_OLD),
]
