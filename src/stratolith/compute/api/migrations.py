"""Migrations of servers. This cloud cannot migrate servers yet, so the lists are empty."""

from __future__ import annotations

from typing import Any

from stratolith.compute.api.links import check_changes, since
from stratolith.compute.managers import servers
from stratolith.compute.models import Server
from stratolith.compute.schemas import queries
from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import BadRequest, NotFound
from stratolith.kernel.http.routing import Route

Body = dict[str, Any]
_P = "os_compute_api:"


def index(ctx: Context) -> Body:
    own = since(ctx, 80) and ctx.owns(ctx.query.get("project_id"))
    if not own:
        ctx.authorize(_P + "os-migrations:index:all_projects")
    if since(ctx, 59) and "marker" in ctx.query:
        raise BadRequest(f"Marker {ctx.query['marker'][:80]} could not be found.")
    if since(ctx, 66):
        check_changes(ctx)
    return {"migrations": []}


def of_server(ctx: Context, server: Server) -> Body:
    return {"migrations": []}


def show(ctx: Context, server: Server, migration_id: str) -> None:
    """Raises NotFound: there are no migrations."""
    raise NotFound(f"Migration {migration_id} for server {server.id} could not be found.")


_OF_SERVER = "/servers/{server_id}/migrations"
ROUTES = [
    Route.get("/os-migrations", index, rule=_P + "os-migrations:index", query=queries.MIGRATIONS),
    Route.get(
        _OF_SERVER, of_server, rule=_P + "servers:migrations:index", since="2.23", load=servers.get
    ),
    Route.get(
        _OF_SERVER + "/{migration_id}",
        show,
        rule=_P + "servers:migrations:show",
        since="2.23",
        load=servers.get,
        loads="server_id",
    ),
]
