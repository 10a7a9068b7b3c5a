"""A cache of answers, valid until the next commit.

Clients repeat the same request until something changes. An answer that depends only on rows,
settings and the policy stays valid until the next commit of any process: then the whole cache is
emptied. A route declares that its answers are of this kind (``Route.keep``). Only SQLite reports
cheaply whether there was a commit; on PostgreSQL nothing is cached.
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

MOST_BYTES = 6 << 20  # maximum size of all answers that a door caches
LARGEST = 1 << 20
_OVERHEAD = 2 << 10  # memory of a cached answer besides its body
_IGNORED_HEADERS = frozenset(
    (b"user-agent", b"accept-encoding", b"connection", b"x-openstack-request-id")
)
Key = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class State:
    """The state of the system from which an answer was made."""

    commits: tuple[int, int]
    rules: int


@dataclass(frozen=True, slots=True)
class Kept:
    answer: Answer
    until: datetime
    state: State


class Answers:
    """The cached answers of one door."""

    def __init__(self, env: Environment) -> None:
        self._env = env
        self._lock = threading.Lock()
        self._state: State | None = None  # of all cached answers
        self._kept: dict[Key, Kept] = {}
        self._paths: set[str] = set()
        self._bytes = 0

    def state(self) -> State | None:
        """Must be called before the work on an answer begins; None: nothing can be cached."""
        commits = self._env.db.version()
        return None if commits is None else State(commits, self._env.policies.generation)

    def is_valid(self, kept: Kept) -> bool:
        """Whether a cached answer is still valid."""
        return kept.until > self._env.clock.now() and kept.state == self.state()

    def find(self, scope: Any) -> Kept | None:
        """The valid cached answer to a request, or None."""
        if scope["path"] not in self._paths or scope["method"] != "GET":
            return None  # most paths have no cached answer: return without a database query
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
        """Cache an answer; ``state`` is from before its work began. HEAD is not cached."""
        if scope["method"] != "GET":
            return
        key = key_of(scope)
        until = self._env.clock.now() + timedelta(seconds=seconds)
        expires_at = ctx.identity.expires_at if ctx.identity is not None else None
        if expires_at is not None:
            until = min(until, expires_at)
        size = len(answer.body) + _OVERHEAD
        if size > LARGEST or state != self.state():
            return  # too large, or there was a commit meanwhile
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
    """All parts of a request on which an answer can depend."""
    headers: Sequence[tuple[bytes, bytes]] = scope["headers"]
    fields = tuple(field for field in headers if field[0] not in _IGNORED_HEADERS)
    path = scope.get("raw_path") or scope["path"]
    # the requested address, for requests without Host header
    server = tuple(scope.get("server") or ())
    return (path, scope["query_string"], scope["scheme"], server, fields)
