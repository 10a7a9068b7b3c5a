"""The threads that work on requests, shared fairly between client addresses.

Hundreds of requests from one address (above all logins: hashing a password keeps a CPU busy) must
not block the others. While a thread is free, requests start at once; otherwise addresses take
turns, regardless of their number of requests.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar, TypeVarTuple

from starlette.requests import ClientDisconnect

from stratolith.kernel.concurrency import for_coroutine
from stratolith.kernel.http.connections import address_of
from stratolith.kernel.http.wire import WIRE

T = TypeVar("T")
Arguments = TypeVarTuple("Arguments")
Scope = Any  # of an ASGI request


class Turns:
    """Runs up to ``threads`` requests at a time; for use on one event loop."""

    def __init__(self, threads: int) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="request")
        self._free = threads
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}  # in the order of turns

    async def run(self, scope: Scope, work: Callable[[*Arguments], T], *arguments: *Arguments) -> T:
        """Run ``work`` in a thread when it is the client's turn; returns its result.

        Raises ClientDisconnect, without running it, if the client has disconnected by then.
        """
        if self._free:
            self._free -= 1
        else:
            await self._turn(scope)
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._pool, for_coroutine(work), *arguments)
        finally:
            self._next()

    async def _turn(self, scope: Scope) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        # local agents use a unix socket and have no address
        address = address_of(scope.get("client")) or ""
        self._waiting.setdefault(address, deque()).append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._next()
            raise
        if _has_disconnected(scope):
            self._next()
            raise ClientDisconnect

    def _next(self) -> None:
        """A thread is free: start the next request."""
        while self._waiting:
            address = next(iter(self._waiting))
            queue = self._waiting.pop(address)
            turn = queue.popleft()
            if queue:
                self._waiting[address] = queue  # the last in the order of turns
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1

    def shutdown(self, *, wait: bool) -> None:
        """End the threads; ``wait``: after their current work."""
        self._pool.shutdown(wait=wait, cancel_futures=True)


def _has_disconnected(scope: Scope) -> bool:
    wire = scope.get("extensions", {}).get(WIRE)
    return wire is not None and wire.cycle.disconnected
