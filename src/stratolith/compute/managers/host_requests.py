"""Requests to a host whose answer the caller waits for.

A request is a row of the database; the host's agent writes the answer. So it works with several
control-plane processes; in the process that waits, an event ends the wait at once.
"""

from __future__ import annotations

import logging
import threading
from datetime import timedelta
from typing import Any

import msgspec
from sqlalchemy import delete, select, update

from stratolith.compute.models import HostRequest, Server
from stratolith.kernel.agent.reports import checked
from stratolith.kernel.caches import Once
from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import Conflict, Unavailable
from stratolith.kernel.ids import new_uuid
from stratolith.kernel.readable import LeftOut

LOG = logging.getLogger(__name__)
VIEW = "guest-requests"
KEEP = timedelta(minutes=2)
# request id -> the event that a thread of this process waits for
_EVENTS: Once[dict[str, threading.Event]] = Once(lambda env: {})


def ask(
    ctx: Context, server: Server, kind: str, params: dict[str, Any], seconds: float = 10.0
) -> dict[str, Any]:
    """Send a request to the server's host and wait; commits the transaction of ``ctx`` first.

    Raises Unavailable if no answer comes, Conflict with the reason if the host refuses.
    """
    request_id, host, server_id = new_uuid(), server.host or "", server.id
    now = ctx.env.clock.now()
    ctx.session.execute(delete(HostRequest).where(HostRequest.created_at < now - KEEP))
    ctx.session.add(
        HostRequest(
            id=request_id, host=host, server_id=server_id, kind=kind, params=params, created_at=now
        )
    )
    event = _EVENTS.of(ctx.env)[request_id] = threading.Event()
    ctx.hint_host(host, VIEW, request_id)
    ctx.commit()
    try:
        answer = _wait(ctx, request_id, event, seconds)
    finally:
        _EVENTS.of(ctx.env).pop(request_id, None)
    if answer is None:
        raise Unavailable(f"The host of instance {server_id} does not answer.")
    if answer.get("error"):
        LOG.warning("%s of instance %s: %s", kind, server_id, answer["error"])
        raise Conflict(
            answer.get("told") or f"The host of instance {server_id} cannot do that now."
        )
    return answer


def _wait(
    ctx: Context, request_id: str, event: threading.Event, seconds: float
) -> dict[str, Any] | None:
    step = 0.5
    for _ in range(int(seconds / step)):
        event.wait(step)
        with ctx.env.db.read() as session:
            row = session.get(HostRequest, request_id)
            if row is not None and row.answer is not None:
                return row.answer
    return None


# -- the agent's side ----------------------------------------------------------------------------


def compile_view(ctx: Context, host: str, keys: list[str] | None) -> dict[str, Any]:
    """Open requests to this host; a request with an unreadable row is left out."""
    statement = select(HostRequest).where(HostRequest.host == host, HostRequest.answer.is_(None))
    if keys is not None:
        statement = statement.where(HostRequest.id.in_(keys))
    left_out = LeftOut()
    requests = left_out.objects(ctx.session, statement, HostRequest.id)
    for request_id, reason in left_out.reasons.items():
        LOG.warning("request %s to host %s cannot be read: %s", request_id, host, reason)
    return {
        request.id: {"server_id": request.server_id, "kind": request.kind, "params": request.params}
        for request in requests
    }


class _Answer(msgspec.Struct, frozen=True):
    """What an answer may contain; errors as in ``ResultReport``."""

    output: str = ""
    error: str | None = None
    owner_message: str | None = msgspec.field(name="told", default=None)


def take_report(ctx: Context, host: str, payload: Any) -> dict[str, Any]:
    """``payload``: {request id: answer}; raises BadRequest for another one."""
    checked(payload, dict[str, _Answer])
    for request_id, answer in payload.items():
        done = ctx.session.execute(
            update(HostRequest)
            .where(
                HostRequest.id == request_id, HostRequest.host == host, HostRequest.answer.is_(None)
            )
            .values(answer=answer)
        )
        event = _EVENTS.of(ctx.env).get(request_id)
        if event is not None and done.rowcount:  # type: ignore[attr-defined]
            ctx.after_commit(event.set)
    return {}
