"""Host aggregates over HTTP."""

from __future__ import annotations

from typing import Any

from stratolith.compute.api.links import since
from stratolith.compute.api.style import STYLE
from stratolith.compute.managers import aggregates
from stratolith.compute.models import Aggregate
from stratolith.compute.schemas import groups as schemas
from stratolith.kernel.clock import naive_micro
from stratolith.kernel.context import Context
from stratolith.kernel.http.resource import Listing, Resource, Verb, each
from stratolith.kernel.http.routing import Asked, Choice, Route

Body = dict[str, Any]
_P = "os_compute_api:os-aggregates:"


def _render(ctx: Context, aggregate: Aggregate) -> Body:
    answer: Body = {
        "id": aggregate.id,
        "name": aggregate.name,
        "availability_zone": aggregate.availability_zone,
        "created_at": naive_micro(aggregate.created_at),
        "updated_at": naive_micro(aggregate.updated_at),
        "deleted": False,
        "deleted_at": None,
    }
    if since(ctx, 41):
        answer["uuid"] = aggregate.uuid
    return answer


def _details(ctx: Context, aggregate: Aggregate) -> Body:
    return {
        **_render(ctx, aggregate),
        "hosts": aggregate.hosts,
        "metadata": aggregate.properties,
    }


def _create(ctx: Context, values: Body) -> Aggregate:
    return aggregates.create(ctx, values["name"], values.get("availability_zone"))


def _rule_of_act(ctx: Context, asked: Asked) -> str:
    return _P + str(next(iter(asked.body)))


def act(ctx: Context, aggregate_id: str, body: Body) -> Body:
    name, value = next(iter(body.items()))
    aggregate = aggregates.get(ctx, aggregate_id)
    if name == "add_host":
        aggregates.add_host(ctx, aggregate, value["host"])
    elif name == "remove_host":
        aggregates.remove_host(ctx, aggregate, value["host"])
    else:
        aggregates.set_metadata(ctx, aggregate, value["metadata"])
    ctx.session.flush()
    return {"aggregate": AGGREGATES.document(ctx, aggregate)}


AGGREGATES = Resource(
    "aggregate",
    STYLE,
    load=aggregates.get,
    rendered=each(_details),
    # as upstream, the answer to create has no hosts and metadata
    fresh=each(_render),
    ownerless=True,
    listing=Listing(Aggregate, default_sort=[("id", "asc")]),
    create=Verb(_create, body=schemas.AGGREGATE),
    update=Verb(aggregates.update, body=schemas.AGGREGATE_UPDATE),
    delete=Verb(aggregates.remove, status=200),
)
_ACTS = ("add_host", "remove_host", "set_metadata")
ROUTES = [
    *AGGREGATES.routes,
    Route.post(
        "/os-aggregates/{aggregate_id}/action",
        act,
        rule=Choice(tuple(_P + name for name in _ACTS), _rule_of_act),
        body=schemas.AGGREGATE_ACTION,
    ),
]
