"""``os-hosts`` (below 2.43): enabled compute hosts, their capacity and usage.

Scheduler and conductor are calls inside this process; they are listed because operators expect
to see them.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select

from stratolith.compute.exceptions import NotOffered
from stratolith.compute.managers import hosts
from stratolith.compute.models import Server
from stratolith.compute.schemas import services as schemas
from stratolith.kernel.context import Context
from stratolith.kernel.http.routing import Route

Body = dict[str, Any]
_RULE = "os_compute_api:os-hosts:"


def index(ctx: Context) -> Body:
    known, records, wanted = hosts.zones(ctx), hosts.beats(ctx), ctx.query.get("zone")
    entries = [
        {"host_name": row.host, "service": "compute", "zone": hosts.zone_of(ctx, row.host, known)}
        for row in hosts.all_hosts(ctx)
        if not hosts.is_disabled(row, records)
    ]
    entries += [
        {"host_name": hosts.control_host(), "service": name, "zone": hosts.INTERNAL_ZONE}
        for name in ("scheduler", "conductor")
    ]
    return {"hosts": [entry for entry in entries if not wanted or entry["zone"] == wanted]}


def show(ctx: Context, host: str) -> Body:
    facts = hosts.get(ctx, host).facts
    total = (int(facts[name]) for name in ("vcpus", "memory_mb", "disk_gb"))
    projects = _by_project(ctx, host)
    used = [sum(amounts) for amounts in zip(*projects.values(), strict=True)] or [0, 0, 0]
    rows = [("(total)", total), ("(used_now)", used), ("(used_max)", used), *projects.items()]
    return {"host": [{"resource": _resource(host, name, *amounts)} for name, amounts in rows]}


def _resource(host: str, project: str, cpu: int, memory_mb: int, disk_gb: int) -> Body:
    return {
        "host": host,
        "project": project,
        "cpu": cpu,
        "memory_mb": memory_mb,
        "disk_gb": disk_gb,
    }


def _by_project(ctx: Context, host: str) -> dict[str, tuple[int, int, int]]:
    """Project id -> total vcpus, MiB and GiB of its servers on the host."""
    rows = ctx.session.execute(
        select(
            Server.project_id,
            func.sum(Server.vcpus),
            func.sum(Server.memory_mb),
            func.sum(Server.disk_gb),
        )
        .where(Server.host == host, Server.deleted_at.is_(None))
        .group_by(Server.project_id)
        .order_by(Server.project_id)
    )
    return {project: (vcpus, memory, disk) for project, vcpus, memory, disk in rows}


def update(ctx: Context, host: str, body: Body) -> Body:
    """Enable or disable a host for new servers. Raises NotOffered for maintenance."""
    row = hosts.get(ctx, host)
    if "maintenance_mode" in body:
        raise NotOffered(what="The maintenance mode of hosts")
    hosts.set_disabled(ctx, row, None, disabled=body["status"].strip().lower() == "disable")
    return {"host": host, "status": "disabled" if row.disabled else "enabled"}


def power(ctx: Context, host: str) -> None:
    """Raises NotOffered: this cloud does not control the power of its hosts."""
    hosts.get(ctx, host)
    raise NotOffered(what="Power control of hosts")


_OLD: dict[str, Any] = {"until": "2.42"}
_HOST = "/os-hosts/{host}"
ROUTES = [
    Route.put(_HOST, update, rule=_RULE + "update", body=schemas.HOST_UPDATE, **_OLD),
    Route.get(_HOST + "/reboot", power, rule=_RULE + "reboot", **_OLD),
    Route.get(_HOST + "/shutdown", power, rule=_RULE + "shutdown", **_OLD),
    Route.get(_HOST + "/startup", power, rule=_RULE + "start", **_OLD),
    Route.get("/os-hosts", index, rule=_RULE + "list", **_OLD),
    Route.get("/os-hosts/{host}", show, rule=_RULE + "show", **_OLD),
]
