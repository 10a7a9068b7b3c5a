"""OAuth 1.0a consumers over HTTP."""

from __future__ import annotations

from typing import Any

from stratolith.identity.api.plain import Plain, Rules
from stratolith.identity.managers import consumers
from stratolith.identity.models import Consumer
from stratolith.identity.schemas import oauth1 as schemas
from stratolith.kernel.context import Context

Body = dict[str, Any]


def render(ctx: Context, consumer: Consumer) -> Body:
    return {**consumer.extra, "id": consumer.id, "description": consumer.description}


def _create(ctx: Context, values: Body) -> tuple[Consumer, Body]:
    consumer, secret = consumers.create(ctx, values)
    return consumer, {"secret": secret}


CONSUMERS = Plain(
    "consumer",
    Consumer,
    render,
    Rules(consumers.get, _create, consumers.update, consumers.remove),
    schemas.CONSUMER,
    schemas.CONSUMER,
    path="OS-OAUTH1/consumers",
    policy_first=("POST", "PATCH"),
)

ROUTES = CONSUMERS.routes()
