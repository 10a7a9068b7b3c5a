"""Operations: actions as durable rows, executed at most once, with a deadline.

An operation has an owner (the host or reconciler that executes it), a deadline and a final state.
Operations of one resource are executed in the order of their creation. A sweep turns operations
that missed their deadline into errors with a fault text.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Index,
    Integer,
    Select,
    String,
    Text,
    select,
    update,
)
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
    """An action on one resource, requested by one request."""

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
    service: str,
    resources: Iterable[tuple[str, str | None]],
    kind: str,
    *,
    seconds: float,
    params: Mapping[str, Any] | None = None,
    state: State = State.QUEUED,
) -> list[Operation]:
    """One operation for each (resource id, owner), in one insert.

    ``seconds`` until it counts as failed; ignored for a final ``state``.
    """
    now = ctx.env.clock.now()
    is_open = state in OPEN
    operations = [
        Operation(
            service=service,
            resource_id=resource_id,
            kind=kind,
            state=state,
            owner=owner,
            params=dict(params or {}),
            request_id=ctx.request_id,
            user_id=ctx.identity.user_id if ctx.identity else None,
            project_id=ctx.identity.project_id if ctx.identity else None,
            created_at=now,
            started_at=now,
            finished_at=None if is_open else now,
            deadline_at=now + timedelta(seconds=seconds) if is_open else None,
        )
        for resource_id, owner in resources
    ]
    ctx.session.add_all(operations)
    ctx.session.flush()
    return operations


def end(operation: Operation, now: datetime, error: str | None = None) -> None:
    """End an open operation; ``error``: the reason of a failure."""
    operation.state = State.ERROR if error else State.DONE
    operation.error = error
    operation.finished_at = now


def fail_unread(
    session: Session,
    service: str,
    resource_id: str,
    now: datetime,
    error: str,
    which: ColumnElement[bool],
) -> None:
    """End open operations of a resource without reading their rows, which may be broken."""
    session.execute(
        update(Operation)
        .where(*_open(service), Operation.resource_id == resource_id, which)
        .values(state=State.ERROR, error=error, finished_at=now),
        execution_options={"synchronize_session": False},
    )


def open_of(
    session: Session, service: str, resource_ids: Sequence[str]
) -> dict[str, list[Operation]]:
    """Resource id -> its open operations, oldest first."""
    by_resource: dict[str, list[Operation]] = defaultdict(list)
    if resource_ids:
        statement = select(Operation).where(
            *_open(service), Operation.resource_id.in_(resource_ids)
        )
        for operation in session.scalars(statement.order_by(Operation.seq)):
            by_resource[operation.resource_id].append(operation)
    return by_resource


def overdue(session: Session, service: str, now: datetime, limit: int = 500) -> set[str]:
    """The resources with open operations past their deadline, for a sweep."""
    late = select(Operation.resource_id).where(*_open(service), Operation.deadline_at < now)
    return set(session.scalars(late.distinct().limit(limit)))


def of(service: str, resource_id: str) -> Select[Operation]:
    """Selects all operations of a resource, including ended ones."""
    return select(Operation).where(
        Operation.service == service, Operation.resource_id == resource_id
    )


def _open(service: str) -> tuple[ColumnElement[bool], ...]:
    return Operation.service == service, Operation.state.in_(OPEN)
