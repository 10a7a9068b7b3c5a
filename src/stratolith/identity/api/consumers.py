"""OAuth 1.0a consumers over HTTP."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from stratolith.identity.api.collections import collection, member_links, page_of, same_id
from stratolith.identity.managers import consumers
from stratolith.identity.models import Consumer
from stratolith.identity.schemas import oauth1 as schemas
from stratolith.kernel.context import Context
from stratolith.kernel.http.listing import Listing
from stratolith.kernel.http.routing import Route

Body = dict[str, Any]

CONSUMERS = Listing(Consumer, default_sort=[("id", "asc")])


def render(ctx: Context, consumer: Consumer) -> Body:
    return {
        **consumer.extra,
        "id": consumer.id,
        "description": consumer.description,
        "links": member_links(ctx, "OS-OAUTH1/consumers", consumer.id),
    }


def index(ctx: Context) -> Body:
    page = page_of(ctx, CONSUMERS, select(Consumer))
    return collection(ctx, "consumers", [render(ctx, one) for one in page.rows], page)


def show(ctx: Context, consumer_id: str) -> Body:
    return {"consumer": render(ctx, consumers.get(ctx, consumer_id))}


def create(ctx: Context, body: Body) -> Body:
    consumer, secret = consumers.create(ctx, body["consumer"])
    return {"consumer": {**render(ctx, consumer), "secret": secret}}


def update(ctx: Context, consumer_id: str, body: Body) -> Body:
    consumer = consumers.get(ctx, consumer_id)
    same_id(body["consumer"], "consumer", consumer_id)
    return {"consumer": render(ctx, consumers.update(ctx, consumer, body["consumer"]))}


def remove(ctx: Context, consumer_id: str) -> None:
    ctx.session.delete(consumers.get(ctx, consumer_id))


_ALL = "/OS-OAUTH1/consumers"
_ONE = _ALL + "/{consumer_id}"

ROUTES = [
    Route.get(_ALL, index, rule="identity:list_consumers"),
    Route.post(_ALL, create, rule="identity:create_consumer", body=schemas.CONSUMER, status=201),
    Route.get(_ONE, show, rule="identity:get_consumer"),
    Route.patch(_ONE, update, rule="identity:update_consumer", body=schemas.CONSUMER),
    Route.delete(_ONE, remove, rule="identity:delete_consumer"),
]
