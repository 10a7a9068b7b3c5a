"""OAuth 1.0a consumers over HTTP."""

from __future__ import annotations

from typing import Any

from stratolith.identity.api.style import STYLE, linked
from stratolith.identity.managers import consumers
from stratolith.identity.models import Consumer
from stratolith.identity.schemas import oauth1 as schemas
from stratolith.kernel.context import Context
from stratolith.kernel.http.resource import Listing, Resource, Verb
from stratolith.kernel.http.routing import EarlyChecks

Body = dict[str, Any]


def render(ctx: Context, consumer: Consumer) -> Body:
    return {**consumer.extra, "id": consumer.id, "description": consumer.description}


def _create(ctx: Context, values: Body) -> tuple[Consumer, Body]:
    consumer, secret = consumers.create(ctx, values)
    return consumer, {"secret": secret}


CONSUMERS = Resource(
    "consumer",
    STYLE,
    path="/OS-OAUTH1/consumers",
    load=consumers.get,
    rendered=linked("OS-OAUTH1/consumers", render),
    listing=Listing(
        Consumer,
        default_sort=[("id", "asc")],
    ),
    create=Verb(_create, body=schemas.CONSUMER, early_checks=EarlyChecks.GRAMMAR),
    update=Verb(consumers.update, body=schemas.CONSUMER, early_checks=EarlyChecks.GRAMMAR),
    delete=Verb(consumers.remove),
)

ROUTES = CONSUMERS.routes
