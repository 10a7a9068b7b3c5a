"""Repeated requests, answered without the application.

A cached answer (kernel/http/answers.py) is found by a door, after uvicorn made a scope, a task and
several callables: for a client that polls these cost more than all other work. So a door that gave
a cached answer leaves a function with the protocol that gives it again. The protocol finds it by
the bytes of the request and checks each time that the answer is still valid.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

# The request's target, the requested address, and all header fields as received.
RequestKey = tuple[bytes, tuple[str, int | None] | None, tuple[tuple[bytes, bytes], ...]]
# Client address -> the parts of an answer 200 after uvicorn's fields: own fields, an empty line,
# the body; None when the cached answer is no longer valid.
Repeat = Callable[[str], "tuple[bytes, ...] | None"]

MOST_BYTES = 6 << 20
_OVERHEAD = 4 << 10  # memory of an entry besides the body
_BODIES = frozenset((b"content-length", b"transfer-encoding", b"expect"))


class Repeats:
    """The repeatable answers of one server; used only by its event loop."""

    def __init__(self) -> None:
        self._known: dict[RequestKey, Repeat] = {}
        self._bytes = 0
        self._fields: object = None  # the server's fields that ``_begin`` contains
        self._begin: tuple[bytes, ...] = ()

    def find(self, request_key: RequestKey) -> Repeat | None:
        return self._known.get(request_key)

    def keep(self, request_key: RequestKey, again: Repeat, size: int) -> None:
        """``size``: bytes of the body. Requests that have a body are not cached."""
        if any(name in _BODIES for name, _ in request_key[2]):
            return
        if self._bytes + size + _OVERHEAD > MOST_BYTES:
            self.forget()
        if request_key not in self._known:
            self._bytes += size + _OVERHEAD
        self._known[request_key] = again

    def forget(self) -> None:
        """Empty the cache: when one answer is invalid, the others nearly always are too."""
        self._known.clear()
        self._bytes = 0

    def begin(self, server_state: Any) -> tuple[bytes, ...]:
        """The start of each answer: the status and the fields that uvicorn adds to every answer."""
        fields = server_state.default_headers  # a new list each second
        if fields is not self._fields:
            self._fields = fields
            self._begin = (STATUS_LINE[200], *(b"%s: %s\r\n" % field for field in fields))
        return self._begin
