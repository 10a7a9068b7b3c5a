"""Hypervisors: capacity and usage of hosts; the form changes with 2.53 and 2.88."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import select

from stratolith.compute.api.links import since, with_next
from stratolith.compute.exceptions import ItemNotFound
from stratolith.compute.managers import hosts
from stratolith.compute.models import ComputeHost, Server
from stratolith.compute.schemas import queries
from stratolith.compute.schemas.types import as_bool
from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import BadRequest
from stratolith.kernel.hosts.records import HostRecord
from stratolith.kernel.http.resource import Listing, like
from stratolith.kernel.http.routing import Route

Body = dict[str, Any]
_P = "os_compute_api:os-hypervisors:"
HYPERVISORS = Listing(
    ComputeHost,
    key=ComputeHost.uuid,
    sort_keys={"id": ComputeHost.id},
    default_sort=[("id", "asc")],
)
OLD_PAGE = Listing(
    ComputeHost,
    key=ComputeHost.id,
    sort_keys={"id": ComputeHost.id},
    default_sort=[("id", "asc")],
)


@dataclass
class HostData:
    """Data for rendering in addition to the rows: heartbeats, usage and servers by host."""

    beats: dict[str, HostRecord]
    usage: dict[str, dict[str, int]]
    servers: dict[str, list[Body]] | None = None


def _host_data(ctx: Context, *, servers: bool = False) -> HostData:
    return HostData(hosts.beats(ctx), hosts.usage(ctx), _servers(ctx) if servers else None)


def _with_servers(ctx: Context) -> bool:
    return since(ctx, 53) and as_bool(ctx.query.get("with_servers"))


def _servers(ctx: Context) -> dict[str, list[Body]]:
    rows = ctx.session.execute(
        select(Server.host, Server.id, Server.name)
        .where(Server.host.is_not(None), Server.deleted_at.is_(None))
        .order_by(Server.number)
    )
    servers_by_host: dict[str, list[Body]] = {}
    for host, server_id, name in rows:
        servers_by_host.setdefault(host or "", []).append({"uuid": server_id, "name": name})
    return servers_by_host


def _brief(ctx: Context, row: ComputeHost, data: HostData) -> Body:
    answer: Body = {
        "id": row.uuid if since(ctx, 53) else row.id,
        "hypervisor_hostname": row.host,
        "state": "up" if hosts.is_up(ctx, row, data.beats) else "down",
        "status": "disabled" if hosts.is_disabled(row, data.beats) else "enabled",
    }
    if data.servers is not None:
        servers = data.servers.get(row.host, [])
        if servers or since(ctx, 75):
            answer["servers"] = servers
    return answer


def _full(ctx: Context, row: ComputeHost, data: HostData) -> Body:
    facts, record = row.facts, data.beats.get(row.host)
    answer = _brief(ctx, row, data)
    answer |= {
        "hypervisor_type": facts.get("hypervisor_type", ""),
        "hypervisor_version": facts.get("hypervisor_version", 0),
        "host_ip": (record.tunnel_address if record else "") or row.host_ip,
        "service": {
            "id": row.service_uuid if since(ctx, 53) else row.id,
            "host": row.host,
            "disabled_reason": hosts.disabled_reason(row, data.beats),
        },
    }
    if since(ctx, 88):
        answer["uptime"] = _uptime(row, data)
    else:
        answer |= _statistics(row, data.usage.get(row.host, {}))
        info = facts.get("cpu_info") or {}
        answer["cpu_info"] = info if since(ctx, 28) else msgspec.json.encode(info).decode()
    return answer


def _statistics(row: ComputeHost, used: dict[str, int]) -> Body:
    facts = row.facts
    memory, disk = facts.get("memory_mb", 0), facts.get("disk_gb", 0)
    memory_used, disk_used = used.get("memory_mb", 0), used.get("disk_gb", 0)
    return {
        "vcpus": facts.get("vcpus", 0),
        "memory_mb": memory,
        "local_gb": disk,
        "vcpus_used": used.get("vcpus", 0),
        "memory_mb_used": memory_used,
        "local_gb_used": disk_used,
        "free_ram_mb": memory - memory_used,
        "free_disk_gb": disk - disk_used,
        "current_workload": 0,
        "running_vms": used.get("servers", 0),
        "disk_available_least": facts.get("disk_free_gb", disk - disk_used),
    }


def _uptime(row: ComputeHost, data: HostData) -> str | None:
    """How long the host's agent has run, in the format of uptime(1)."""
    beat = data.beats.get(row.host)
    if beat is None:
        return None
    seconds = max(0, int((beat.last_seen_at - beat.started_at).total_seconds()))
    days, rest = divmod(seconds, 86400)
    clock = time.strftime("%H:%M:%S", beat.last_seen_at.timetuple())
    return f" {clock} up {days} days, {rest // 3600:2d}:{rest % 3600 // 60:02d}"


