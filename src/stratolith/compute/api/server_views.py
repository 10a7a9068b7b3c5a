"""The JSON form of servers, by microversion. Lists load their data in a few statements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from stratolith.compute.api.links import bookmark, resource_links, since
from stratolith.compute.managers import hosts, servers
from stratolith.compute.managers.state import status_of
from stratolith.compute.models import Server, ServerGroupMember
from stratolith.kernel.clock import naive_micro, zulu
from stratolith.kernel.context import Context
from stratolith.network.managers.servers.server_ports import ServerPort

Body = dict[str, Any]
_P = "os_compute_api:"
_PROGRESS = {"ACTIVE", "BUILD", "REBUILD", "RESIZE", "VERIFY_RESIZE", "MIGRATING"}


@dataclass
class RenderData:
    """Data for rendering in addition to the rows; ``host_status`` None: do not show it."""

    ports: Mapping[str, Sequence[ServerPort]] = field(default_factory=dict)
    tags: Mapping[str, Sequence[str]] = field(default_factory=dict)
    groups: Mapping[str, Sequence[str]] | None = None
    host_status: Mapping[str, str] | None = None
    unknown_only: bool = False  # show host_status only if it is UNKNOWN
    is_admin: bool = False
    extended: bool = False
    extra_specs: bool = False


def load_render_data(ctx: Context, rows: Sequence[Server], *, groups: bool = False) -> RenderData:
    """Load the data for rendering these rows."""
    ids = [row.id for row in rows]
    data = RenderData(
        ports=servers.addresses(ctx, ids),
        is_admin=ctx.is_admin,
        extended=ctx.can(_P + "os-extended-server-attributes"),
        extra_specs=since(ctx, 47) and ctx.can(_P + "servers:show:flavor-extra-specs"),
    )
    if since(ctx, 26):
        data.tags = servers.tags_of(ctx, ids)
    if groups and since(ctx, 71):
        members = ctx.session.execute(
            select(ServerGroupMember.server_id, ServerGroupMember.group_id).where(
                ServerGroupMember.server_id.in_(ids)
            )
        )
        data.groups = {server_id: [group_id] for server_id, group_id in members}
    if since(ctx, 16):
        shown = ctx.can(_P + "servers:show:host_status")
        data.unknown_only = not shown
        if shown or ctx.can(_P + "servers:show:host_status:unknown-only"):
            data.host_status = _host_status(ctx)
    return data


def _host_status(ctx: Context) -> dict[str, str]:
    records = hosts.beats(ctx)
    status_by_host = {}
    for row in hosts.all_hosts(ctx):
        if not hosts.is_up(ctx, row, records):
            status_by_host[row.host] = "DOWN"
        else:
            status_by_host[row.host] = "MAINTENANCE" if hosts.is_disabled(row, records) else "UP"
    return status_by_host


def brief(ctx: Context, row: Server) -> Body:
    return {"id": row.id, "name": row.name, "links": resource_links(ctx, "servers", row.id)}


def full(ctx: Context, row: Server, data: RenderData) -> Body:
    """One server in the answers to show, detail, update and rebuild."""
    status = "DELETED" if row.is_deleted else status_of(row.vm_state, row.task_state)
    ports = data.ports.get(row.id, ())
    answer: Body = {
        "id": row.id,
        "name": row.name,
        "status": status,
        "tenant_id": row.project_id,
        "user_id": row.user_id,
        "metadata": row.properties,
        "hostId": servers.host_id(row),
        "image": _image(ctx, row),
        "flavor": _flavor(ctx, row, data),
        "created": zulu(row.created_at),
        "updated": zulu(row.updated_at or row.created_at),
        "addresses": {} if row.vm_state == "building" else addresses(ports),
        "accessIPv4": row.access_ip_v4 or "",
        "accessIPv6": row.access_ip_v6 or "",
        "links": resource_links(ctx, "servers", row.id),
        "OS-DCF:diskConfig": row.disk_config,
        "OS-EXT-AZ:availability_zone": row.zone or row.pinned_zone or "",
        "config_drive": "True" if row.config_drive else "",
        "key_name": row.key_name,
        "OS-SRV-USG:launched_at": naive_micro(row.launched_at),
        "OS-SRV-USG:terminated_at": naive_micro(row.terminated_at),
        "OS-EXT-STS:task_state": row.task_state,
        "OS-EXT-STS:vm_state": row.vm_state,
        "OS-EXT-STS:power_state": row.power_state,
        "os-extended-volumes:volumes_attached": [],
    }
    if status in _PROGRESS:
        answer["progress"] = 100 if status == "ACTIVE" else 0
    if status in ("ERROR", "DELETED") and row.fault:
        answer["fault"] = _fault(row, data)
    groups = security_groups(row, ports)
    if groups:
        answer["security_groups"] = groups
    if data.extended:
        answer.update(_extended(ctx, row))
    _add_newer(ctx, row, data, answer)
    return answer


def _add_newer(ctx: Context, row: Server, data: RenderData, answer: Body) -> None:
    """Add the fields of newer microversions."""
    if since(ctx, 9):
        answer["locked"] = row.locked_by is not None
    if data.host_status is not None:
        host = row.host or ""
        status = data.host_status.get(host, "UNKNOWN") if host else ""
        if status == "UNKNOWN" or not data.unknown_only:
            answer["host_status"] = status
    if since(ctx, 19):
        answer["description"] = row.description
    if since(ctx, 26):
        answer["tags"] = list(data.tags.get(row.id, ()))
    if since(ctx, 63):
        answer["trusted_image_certificates"] = None
    if data.groups is not None:
        answer["server_groups"] = list(data.groups.get(row.id, ()))
    if since(ctx, 73):
        answer["locked_reason"] = row.locked_reason
    if since(ctx, 90) and not data.extended:
        answer["OS-EXT-SRV-ATTR:hostname"] = row.hostname
    if since(ctx, 96):
        answer["pinned_availability_zone"] = row.pinned_zone
    if since(ctx, 100):
        answer["scheduler_hints"] = row.scheduler_hints


def _extended(ctx: Context, row: Server) -> Body:
    prefix = "OS-EXT-SRV-ATTR:"
    answer: Body = {
        prefix + "host": row.host,
        prefix + "instance_name": row.instance_name,
        prefix + "hypervisor_hostname": row.host,
    }
    if since(ctx, 3):
        answer |= {
            prefix + "hostname": row.hostname,
            prefix + "kernel_id": "",
            prefix + "ramdisk_id": "",
            prefix + "launch_index": row.launch_index,
            prefix + "reservation_id": row.reservation_id,
            prefix + "root_device_name": "/dev/vda",
            prefix + "user_data": row.user_data,
        }
    return answer


def _image(ctx: Context, row: Server) -> Any:
    if not row.image_id:
        return ""
    answer: Body = {"id": row.image_id, "links": [bookmark(ctx, "images", row.image_id)]}
    if since(ctx, 98):
        answer["properties"] = row.image.get("properties", {})
    return answer


def _flavor(ctx: Context, row: Server, data: RenderData) -> Body:
    flavor = row.flavor
    if not since(ctx, 47):
        return {"id": row.flavor_id, "links": [bookmark(ctx, "flavors", row.flavor_id)]}
    answer = {
        "vcpus": flavor["vcpus"],
        "ram": flavor["ram"],
        "disk": flavor["disk"],
        "ephemeral": flavor["ephemeral"],
        "swap": flavor["swap"],
        "original_name": flavor["name"],
    }
    if data.extra_specs:
        answer["extra_specs"] = flavor["extra_specs"]
    return answer


def _fault(row: Server, data: RenderData) -> Body:
    assert row.fault is not None
    answer = {key: row.fault[key] for key in ("code", "created", "message")}
    if data.is_admin or row.fault["code"] != 500:
        answer["details"] = row.fault.get("details", "")
    return answer


def addresses(ports: Sequence[ServerPort], *, extended: bool = True) -> Body:
    """Network name -> addresses; the fixed IPs of a port come before its floating IPs."""
    by_network: dict[str, list[Body]] = {}
    for port in ports:
        listed = by_network.setdefault(port.network_label, [])
        for fixed_ip in port.fixed_ips:
            listed.append(
                _address(port, fixed_ip["ip_address"], fixed_ip["version"], "fixed", extended)
            )
        for floating in port.floating_ips:
            address = floating["ip_address"]
            version = 6 if ":" in address else 4
            listed.append(_address(port, address, version, "floating", extended))
    return by_network


def _address(port: ServerPort, address: str, version: int, type_: str, extended: bool) -> Body:
    answer: Body = {"version": version, "addr": address}
    if extended:
        answer |= {"OS-EXT-IPS:type": type_, "OS-EXT-IPS-MAC:mac_addr": port.mac}
    return answer


def security_groups(row: Server, ports: Sequence[ServerPort]) -> list[Body]:
    """The name of each group of each port; upstream repeats names, too."""
    return [{"name": name} for port in ports for name in port.security_groups]
