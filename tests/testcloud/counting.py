"""Counts what requests send to the database."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from sqlalchemy import event

from stratolith.kernel.environment import Environment


def statements(env: Environment, request: Callable[[], Any]) -> list[str]:
    """What a request sends to the database, transactions aside."""
    sent: list[str] = []

    caller = threading.current_thread()

    def note(conn: Any, cursor: Any, statement: str, *rest: Any) -> None:
        thread = threading.current_thread()  # hosts and loops have others
        ours = thread is caller or thread.name.startswith("request")
        if ours and not statement.startswith("BEGIN"):
            sent.append(statement)

    event.listen(env.db.engine, "before_cursor_execute", note)
    try:
        request()
    finally:
        event.remove(env.db.engine, "before_cursor_execute", note)
    return sent
