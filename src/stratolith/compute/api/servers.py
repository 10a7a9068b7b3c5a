"""Servers over HTTP: create, list, show, update, delete. Actions are in server_actions.py."""

from __future__ import annotations

import ipaddress
import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from stratolith.compute.api import server_disks, server_lists
from stratolith.compute.api.links import resource_links, since
from stratolith.compute.api.server_views import full, load_render_data
from stratolith.compute.managers import (
    metadata_service,
    server_actions,
    server_create,
    server_operations,
    servers,
)
from stratolith.compute.managers.server_spec import ServerSpec, check_limits
from stratolith.compute.models import Server
from stratolith.compute.schemas import server_lists as list_schemas
from stratolith.compute.schemas import servers as schemas
from stratolith.compute.schemas.types import as_bool, as_int
from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import BadRequest, NotFound
from stratolith.kernel.http import Response
from stratolith.kernel.http.routing import KEEP_SHORT, Route

Body = dict[str, Any]
_P = "os_compute_api:servers:"
_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789"


def create(ctx: Context, body: Body) -> Response:
    """Create servers; they are built in the background."""
    wanted = body["server"]
    hints = body.get("os:scheduler_hints") or body.get("OS-SCH-HNT:scheduler_hints") or {}
    password = wanted.get("adminPass") or make_password()
    spec = replace(read(ctx, wanted, hints), admin_pass=password)
    created = server_create.create(ctx, spec)
    if as_bool(wanted.get("return_reservation_id", False)):
        return Response({"reservation_id": created[0].reservation_id}, status=202)
    first = created[0]
    links = resource_links(ctx, "servers", first.id)
    answer = {
        "id": first.id,
        "links": links,
        "OS-DCF:diskConfig": first.disk_config,
        "security_groups": [{"name": name} for name in first.security_groups or ["default"]],
        "adminPass": password,
    }
    return Response({"server": answer}, status=202, headers={"Location": links[0]["href"]})


def canonical(address: str | None) -> str | None:
    """An IPv6 address in its shortest form; None for an empty address."""
    return str(ipaddress.IPv6Address(address)) if address else None


def make_password() -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(12))


def read(ctx: Context, wanted: Mapping[str, Any], hints: Mapping[str, Any]) -> ServerSpec:
    """The spec from the body of a create request; raises BadRequest that names the field."""
    low = as_int(wanted.get("min_count", 1), "min_count", 1)
    high = as_int(wanted.get("max_count", max(low, 1)), "max_count", 1)
    if low > high:
        raise BadRequest("min_count must be <= max_count")
    if (low > 1 or high > 1) and wanted.get("hostname"):
        raise BadRequest("A hostname can only be given to a single server.")
    if wanted.get("trusted_image_certificates"):
        raise BadRequest("trusted_image_certificates: this cloud does not validate certificates.")
    networks = wanted.get("networks")
    if networks in ("auto", "none") and not since(ctx, 37):
        raise BadRequest("networks: auto and none need microversion 2.37.")
    zone = wanted.get("availability_zone")
    if zone and ":" in zone and (wanted.get("host") or wanted.get("hypervisor_hostname")):
        raise BadRequest("A host cannot be requested twice, by availability_zone and by host.")
    requested_disks = server_disks.read(ctx, wanted, high)
    return ServerSpec(
        name=wanted["name"].strip(),
        flavor_ref=str(wanted["flavorRef"]).rsplit("/", 1)[-1],
        image_ref=wanted.get("imageRef") or "",
        disks=requested_disks,
        networks=networks,
        security_groups=[
            group["name"] for group in wanted.get("security_groups", ()) if "name" in group
        ],
        key_name=wanted.get("key_name"),
        user_data=wanted.get("user_data"),
        files={file["path"]: file["contents"] for file in wanted.get("personality", ())},
        config_drive=as_bool(wanted.get("config_drive", False)),
        availability_zone=zone,
        host=wanted.get("host"),
        node=wanted.get("hypervisor_hostname"),
        min_count=low,
        max_count=high,
        metadata=wanted.get("metadata", {}),
        tags=wanted.get("tags", ()),
        description=description_of(ctx, wanted),
        hostname=wanted.get("hostname"),
        access_ip_v4=wanted.get("accessIPv4") or None,
        access_ip_v6=canonical(wanted.get("accessIPv6")),
        disk_config=wanted.get("OS-DCF:diskConfig", "MANUAL"),
        hints=hints,
        knows_port_demands=since(ctx, 72),
    )


def description_of(ctx: Context, wanted: Mapping[str, Any]) -> str | None:
    """Before 2.19 the name is used as the description."""
    return wanted.get("description") if since(ctx, 19) else wanted["name"]


def show(ctx: Context, server: Server) -> Body:
    return {"server": full(ctx, server, load_render_data(ctx, [server], groups=True))}


