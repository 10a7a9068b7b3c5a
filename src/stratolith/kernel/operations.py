"""Operations: imperative acts as durable rows, at most once each, never stuck.

An operation has an owner (the host or reconciler that carries it out), a deadline and a
terminal state. Operations of one resource are carried out in the order they were made.
A sweep turns what missed its deadline into an error with a fault text.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, Integer, String, Text, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from stratolith.kernel.clock import utcnow
from stratolith.kernel.context import Context
from stratolith.kernel.db import Base
from stratolith.kernel.db.types import Json
from stratolith.kernel.ids import new_uuid


class State(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    ERROR = "error"


OPEN = (State.QUEUED, State.RUNNING)


class Operation(Base):
    """One act on one resource, asked for by one request."""

    __tablename__ = "kernel_operations"
    __table_args__ = (
        Index("ix_kernel_operations_resource", "service", "resource_id", "seq"),
        Index("ix_kernel_operations_open", "state", "deadline_at"),
    )

    seq: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(String(36), unique=True, default=new_uuid)
    service: Mapped[str] = mapped_column(String(32))
    resource_id: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(16), default=State.QUEUED)
    owner: Mapped[str | None] = mapped_column(String(255))
    params: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    error: Mapped[str | None] = mapped_column(Text)
    request_id: Mapped[str] = mapped_column(String(64))
    user_id: Mapped[str | None] = mapped_column(String(64))
    project_id: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    deadline_at: Mapped[datetime | None]


def begin(
    ctx: Context,
    resource_id: str,
    kind: str,
    *,
    owner: str | None = None,
    seconds: float | None = 600,
    params: dict[str, Any] | None = None,
    state: State = State.QUEUED,
) -> Operation:
    """Add an operation to the resource's queue. ``seconds`` until it counts as failed."""
    assert ctx.service is not None
    now = ctx.env.clock.now()
    operation = Operation(
        service=ctx.service.type,
        resource_id=resource_id,
        kind=kind,
        state=state,
        owner=owner,
        params=params or {},
        request_id=ctx.request_id,
        user_id=ctx.identity.user_id if ctx.identity else None,
        project_id=ctx.identity.project_id if ctx.identity else None,
        created_at=now,
        deadline_at=now + timedelta(seconds=seconds) if seconds else None,
    )
    if state is State.DONE:
        operation.started_at = operation.finished_at = now
    ctx.session.add(operation)
    ctx.session.flush()
    return operation


def finish(session: Session, operation_id: str, now: datetime, error: str | None = None) -> bool:
    """End an open operation; False when it had ended before (a doubled report)."""
    result = session.execute(
        update(Operation)
        .where(Operation.id == operation_id, Operation.state.in_(OPEN))
        .values(state=State.ERROR if error else State.DONE, error=error, finished_at=now)
    )
    return bool(result.rowcount)  # type: ignore[attr-defined]


def open_of(session: Session, service: str, resource_ids: list[str]) -> list[Operation]:
    """The operations of these resources that have not ended, oldest first."""
    return list(
        session.scalars(
            select(Operation)
            .where(
                Operation.service == service,
                Operation.resource_id.in_(resource_ids),
                Operation.state.in_(OPEN),
            )
            .order_by(Operation.seq)
        )
    )


def overdue(session: Session, now: datetime) -> list[Operation]:
    """Operations past their deadline, for the sweep."""
    return list(
        session.scalars(
            select(Operation)
            .where(Operation.state.in_(OPEN), Operation.deadline_at < now)
            .order_by(Operation.seq)
            .limit(500)
        )
    )
