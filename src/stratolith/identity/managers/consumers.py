"""Consumers of OAuth 1.0a: programs with a key and a secret."""

from __future__ import annotations

from typing import Any

from stratolith.identity.exceptions import ResourceNotFound
from stratolith.identity.managers.attributes import extra_of, merge_extra
from stratolith.identity.managers.token_keys import epoch, sealing
from stratolith.identity.models import Consumer
from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import BadRequest
from stratolith.kernel.ids import new_hex

Values = dict[str, Any]
KNOWN = ("description", "secret")


def get(ctx: Context, consumer_id: str) -> Consumer:
    """Raises ResourceNotFound."""
    consumer = ctx.session.get(Consumer, consumer_id)
    if consumer is None:
        raise ResourceNotFound(kind="Consumer", id=consumer_id)
    return consumer


def create(ctx: Context, values: Values) -> tuple[Consumer, str]:
    """The consumer and its secret, which is not shown again; raises BadRequest."""
    _refuse_secret(values)
    secret = new_hex()
    consumer = Consumer(
        description=values.get("description"),
        encrypted_secret=sealing.encrypted(ctx.env, secret),
        extra=extra_of(values, KNOWN),
    )
    ctx.session.add(consumer)
    ctx.session.flush()
    return consumer, secret


def update(ctx: Context, consumer: Consumer, values: Values) -> Consumer:
    """Raises BadRequest."""
    _refuse_secret(values)
    if "description" in values:
        consumer.description = values["description"]
    consumer.extra = merge_extra(consumer.extra, values, KNOWN)
    ctx.session.flush()
    return consumer


def _refuse_secret(values: Values) -> None:
    if "secret" in values:
        raise BadRequest("secret: the secret of a consumer is made by the cloud.")


def remove(ctx: Context, consumer: Consumer) -> None:
    """Delete the consumer; its tokens become invalid."""
    ctx.session.delete(consumer)
    ctx.session.flush()
    epoch.touch(ctx)
