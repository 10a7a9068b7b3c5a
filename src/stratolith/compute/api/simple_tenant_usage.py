"""``os-simple-tenant-usage``: the usage of projects, in server hours."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from stratolith.compute.api.links import since
from stratolith.compute.managers import usage
from stratolith.compute.models import Server
from stratolith.compute.schemas import queries
from stratolith.kernel.clock import naive_micro
from stratolith.kernel.config import ApiSection
from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import BadRequest, NotFound
from stratolith.kernel.http.resource import asked_limit
from stratolith.kernel.http.routing import Asked, Route

Body = dict[str, Any]
_P = "os_compute_api:os-simple-tenant-usage:"
_FORMS = ("%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S.%f", "%Y-%m-%d %H:%M:%S.%f")  # UTC


def _period(ctx: Context) -> tuple[datetime, datetime]:
    now = ctx.env.clock.now()
    start = _moment(ctx, "start", now - timedelta(weeks=4))
    end = _moment(ctx, "end", now)
    if start >= end:
        raise BadRequest("Invalid start time. The start time cannot occur after the end time.")
    return start, end


def _moment(ctx: Context, name: str, default: datetime) -> datetime:
    text = ctx.query.get(name)
    if not text:
        return default
    for form in _FORMS:
        try:
            return datetime.strptime(text, form).replace(tzinfo=UTC)
        except ValueError:
            continue
    raise BadRequest(f"Invalid datetime string: {name} is in invalid format: {text[:80]}")


def _summary(
    ctx: Context, project_id: str, rows: Sequence[Server], period: tuple[datetime, datetime]
) -> Body:
    now = ctx.env.clock.now()
    summary: Body = {
        "tenant_id": project_id,
        "start": naive_micro(period[0]),
        "stop": naive_micro(period[1]),
        "total_hours": 0.0,
        "total_vcpus_usage": 0.0,
        "total_memory_mb_usage": 0.0,
        "total_local_gb_usage": 0.0,
    }
    for row in rows:
        hours = usage.hours(row, *period, now)
        summary["total_hours"] += hours
        summary["total_vcpus_usage"] += hours * row.vcpus
        summary["total_memory_mb_usage"] += hours * row.memory_mb
        summary["total_local_gb_usage"] += hours * row.disk_gb
    return summary


def _server(row: Server, period: tuple[datetime, datetime], now: datetime) -> Body:
    ended = row.terminated_at
    assert row.launched_at is not None
    return {
        "instance_id": row.id,
        "name": row.name,
        "tenant_id": row.project_id,
        "flavor": row.flavor["name"],
        "hours": usage.hours(row, *period, now),
        "vcpus": row.vcpus,
        "memory_mb": row.memory_mb,
        "local_gb": row.disk_gb,
        "started_at": naive_micro(row.launched_at),
        "ended_at": naive_micro(ended),
        "state": "terminated" if ended else row.vm_state,
        "uptime": int(((ended or now) - row.launched_at).total_seconds()),
    }


def _page(ctx: Context, rows: Sequence[Server]) -> tuple[list[Server], str | None]:
    """The rows of the page and the marker of the next page; pages exist from 2.40 on."""
    if not since(ctx, 40):
        return list(rows), None
    marker = ctx.query.get("marker")
    remaining = list(rows)
    if marker:
        ids = [row.id for row in remaining]
        if marker not in ids:
            raise BadRequest(f"marker [{marker}] not found")
        remaining = remaining[ids.index(marker) + 1 :]
    top = ctx.env.settings.of(ApiSection).page_limit
    limit = asked_limit(ctx)
    size = min(top if limit is None else limit, top)
    return remaining[:size], remaining[size - 1].id if 0 < size < len(remaining) else None


def _next(ctx: Context, name: str, marker: str | None) -> Body:
    if marker is None:
        return {}
    query = [(k, v) for k, v in ctx.query.multi_items() if k != "marker"]
    text = "&".join(f"{key}={value}" for key, value in [*query, ("marker", marker)])
    return {f"{name}_links": [{"rel": "next", "href": f"{ctx.base_url}{ctx.path}?{text}"}]}


def _of_project(ctx: Context, asked: Asked) -> dict[str, str]:
    project_id = asked.variables["project_id"]
    return {"project_id": project_id, "tenant_id": project_id}


def index(ctx: Context) -> Body:
    if ctx.path.endswith("/"):  # the usage of one project whose id is empty, not the list
        raise NotFound
    period, now = _period(ctx), ctx.env.clock.now()
    by_project = usage.servers_in(ctx, *period)
    rows, marker = _page(ctx, [row for servers in by_project.values() for row in servers])
    shown: dict[str, list[Server]] = {}
    for row in rows:
        shown.setdefault(row.project_id, []).append(row)
    summaries = []
    for project_id, servers in shown.items():
        summary = _summary(ctx, project_id, servers, period)
        if ctx.query.get("detailed") == "1":
            summary["server_usages"] = [_server(row, period, now) for row in servers]
        summaries.append(summary)
    return {"tenant_usages": summaries, **_next(ctx, "tenant_usages", marker)}


def show(ctx: Context, project_id: str) -> Body:
    period, now = _period(ctx), ctx.env.clock.now()
    rows, marker = _page(ctx, usage.servers_in(ctx, *period, project_id).get(project_id, []))
    if not rows:
        return {"tenant_usage": {}}
    summary = _summary(ctx, project_id, rows, period)
    summary["server_usages"] = [_server(row, period, now) for row in rows]
    return {"tenant_usage": summary, **_next(ctx, "tenant_usage", marker)}


ROUTES = [
    Route.get("/os-simple-tenant-usage", index, rule=_P + "list", query=queries.USAGES),
    Route.get(
        "/os-simple-tenant-usage/{project_id}",
        show,
        rule=_P + "show",
        target=_of_project,
        query=queries.USAGE,
    ),
]
