"""The outbox: an event is told after its commit, and never when there was none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from stratolith.kernel import events
from stratolith.kernel.context import Context
from stratolith.kernel.environment import Environment
from tests.api.kernel import toy


@pytest.fixture
def env(tmp_path: Path) -> Iterator[Environment]:
    found = toy.environment(tmp_path)
    yield found
    found.db.dispose()


def test_told_once_after_the_commit(env: Environment) -> None:
    told: list[dict[str, Any]] = []
    events.subscribe("toy.made", lambda ctx, payload: told.append(payload))
    ctx = Context(env, toy.SERVICE, write=True)
    events.emit(ctx, "toy.made", {"id": "1"})
    ctx.commit()
    lost = Context(env, toy.SERVICE, write=True)
    events.emit(lost, "toy.made", {"id": "2"})
    lost.session.flush()
    lost.close()  # rolled back
    assert events.publish_pending(env) == 1
    assert events.publish_pending(env) == 0
    assert told == [{"id": "1"}]


def test_what_nobody_listens_to_is_not_written(env: Environment) -> None:
    ctx = Context(env, toy.SERVICE, write=True)
    events.emit(ctx, "toy.unheard", {"id": "1"})
    ctx.commit()
    assert events.publish_pending(env) == 0


def test_a_failing_subscriber_stops_nobody_else(env: Environment) -> None:
    told: list[str] = []

    def broken(ctx: Context, payload: dict[str, Any]) -> None:
        raise RuntimeError("broken")

    events.subscribe("toy.lost", broken)
    events.subscribe("toy.lost", lambda ctx, payload: told.append(payload["id"]))
    ctx = Context(env, toy.SERVICE, write=True)
    events.emit(ctx, "toy.lost", {"id": "1"})
    ctx.commit()
    events.publish_pending(env)
    assert told == ["1"]


@pytest.mark.parametrize("column", ["type", "payload", "request_id", "created_at"])
def test_an_event_that_cannot_be_read_keeps_no_other_from_being_told(
    env: Environment, column: str
) -> None:
    told: list[str] = []
    events.subscribe("toy.junk", lambda ctx, payload: told.append(payload["id"]))
    ctx = Context(env, toy.SERVICE, write=True)
    for number in range(5):
        events.emit(ctx, "toy.junk", {"id": str(number)})
    ctx.session.flush()
    table, own = events.OutboxEvent.__tablename__, "SELECT min(id) + 2 FROM kernel_outbox"
    ctx.session.execute(
        text(f"UPDATE {table} SET {column} = CAST(:junk AS TEXT) WHERE id = ({own})"),
        {"junk": b"\xff"},
    )
    ctx.commit()
    assert events.publish_pending(env) == 5
    assert events.publish_pending(env) == 0
    assert told == ["0", "1", "3", "4"]
