"""Answers that are given again as long as nothing was committed.

Clients of a cloud ask the same question again and again until something has changed. An answer
that is made of rows, of settings and of the policy alone stays right until the next commit, of
whatever process: then all of them are forgotten. Routes say whether theirs are such answers
(``Route.keep``). Only SQLite tells cheaply whether there was a commit; on PostgreSQL nothing is
kept.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from stratolith.kernel.context import Context
from stratolith.kernel.environment import Environment
from stratolith.kernel.http.dispatch import Answer

MOST_BYTES = 6 << 20  # of all answers of a door together
LARGEST = 1 << 20
_AROUND = 2 << 10  # bytes that an answer needs besides its body
_NO_MATTER = frozenset(
    (b"user-agent", b"accept-encoding", b"connection", b"x-openstack-request-id")
)
Key = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class State:
    """What an answer was made from."""

    commits: tuple[int, int]
    rules: int


@dataclass(frozen=True, slots=True)
class Kept:
    answer: Answer
    until: datetime
    state: State


class Answers:
    """The answers of one door."""

    def __init__(self, env: Environment) -> None:
        self._env = env
        self._lock = threading.Lock()
        self._state: State | None = None  # of all that is kept
        self._kept: dict[Key, Kept] = {}
        self._paths: set[str] = set()
        self._bytes = 0

    def state(self) -> State | None:
        """To be asked for before the work on an answer begins; None: nothing can be kept."""
        commits = self._env.db.version()
        return None if commits is None else State(commits, self._env.policies.generation)

    def is_right(self, kept: Kept) -> bool:
        """Whether an answer that was kept may still be given."""
        return kept.until > self._env.clock.now() and kept.state == self.state()

    def find(self, scope: Any) -> Kept | None:
        """The answer to a request that was kept and is right now."""
        if scope["path"] not in self._paths or scope["method"] != "GET":
            return None  # without asking the database: most paths have nothing kept
        key = key_of(scope)
        state = self.state()
        with self._lock:
            if state != self._state:
                self._forget(state)
                return None
            kept = self._kept.get(key)
        if kept is None or kept.until <= self._env.clock.now():
            return None
        return kept

    def keep(self, scope: Any, state: State, answer: Answer, ctx: Context, seconds: float) -> None:
        """``state``: of before the work on it began; a HEAD's answer is of another request."""
        if scope["method"] != "GET":
            return
        key = key_of(scope)
        until = self._env.clock.now() + timedelta(seconds=seconds)
        expires_at = ctx.identity.expires_at if ctx.identity is not None else None
        if expires_at is not None:
            until = min(until, expires_at)
        size = len(answer.body) + _AROUND
        if size > LARGEST or state != self.state():
            return  # too large, or somebody committed meanwhile
        with self._lock:
            if state != self._state or self._bytes + size > MOST_BYTES:
                self._forget(state)
            before = self._kept.get(key)
            self._bytes += size if before is None else len(answer.body) - len(before.answer.body)
            self._kept[key] = Kept(answer, until, state)
            self._paths.add(scope["path"])

    def _forget(self, state: State | None) -> None:
        self._state, self._bytes = state, 0
        self._kept.clear()
        self._paths.clear()


def key_of(scope: Any) -> Key:
    """All of a request that an answer can depend on."""
    headers: Sequence[tuple[bytes, bytes]] = scope["headers"]
    told = tuple(one for one in headers if one[0] not in _NO_MATTER)
    path = scope.get("raw_path") or scope["path"]
    server = tuple(scope.get("server") or ())  # what it dialled, where no Host is told
    return (path, scope["query_string"], scope["scheme"], server, told)
