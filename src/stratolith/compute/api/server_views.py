"""How servers look, per microversion. Lists load what they need in a few statements."""

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
class Surroundings:
    """What rendering needs beyond the rows; host_status None: not to be shown."""

    ports: Mapping[str, Sequence[ServerPort]] = field(default_factory=dict)
    tags: Mapping[str, Sequence[str]] = field(default_factory=dict)
    groups: Mapping[str, Sequence[str]] | None = None
    host_status: Mapping[str, str] | None = None
    unknown_only: bool = False  # of host_status show nothing but UNKNOWN
    is_admin: bool = False
    extended: bool = False
    extra_specs: bool = False


def look_around(ctx: Context, rows: Sequence[Server], *, groups: bool = False) -> Surroundings:
    """Load what the rows of one answer need."""
    ids = [row.id for row in rows]
    found = Surroundings(
        ports=servers.addresses(ctx, ids),
        is_admin=ctx.is_admin,
        extended=ctx.can(_P + "os-extended-server-attributes"),
        extra_specs=since(ctx, 47) and ctx.can(_P + "servers:show:flavor-extra-specs"),
    )
    if since(ctx, 26):
        found.tags = servers.tags_of(ctx, ids)
    if groups and since(ctx, 71):
        members = ctx.session.execute(
            select(ServerGroupMember.server_id, ServerGroupMember.group_id).where(
                ServerGroupMember.server_id.in_(ids)
            )
        )
        found.groups = {server_id: [group_id] for server_id, group_id in members}
    if since(ctx, 16):
        shown = ctx.can(_P + "servers:show:host_status")
        found.unknown_only = not shown
        if shown or ctx.can(_P + "servers:show:host_status:unknown-only"):
            found.host_status = _host_status(ctx)
    return found


def _host_status(ctx: Context) -> dict[str, str]:
    records = hosts.beats(ctx)
    found = {}
    for row in hosts.all_hosts(ctx):
        if not hosts.is_up(ctx, row, records):
            found[row.host] = "DOWN"
        else:
            found[row.host] = "MAINTENANCE" if hosts.is_disabled(row, records) else "UP"
    return found


def brief(ctx: Context, row: Server) -> Body:
    return {"id": row.id, "name": row.name, "links": resource_links(ctx, "servers", row.id)}


def full(ctx: Context, row: Server, around: Surroundings) -> Body:
    """One server of show, detail, update and rebuild answers."""
    status = "DELETED" if row.is_deleted else status_of(row.vm_state, row.task_state)
    ports = around.ports.get(row.id, ())
    found: Body = {
        "id": row.id,
        "name": row.name,
        "status": status,
        "tenant_id": row.project_id,
        "user_id": row.user_id,
        "metadata": row.properties,
        "hostId": servers.host_id(row),
        "image": _image(ctx, row),
        "flavor": _flavor(ctx, row, around),
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
        found["progress"] = 100 if status == "ACTIVE" else 0
    if status in ("ERROR", "DELETED") and row.fault:
        found["fault"] = _fault(row, around)
    groups = security_groups(row, ports)
    if groups:
        found["security_groups"] = groups
    if around.extended:
        found.update(_extended(ctx, row))
    _add_newer(ctx, row, around, found)
    return found


def _add_newer(ctx: Context, row: Server, around: Surroundings, found: Body) -> None:
    """Fields that came with microversions."""
    if since(ctx, 9):
        found["locked"] = row.locked_by is not None
    if around.host_status is not None:
        host = row.host or ""
        status = around.host_status.get(host, "UNKNOWN") if host else ""
        if status == "UNKNOWN" or not around.unknown_only:
            found["host_status"] = status
    if since(ctx, 19):
        found["description"] = row.description
    if since(ctx, 26):
        found["tags"] = list(around.tags.get(row.id, ()))
    if since(ctx, 63):
        found["trusted_image_certificates"] = None
    if around.groups is not None:
        found["server_groups"] = list(around.groups.get(row.id, ()))
    if since(ctx, 73):
        found["locked_reason"] = row.locked_reason
    if since(ctx, 90) and not around.extended:
        found["OS-EXT-SRV-ATTR:hostname"] = row.hostname
    if since(ctx, 96):
        found["pinned_availability_zone"] = row.pinned_zone
    if since(ctx, 100):
        found["scheduler_hints"] = row.scheduler_hints


def _extended(ctx: Context, row: Server) -> Body:
    prefix = "OS-EXT-SRV-ATTR:"
    found: Body = {
        prefix + "host": row.host,
        prefix + "instance_name": row.instance_name,
        prefix + "hypervisor_hostname": row.host,
    }
    if since(ctx, 3):
        found |= {
            prefix + "hostname": row.hostname,
            prefix + "kernel_id": "",
            prefix + "ramdisk_id": "",
            prefix + "launch_index": row.launch_index,
            prefix + "reservation_id": row.reservation_id,
            prefix + "root_device_name": "/dev/vda",
            prefix + "user_data": row.user_data,
        }
    return found


def _image(ctx: Context, row: Server) -> Any:
    if not row.image_id:
        return ""
    found: Body = {"id": row.image_id, "links": [bookmark(ctx, "images", row.image_id)]}
    if since(ctx, 98):
        found["properties"] = row.image.get("properties", {})
    return found


def _flavor(ctx: Context, row: Server, around: Surroundings) -> Body:
    flavor = row.flavor
    if not since(ctx, 47):
        return {"id": row.flavor_id, "links": [bookmark(ctx, "flavors", row.flavor_id)]}
    found = {
        "vcpus": flavor["vcpus"],
        "ram": flavor["ram"],
        "disk": flavor["disk"],
        "ephemeral": flavor["ephemeral"],
        "swap": flavor["swap"],
        "original_name": flavor["name"],
    }
    if around.extra_specs:
        found["extra_specs"] = flavor["extra_specs"]
    return found


def _fault(row: Server, around: Surroundings) -> Body:
    assert row.fault is not None
    found = {key: row.fault[key] for key in ("code", "created", "message")}
    if around.is_admin or row.fault["code"] != 500:
        found["details"] = row.fault.get("details", "")
    return found


def addresses(ports: Sequence[ServerPort], *, extended: bool = True) -> Body:
    """Network name -> addresses, floating ones after the fixed ones."""
    found: dict[str, list[Body]] = {}
    for port in ports:
        listed = found.setdefault(port.network_label, [])
        for one in port.fixed_ips:
            listed.append(_address(port, one["ip_address"], one["version"], "fixed", extended))
        for floating in port.floating_ips:
            address = floating["ip_address"]
            version = 6 if ":" in address else 4
            listed.append(_address(port, address, version, "floating", extended))
    return found


def _address(port: ServerPort, address: str, version: int, type_: str, extended: bool) -> Body:
    found: Body = {"version": version, "addr": address}
    if extended:
        found |= {"OS-EXT-IPS:type": type_, "OS-EXT-IPS-MAC:mac_addr": port.mac}
    return found


def security_groups(row: Server, ports: Sequence[ServerPort]) -> list[Body]:
    """A name for each group of each port, as the real service repeats them."""
    return [{"name": name} for port in ports for name in port.security_groups]
