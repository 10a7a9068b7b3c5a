"""Counts what requests send to the database."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import event

from stratolith.kernel.environment import Environment


def statements(env: Environment, request: Callable[[], Any]) -> list[str]:
    """What a request sends to the database, transactions aside."""
    sent: list[str] = []

    def note(conn: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if not statement.startswith("BEGIN"):
            sent.append(statement)

    event.listen(env.db.engine, "before_cursor_execute", note)
    try:
        request()
    finally:
        event.remove(env.db.engine, "before_cursor_execute", note)
    return sent