def _rows(ctx: Context) -> tuple[list[ComputeHost], Any]:
    """The rows of a list, and the page if the microversion has pages."""
    statement = select(ComputeHost)
    if since(ctx, 53) and ctx.query.get("hypervisor_hostname_pattern"):
        text = ctx.query["hypervisor_hostname_pattern"]
        if "limit" in ctx.query or "marker" in ctx.query:
            raise BadRequest("Paging over hypervisors with the hostname pattern is not offered.")
        rows = _matching(ctx, text)
        return rows, None
    if not since(ctx, 33):
        return list(ctx.session.scalars(statement.order_by(ComputeHost.id))), None
    listing = HYPERVISORS if since(ctx, 53) else OLD_PAGE
    page = listing.page(ctx, statement)
    return list(page.rows), page


def _matching(ctx: Context, text: str) -> list[ComputeHost]:
    rows = list(
        ctx.session.scalars(
            select(ComputeHost).where(like(ComputeHost.host)([text])).order_by(ComputeHost.id)
        )
    )
    if not rows:
        raise ItemNotFound(what=f"No hypervisor matching '{text}'")
    return rows


def _list(ctx: Context, render: Any) -> Body:
    data = _host_data(ctx, servers=_with_servers(ctx))
    rows, page = _rows(ctx)
    rendered = [render(ctx, row, data) for row in rows]
    if page is None:
        return {"hypervisors": rendered}
    marker = None
    if rows:
        marker = rows[-1].uuid if since(ctx, 53) else str(rows[-1].id)
    return with_next(ctx, "hypervisors", page, rendered, marker)


def index(ctx: Context) -> Body:
    return _list(ctx, _brief)


def detail(ctx: Context) -> Body:
    return _list(ctx, _full)


def show(ctx: Context, hypervisor_id: str) -> Body:
    row = hosts.get_hypervisor(ctx, hypervisor_id, by_uuid=since(ctx, 53))
    data = _host_data(ctx, servers=_with_servers(ctx))
    return {"hypervisor": _full(ctx, row, data)}


def uptime(ctx: Context, hypervisor_id: str) -> Body:
    row = hosts.get_hypervisor(ctx, hypervisor_id, by_uuid=since(ctx, 53))
    data = _host_data(ctx)
    return {"hypervisor": {**_brief(ctx, row, data), "uptime": _uptime(row, data)}}


def statistics(ctx: Context) -> Body:
    usage, records = hosts.usage(ctx), hosts.beats(ctx)
    rows = [row for row in hosts.all_hosts(ctx) if not hosts.is_disabled(row, records)]
    totals: dict[str, int] = {"count": len(rows)}
    names = _statistics(ComputeHost(facts={}), {}).keys()
    totals.update(dict.fromkeys(names, 0))
    for row in rows:
        for name, value in _statistics(row, usage.get(row.host, {})).items():
            totals[name] += value
    return {"hypervisor_statistics": totals}


def search(ctx: Context, hypervisor_id: str) -> Body:
    data = _host_data(ctx)
    return {"hypervisors": [_brief(ctx, row, data) for row in _matching(ctx, hypervisor_id)]}


def list_servers(ctx: Context, hypervisor_id: str) -> Body:
    data = _host_data(ctx, servers=True)
    return {"hypervisors": [_brief(ctx, row, data) for row in _matching(ctx, hypervisor_id)]}


_ONE = "/os-hypervisors/{hypervisor_id}"
ROUTES = [
    Route.get("/os-hypervisors", index, rule=_P + "list", query=queries.HYPERVISORS),
    Route.get("/os-hypervisors/detail", detail, rule=_P + "list-detail", query=queries.HYPERVISORS),
    Route.get("/os-hypervisors/statistics", statistics, rule=_P + "statistics", until="2.87"),
    Route.get(_ONE, show, rule=_P + "show", query=queries.HYPERVISOR),
    Route.get(_ONE + "/uptime", uptime, rule=_P + "uptime", until="2.87"),
    Route.get(_ONE + "/search", search, rule=_P + "search", until="2.52"),
    Route.get(_ONE + "/servers", list_servers, rule=_P + "servers", until="2.52"),
]
