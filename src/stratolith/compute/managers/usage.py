"""Server hours that projects used in a period; deleted servers count, too."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from sqlalchemy import or_, select

from stratolith.compute.models import Server
from stratolith.kernel.context import Context


def servers_in(
    ctx: Context, start: datetime, end: datetime, project_id: str | None = None
) -> dict[str, list[Server]]:
    """Project id -> servers that existed at some time between start and end."""
    statement = select(Server).where(
        Server.launched_at < end,
        or_(Server.terminated_at.is_(None), Server.terminated_at > start),
    )
    if project_id is not None:
        statement = statement.where(Server.project_id == project_id)
    servers_by_project: dict[str, list[Server]] = defaultdict(list)
    for server in ctx.session.scalars(statement.order_by(Server.project_id, Server.number)):
        servers_by_project[server.project_id].append(server)
    return servers_by_project


def hours(server: Server, start: datetime, end: datetime, now: datetime) -> float:
    """Hours that the server existed in the period; the future does not count."""
    assert server.launched_at is not None
    begin = max(server.launched_at, start)
    finish = min(server.terminated_at or now, end, now)
    return max(0.0, (finish - begin).total_seconds() / 3600)
