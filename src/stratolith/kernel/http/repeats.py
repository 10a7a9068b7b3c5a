"""Requests that come again in the same words, answered without the application.

A kept answer (kernel/http/answers.py) is found by a door, behind a scope, a task and some
callables: for a client that polls they cost more than all the rest. So the door that gave a kept
answer leaves with the protocol what gives it again, and the protocol finds it by the bytes of the
request. Whether it is right still is asked each time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

# The target, the address that was dialled, and all fields as they came.
Words = tuple[bytes, tuple[str, int | None] | None, tuple[tuple[bytes, bytes], ...]]
# From the client's address to the rest of an answer 200 in parts: its own fields, an empty line,
# the body; None when it is not right any more.
Again = Callable[[str], "tuple[bytes, ...] | None"]

MOST_BYTES = 6 << 20
_AROUND = 4 << 10  # bytes that an entry needs besides the body
_BODIES = frozenset((b"content-length", b"transfer-encoding", b"expect"))


class Repeats:
    """Those of one server; used by its event loop only."""

    def __init__(self) -> None:
        self._known: dict[Words, Again] = {}
        self._bytes = 0
        self._fields: object = None  # the server's own, as ``_begin`` has them
        self._begin: tuple[bytes, ...] = ()

    def find(self, words: Words) -> Again | None:
        return self._known.get(words)

    def keep(self, words: Words, again: Again, size: int) -> None:
        """``size``: bytes of the body. Requests with a body of their own are not kept."""
        if any(name in _BODIES for name, _ in words[2]):
            return
        if self._bytes + size + _AROUND > MOST_BYTES:
            self.forget()
        if words not in self._known:
            self._bytes += size + _AROUND
        self._known[words] = again

    def forget(self) -> None:
        """One is not right any more: nearly always the others are not either."""
        self._known.clear()
        self._bytes = 0

    def begin(self, server_state: Any) -> tuple[bytes, ...]:
        """The beginning of every answer: the status and the fields that uvicorn gives each."""
        fields = server_state.default_headers  # a new list each second
        if fields is not self._fields:
            self._fields = fields
            self._begin = (STATUS_LINE[200], *(b"%s: %s\r\n" % field for field in fields))
        return self._begin
