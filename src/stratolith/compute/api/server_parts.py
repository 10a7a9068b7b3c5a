"""Sub-resources of a server: addresses, interfaces, security groups, tags, password."""

from __future__ import annotations

from typing import Any

from stratolith.compute.api import server_networks
from stratolith.compute.api.links import since, version_url
from stratolith.compute.api.proxies.security_groups import render_all
from stratolith.compute.api.server_views import addresses
from stratolith.compute.exceptions import ItemNotFound, TagNotFound
from stratolith.compute.managers import interfaces, metadata_service, server_operations, servers
from stratolith.compute.managers.server_create import network_request
from stratolith.compute.models import Server
from stratolith.compute.schemas import server_parts as schemas
from stratolith.compute.schemas.server_actions import INTERFACE
from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import BadRequest
from stratolith.kernel.http import Response
from stratolith.kernel.http.routing import Route
from stratolith.network.managers.servers.server_ports import NetworkRequest, ServerPort

Body = dict[str, Any]
_P = "os_compute_api:"
_S = "/servers/{server_id}"


# -- addresses -----------------------------------------------------------------------------------


def list_ips(ctx: Context, server: Server) -> Body:
    return {"addresses": addresses(interfaces.of_server(ctx, server), extended=False)}


def show_ips(ctx: Context, server: Server, label: str) -> Body:
    by_network = addresses(interfaces.of_server(ctx, server), extended=False)
    if label not in by_network:
        raise ItemNotFound(what=f"Network {label} of instance {server.id}")
    return {label: by_network[label]}


# -- interfaces ----------------------------------------------------------------------------------


def _interface(ctx: Context, port: ServerPort) -> Body:
    answer: Body = {
        "port_id": port.port_id,
        "net_id": port.network_id,
        "port_state": port.status,
        "mac_addr": port.mac,
        "fixed_ips": [
            {"ip_address": fixed_ip["ip_address"], "subnet_id": fixed_ip["subnet_id"]}
            for fixed_ip in port.fixed_ips
        ],
    }
    if since(ctx, 70):
        answer["tag"] = port.tag
    return answer


def list_interfaces(ctx: Context, server: Server) -> Body:
    attachments = [_interface(ctx, port) for port in interfaces.of_server(ctx, server)]
    return {"interfaceAttachments": attachments}


def show_interface(ctx: Context, server: Server, port_id: str) -> Body:
    return {"interfaceAttachment": _interface(ctx, interfaces.get(ctx, server, port_id))}


def attach_interface(ctx: Context, server: Server, body: Body) -> Body:
    wanted = body.get("interfaceAttachment") or {}
    network_id, port_id = wanted.get("net_id"), wanted.get("port_id")
    fixed = [fixed_ip["ip_address"] for fixed_ip in wanted.get("fixed_ips", ())]
    if network_id and port_id:
        raise BadRequest("Must not input both network_id and port_id")
    if fixed and not network_id:
        raise BadRequest("Must input network_id when request IP address")
    request: NetworkRequest | None = None
    if network_id or port_id:
        request = network_request(
            {
                "uuid": network_id,
                "port": port_id,
                "fixed_ip": fixed[0] if fixed else None,
                "tag": wanted.get("tag"),
            }
        )
    return {"interfaceAttachment": _interface(ctx, interfaces.attach(ctx, server, request))}


def detach_interface(ctx: Context, server: Server, port_id: str) -> None:
    interfaces.detach(ctx, server, port_id)


# -- security groups -----------------------------------------------------------------------------


def list_security_groups(ctx: Context, server: Server) -> Body:
    groups = server_networks.security_groups_of(ctx, server)
    return {"security_groups": render_all(ctx, groups)}


# -- tags ----------------------------------------------------------------------------------------


def list_tags(ctx: Context, server: Server) -> Body:
    return {"tags": servers.tags_of(ctx, [server.id]).get(server.id, [])}


def replace_tags(ctx: Context, server: Server, body: Body) -> Body:
    return {"tags": servers.replace_tags(ctx, server, body["tags"])}


def remove_tags(ctx: Context, server: Server) -> None:
    servers.replace_tags(ctx, server, [])


def show_tag(ctx: Context, server: Server, tag: str) -> Response:
    if tag not in servers.tags_of(ctx, [server.id]).get(server.id, []):
        raise TagNotFound(server_id=server.id, tag=tag)
    return Response(status=204)


def add_tag(ctx: Context, server: Server, tag: str) -> Response:
    schemas.ONE_TAG.check(tag, ctx.microversion, what="tag")
    have = servers.tags_of(ctx, [server.id]).get(server.id, [])
    if tag not in have and len(have) >= schemas.MAX_TAGS:
        raise BadRequest(f"The number of tags exceeded the per-server limit {schemas.MAX_TAGS}")
    if not servers.add_tag(ctx, server, tag):
        return Response(status=204)
    location = f"{version_url(ctx)}/servers/{server.id}/tags/{tag}"
    return Response(status=201, headers={"Location": location})


def remove_tag(ctx: Context, server: Server, tag: str) -> None:
    if not servers.remove_tag(ctx, server, tag):
        raise TagNotFound(server_id=server.id, tag=tag)


# -- the guest's password ------------------------------------------------------------------------


def show_password(ctx: Context, server: Server) -> Body:
    return {"password": server.password or ""}


def clear_password(ctx: Context, server: Server) -> None:
    server_operations.require_unlocked(ctx, server)
    server.password = None
    metadata_service.changed(ctx, server)


_SERVER: dict[str, Any] = {"load": servers.get, "loads": "server_id"}
_TAG = _S + "/tags/{tag}"
_TAGS, _IFACE = _P + "os-server-tags:", _P + "os-attach-interfaces:"

ROUTES = [
    Route.get(_S + "/ips", list_ips, rule=_P + "ips:index", **_SERVER),
    Route.get(_S + "/ips/{label}", show_ips, rule=_P + "ips:show", **_SERVER),
    Route.get(_S + "/os-interface", list_interfaces, rule=_IFACE + "list", **_SERVER),
    Route.post(
        _S + "/os-interface", attach_interface, rule=_IFACE + "create", body=INTERFACE, **_SERVER
    ),
    Route.get(_S + "/os-interface/{port_id}", show_interface, rule=_IFACE + "show", **_SERVER),
    Route.delete(
        _S + "/os-interface/{port_id}",
        detach_interface,
        rule=_IFACE + "delete",
        status=202,
        **_SERVER,
    ),
    Route.get(
        _S + "/os-security-groups",
        list_security_groups,
        rule=_P + "os-security-groups:list",
        **_SERVER,
    ),
    Route.get(_S + "/tags", list_tags, rule=_TAGS + "index", since="2.26", **_SERVER),
    Route.put(
        _S + "/tags",
        replace_tags,
        rule=_TAGS + "update_all",
        body=schemas.TAGS_BODY,
        since="2.26",
        **_SERVER,
    ),
    Route.delete(_S + "/tags", remove_tags, rule=_TAGS + "delete_all", since="2.26", **_SERVER),
    Route.get(_TAG, show_tag, rule=_TAGS + "show", since="2.26", **_SERVER),
    Route.put(_TAG, add_tag, rule=_TAGS + "update", since="2.26", **_SERVER),
    Route.delete(_TAG, remove_tag, rule=_TAGS + "delete", since="2.26", **_SERVER),
    Route.get(
        _S + "/os-server-password", show_password, rule=_P + "os-server-password:show", **_SERVER
    ),
    Route.delete(
        _S + "/os-server-password",
        clear_password,
        rule=_P + "os-server-password:clear",
        **_SERVER,
    ),
]
