"""Questions to a host whose answer the caller waits for: the console of a guest, a diagnosis.

A question is a row of the database; the host's agent writes the answer. So it works with several
control-plane processes; in the process that waits, an event ends the wait at once.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import String, delete, select, update
from sqlalchemy.orm import Mapped, mapped_column

from stratolith.kernel.agent.reports import checked
from stratolith.kernel.caches import Once
from stratolith.kernel.context import Context
from stratolith.kernel.db import Base
from stratolith.kernel.db.types import Json
from stratolith.kernel.exceptions import Unavailable
from stratolith.kernel.ids import new_uuid
from stratolith.kernel.readable import LeftOut

LOG = logging.getLogger(__name__)
VIEW = "questions"
KEEP = timedelta(minutes=2)
LOOK_SECONDS = 0.5  # how often the row is read; another process may have taken the answer
# question id -> the event that a thread of this process waits for
_EVENTS: Once[dict[str, threading.Event]] = Once(lambda env: {})


class Question(Base):
    """A question to a host; deleted after minutes. kind: "<view>.<name>"."""

    __tablename__ = "kernel_questions"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    host: Mapped[str] = mapped_column(String(255), index=True)
    kind: Mapped[str] = mapped_column(String(64))
    params: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    answer: Mapped[dict[str, Any] | None] = mapped_column(Json)
    created_at: Mapped[datetime]


def ask(
    ctx: Context, host: str, kind: str, params: dict[str, Any], seconds: float = 10.0
) -> dict[str, Any]:
    """The answer of one host, as ``ask_hosts``. Raises Unavailable if none comes."""
    answer = ask_hosts(ctx, {host: params}, kind, seconds)[host]
    if answer is None:
        raise Unavailable(f"The host {host} does not answer.")
    return answer


def ask_hosts(
    ctx: Context, asked: Mapping[str, dict[str, Any]], kind: str, seconds: float = 10.0
) -> dict[str, dict[str, Any] | None]:
    """Ask several hosts at once: host -> params; returns host -> answer, None if none comes.

    An answer is what the room's function returned; {"error": text} if it failed or the host does
    not know the kind. Commits the transaction of ``ctx`` first.
    """
    now = ctx.env.clock.now()
    ctx.session.execute(delete(Question).where(Question.created_at < now - KEEP))
    events = _EVENTS.of(ctx.env)
    ids = {host: new_uuid() for host in asked}
    for host, question_id in ids.items():
        ctx.session.add(
            Question(id=question_id, host=host, kind=kind, params=asked[host], created_at=now)
        )
        events[question_id] = threading.Event()
        ctx.hint_host(host, VIEW, question_id)
    ctx.commit()
    deadline = time.monotonic() + seconds
    try:
        return {host: _wait(ctx, question_id, deadline) for host, question_id in ids.items()}
    finally:
        for question_id in ids.values():
            events.pop(question_id, None)


def _wait(ctx: Context, question_id: str, deadline: float) -> dict[str, Any] | None:
    event = _EVENTS.of(ctx.env)[question_id]
    while True:
        left = deadline - time.monotonic()
        event.wait(max(0.0, min(LOOK_SECONDS, left)))
        with ctx.env.db.read() as session:
            row = session.get(Question, question_id)
            if row is not None and row.answer is not None:
                return row.answer
        if left <= 0:
            return None


# -- the agent's side ----------------------------------------------------------------------------


def compile_view(ctx: Context, host: str, keys: list[str] | None) -> dict[str, Any]:
    """Open questions to this host: id -> {"kind", "params"}; unreadable rows are left out."""
    statement = select(Question).where(Question.host == host, Question.answer.is_(None))
    if keys is not None:
        statement = statement.where(Question.id.in_(keys))
    left_out = LeftOut()
    questions = left_out.objects(ctx.session, statement, Question.id)
    for question_id, reason in left_out.reasons.items():
        LOG.warning("question %s to host %s cannot be read: %s", question_id, host, reason)
    return {row.id: {"kind": row.kind, "params": row.params} for row in questions}


def take_report(ctx: Context, host: str, payload: Any) -> dict[str, Any]:
    """``payload``: {question id: answer}; raises BadRequest for another one."""
    for question_id, answer in checked(payload, dict[str, dict[str, Any]]).items():
        done = ctx.session.execute(
            update(Question)
            .where(Question.id == question_id, Question.host == host, Question.answer.is_(None))
            .values(answer=answer)
        )
        event = _EVENTS.of(ctx.env).get(question_id)
        if event is not None and done.rowcount:  # type: ignore[attr-defined]
            ctx.after_commit(event.set)
    return {}
