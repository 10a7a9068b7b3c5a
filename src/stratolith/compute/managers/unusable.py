"""Put servers with an unreadable or invalid row into ERROR, without reading the row."""

from __future__ import annotations

import logging

from sqlalchemy import ColumnElement, Text, case, or_, type_coerce, update

from stratolith.compute.managers.server_operations import SERVICE, fault
from stratolith.compute.managers.state import DELETE
from stratolith.compute.models import Server
from stratolith.kernel import operations
from stratolith.kernel.context import Context
from stratolith.kernel.operations import Operation

_DELETING = "deleting"
LOG = logging.getLogger(__name__)
MESSAGE = "The cloud cannot read its data about the instance; administrators can read the details."


def mark(ctx: Context, server_id: str, reason: str, *, host: str | None = None) -> None:
    """Put the server into ERROR, unless this was done before.

    Its open operations end, except a deletion. ``host``: only if the server is on this host.
    ``reason``: the text for administrators.
    """
    LOG.error("server %s is left out: %s", server_id, reason)
    as_text = type_coerce(Server.fault, Text)
    wanted = [
        Server.id == server_id,
        Server.deleted_at.is_(None),
        or_(
            Server.has_error.is_not(True),
            Server.vm_state != "error",
            as_text.is_(None),
            as_text.not_like(f"%{MESSAGE}%"),
        ),
    ]
    if host is not None:
        wanted.append(Server.host == host)
    values = {
        "has_error": True,
        "vm_state": "error",
        "task_state": case((Server.delete_requested_at.is_(None), None), else_=_DELETING),
        "fault": fault(ctx, MESSAGE, details=reason),
    }
    statement = update(Server).where(*wanted).values(values)
    done = ctx.session.execute(statement, execution_options={"synchronize_session": False})
    if done.rowcount:  # type: ignore[attr-defined]
        _end(ctx, server_id, reason, Operation.kind != DELETE)


def end_late(ctx: Context, server_id: str, reason: str) -> None:
    """End those operations of the server whose deadline has passed."""
    _end(ctx, server_id, reason, Operation.deadline_at < ctx.env.clock.now())


def _end(ctx: Context, server_id: str, reason: str, condition: ColumnElement[bool]) -> None:
    now = ctx.env.clock.now()
    operations.fail_unread(ctx.session, SERVICE, server_id, now, reason, condition)
