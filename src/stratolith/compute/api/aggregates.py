"""Host aggregates over HTTP."""

from __future__ import annotations

from typing import Any

from stratolith.compute.api.links import since
from stratolith.compute.managers import aggregates
from stratolith.compute.models import Aggregate
from stratolith.compute.schemas import groups as schemas
from stratolith.kernel.clock import naive_micro
from stratolith.kernel.context import Context
from stratolith.kernel.http.routing import Route

Body = dict[str, Any]
_P = "os_compute_api:os-aggregates:"


def _render(ctx: Context, aggregate: Aggregate, *, brief: bool = False) -> Body:
    found: Body = {
        "id": aggregate.id,
        "name": aggregate.name,
        "availability_zone": aggregate.availability_zone,
        "created_at": naive_micro(aggregate.created_at),
        "updated_at": naive_micro(aggregate.updated_at),
        "deleted": False,
        "deleted_at": None,
    }
    if since(ctx, 41):
        found["uuid"] = aggregate.uuid
    if not brief:
        found |= {"hosts": aggregate.hosts, "metadata": aggregate.properties}
    return found


def index(ctx: Context) -> Body:
    return {"aggregates": [_render(ctx, one) for one in aggregates.listing(ctx)]}


def create(ctx: Context, body: Body) -> Body:
    wanted = body["aggregate"]
    made = aggregates.create(ctx, wanted["name"], wanted.get("availability_zone"))
    return {"aggregate": _render(ctx, made, brief=True)}


def show(ctx: Context, aggregate_id: str) -> Body:
    return {"aggregate": _render(ctx, aggregates.get(ctx, aggregate_id))}


def update(ctx: Context, aggregate_id: str, body: Body) -> Body:
    aggregate = aggregates.get(ctx, aggregate_id)
    aggregates.update(ctx, aggregate, body["aggregate"])
    return {"aggregate": _render(ctx, aggregate)}


def remove(ctx: Context, aggregate_id: str) -> None:
    aggregates.remove(ctx, aggregates.get(ctx, aggregate_id))


def act(ctx: Context, aggregate_id: str, body: Body) -> Body:
    name, value = next(iter(body.items()))
    ctx.authorize(_P + name)
    aggregate = aggregates.get(ctx, aggregate_id)
    if name == "add_host":
        aggregates.add_host(ctx, aggregate, value["host"])
    elif name == "remove_host":
        aggregates.remove_host(ctx, aggregate, value["host"])
    else:
        aggregates.set_metadata(ctx, aggregate, value["metadata"])
    ctx.session.flush()
    return {"aggregate": _render(ctx, aggregate)}


_ONE = "/os-aggregates/{aggregate_id}"
ROUTES = [
    Route.get("/os-aggregates", index, rule=_P + "index"),
    Route.post("/os-aggregates", create, rule=_P + "create", body=schemas.AGGREGATE),
    Route.get(_ONE, show, rule=_P + "show"),
    Route.put(_ONE, update, rule=_P + "update", body=schemas.AGGREGATE_UPDATE),
    Route.delete(_ONE, remove, rule=_P + "delete", status=200),
    Route.post(_ONE + "/action", act, body=schemas.AGGREGATE_ACTION),
]
