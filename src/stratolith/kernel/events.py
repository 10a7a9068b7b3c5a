"""Events: written to an outbox in the same transaction, published afterwards.

Subscribers in this process get each event at least once, in order, after its commit. A service that
must notify one above it ("port deleted, tell compute") emits an event instead of importing it.
"""

from __future__ import annotations

import logging
import threading
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Integer, String, delete, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Mapped, Session, mapped_column

from stratolith.kernel.clock import utcnow
from stratolith.kernel.context import Context
from stratolith.kernel.db import Base
from stratolith.kernel.db.errors import is_outage
from stratolith.kernel.db.types import Json
from stratolith.kernel.environment import Environment
from stratolith.kernel.readable import LeftOut

LOG = logging.getLogger(__name__)
HINT = "kernel.outbox"


class OutboxEvent(Base):
    """An event that waits for its publication (published_at NULL), or was published recently."""

    __tablename__ = "kernel_outbox"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    type: Mapped[str] = mapped_column(String(128))
    payload: Mapped[dict[str, Any]] = mapped_column(Json)
    request_id: Mapped[str] = mapped_column(String(64))
    project_id: Mapped[str | None] = mapped_column(String(64))
    user_id: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    published_at: Mapped[datetime | None] = mapped_column(index=True)


Subscriber = Callable[["Context", dict[str, Any]], None]
_SUBSCRIBERS: dict[str, list[Subscriber]] = defaultdict(list)
_LOCK = threading.Lock()


def subscribe(type_: str, subscriber: Subscriber) -> None:
    """Call ``subscriber(ctx, payload)`` in a separate transaction; it must be idempotent."""
    with _LOCK:
        if subscriber not in _SUBSCRIBERS[type_]:
            _SUBSCRIBERS[type_].append(subscriber)


def emit(ctx: Context, type_: str, payload: dict[str, Any]) -> None:
    """Write an event to the outbox in this transaction; does nothing without subscribers."""
    if not _SUBSCRIBERS.get(type_):
        return
    ctx.session.add(
        OutboxEvent(
            type=type_,
            payload=payload,
            request_id=ctx.request_id,
            project_id=ctx.identity.project_id if ctx.identity else None,
            user_id=ctx.identity.user_id if ctx.identity else None,
            created_at=ctx.env.clock.now(),
        )
    )
    ctx.hint(HINT, type_)


def publish_pending(env: Environment, limit: int = 200) -> int:
    """Publish waiting events to their subscribers; returns their number."""
    with env.db.read() as session:
        next_ones = (
            select(OutboxEvent.id)
            .where(OutboxEvent.published_at.is_(None))
            .order_by(OutboxEvent.id)
            .limit(limit)
        )
        ids, left_out = list(session.scalars(next_ones)), LeftOut()
        wanted = select(OutboxEvent).where(OutboxEvent.id.in_(ids)).order_by(OutboxEvent.id)
        waiting = left_out.objects(session, wanted, OutboxEvent.id) if ids else []
    for event_id, reason in left_out.reasons.items():
        LOG.error("event %s cannot be read and is not published: %s", event_id, reason)
    for event in waiting:
        for subscriber in list(_SUBSCRIBERS.get(event.type, ())):
            ctx = Context(env, write=True, request_id=event.request_id)
            try:
                ctx.transaction.run(partial(subscriber, ctx, event.payload))
            except Exception as error:
                if isinstance(error, DBAPIError) and is_outage(error):
                    raise  # the event is published when the database is back
                LOG.exception("subscriber of %s failed", event.type)
    if ids:
        published = (
            update(OutboxEvent).where(OutboxEvent.id.in_(ids)).values(published_at=env.clock.now())
        )
        env.db.run(lambda session: session.execute(published))
    return len(ids)


def purge(session: Session, now: datetime, keep: timedelta = timedelta(days=1)) -> None:
    """Delete events that were published long ago."""
    session.execute(delete(OutboxEvent).where(OutboxEvent.published_at < now - keep))