def update(ctx: Context, server: Server, body: Body) -> Body:
    wanted = body["server"]
    columns = {
        "name": "name",
        "description": "description",
        "hostname": "hostname",
        "OS-DCF:diskConfig": "disk_config",
        "accessIPv4": "access_ip_v4",
        "accessIPv6": "access_ip_v6",
    }
    changes = {columns[key]: value for key, value in wanted.items()}
    if "access_ip_v4" in changes:
        changes["access_ip_v4"] = changes["access_ip_v4"] or None
    if "access_ip_v6" in changes:
        changes["access_ip_v6"] = canonical(changes["access_ip_v6"])
    if "name" in changes:
        changes["name"] = changes["name"].strip()
    servers.update(ctx, server, changes)
    answer = full(ctx, server, load_render_data(ctx, [server], groups=True))
    return {"server": answer if since(ctx, 75) else without_newer(answer)}


_OLD_ANSWER = {
    "accessIPv4",
    "accessIPv6",
    "addresses",
    "created",
    "flavor",
    "hostId",
    "id",
    "image",
    "links",
    "metadata",
    "name",
    "progress",
    "status",
    "tenant_id",
    "updated",
    "user_id",
    "OS-DCF:diskConfig",
    "fault",
    "locked",
    "description",
    "tags",
    "trusted_image_certificates",
    "server_groups",
    "locked_reason",
}


def without_newer(answer: Body) -> Body:
    """Before 2.75 the answers to update and rebuild had fewer fields than the answer to show."""
    kept = {key: value for key, value in answer.items() if key in _OLD_ANSWER}
    kept["addresses"] = {
        label: [{"version": address["version"], "addr": address["addr"]} for address in listed]
        for label, listed in answer["addresses"].items()
    }
    return kept


def remove(ctx: Context, server: Server) -> None:
    server_actions.delete(ctx, server)


# -- metadata ------------------------------------------------------------------------------------


def list_metadata(ctx: Context, server: Server) -> Body:
    return {"metadata": server.properties}


def show_metadata(ctx: Context, server: Server, key: str) -> Body:
    _require_key(server, key)
    return {"meta": {key: server.properties[key]}}


def create_metadata(ctx: Context, server: Server, body: Body) -> Body:
    _set_metadata(ctx, server, {**server.properties, **body["metadata"]})
    return {"metadata": server.properties}


def replace_metadata(ctx: Context, server: Server, body: Body) -> Body:
    _set_metadata(ctx, server, body["metadata"])
    return {"metadata": server.properties}


def update_metadata(ctx: Context, server: Server, key: str, body: Body) -> Body:
    if list(body["meta"]) != [key]:
        raise BadRequest("Request body and URI mismatch")
    _set_metadata(ctx, server, {**server.properties, **body["meta"]})
    return {"meta": body["meta"]}


def remove_metadata(ctx: Context, server: Server, key: str) -> None:
    _require_key(server, key)
    left = {name: value for name, value in server.properties.items() if name != key}
    _set_metadata(ctx, server, left)


def _require_key(server: Server, key: str) -> None:
    if key not in server.properties:
        raise NotFound("Metadata item was not found")


def _set_metadata(ctx: Context, server: Server, metadata: Mapping[str, str]) -> None:
    server_operations.require_unlocked(ctx, server)
    check_limits(ctx, metadata, {})
    server.properties = dict(metadata)
    metadata_service.changed(ctx, server)


_META = "os_compute_api:server-metadata:"
_SERVER: dict[str, Any] = {"load": servers.get, "loads": "server_id"}
_KEY = "/servers/{server_id}/metadata/{key}"
_LIST: dict[str, Any] = {"query": list_schemas.LIST_QUERY, "keep": KEEP_SHORT}

ROUTES = [
    Route.get("/servers", server_lists.index, rule=_P + "index", **_LIST),
    Route.get("/servers/detail", server_lists.detail, rule=_P + "detail", **_LIST),
    Route.post("/servers", create, rule=_P + "create", body=schemas.CREATE),
    Route.get("/servers/{server_id}", show, rule=_P + "show", keep=KEEP_SHORT, **_SERVER),
    Route.put("/servers/{server_id}", update, rule=_P + "update", body=schemas.UPDATE, **_SERVER),
    Route.delete("/servers/{server_id}", remove, rule=_P + "delete", **_SERVER),
    Route.get("/servers/{server_id}/metadata", list_metadata, rule=_META + "index", **_SERVER),
    Route.post(
        "/servers/{server_id}/metadata",
        create_metadata,
        rule=_META + "create",
        body=schemas.METADATA_BODY,
        **_SERVER,
    ),
    Route.put(
        "/servers/{server_id}/metadata",
        replace_metadata,
        rule=_META + "update_all",
        body=schemas.METADATA_BODY,
        **_SERVER,
    ),
    Route.get(_KEY, show_metadata, rule=_META + "show", **_SERVER),
    Route.put(_KEY, update_metadata, rule=_META + "update", body=schemas.META_BODY, **_SERVER),
    Route.delete(_KEY, remove_metadata, rule=_META + "delete", **_SERVER),
]
