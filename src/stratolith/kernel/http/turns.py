"""The threads that work on requests, shared fairly between the addresses that ask.

One address with hundreds of requests under way (logins above all: hashing a password takes a
processor for a while) must not keep the others waiting. As long as a thread is free there is no
queue; when none is, addresses take turns, however many requests each has.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar, TypeVarTuple

from starlette.requests import ClientDisconnect

from stratolith.kernel.http.connections import address_of
from stratolith.kernel.http.wire import WIRE

T = TypeVar("T")
Arguments = TypeVarTuple("Arguments")
Scope = Any  # of an ASGI request


class Turns:
    """``threads`` requests at a time. To be used on one event loop."""

    def __init__(self, threads: int) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="request")
        self._free = threads
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}  # in the order of turns

    async def run(self, scope: Scope, work: Callable[[*Arguments], T], *arguments: *Arguments) -> T:
        """What ``work`` gives, done in a thread when it is the client's turn.

        Raises ClientDisconnect, without doing it, when the client is gone by then.
        """
        if self._free:
            self._free -= 1
        else:
            await self._turn(scope)
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._pool, work, *arguments)
        finally:
            self._next()

    async def _turn(self, scope: Scope) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        # the agents of this machine come by a unix socket, without an address
        who = address_of(scope.get("client")) or ""
        self._waiting.setdefault(who, deque()).append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._next()
            raise
        if _is_gone(scope):
            self._next()
            raise ClientDisconnect

    def _next(self) -> None:
        """A thread is free: whose turn is it?"""
        while self._waiting:
            who = next(iter(self._waiting))
            queue = self._waiting.pop(who)
            turn = queue.popleft()
            if queue:
                self._waiting[who] = queue  # behind the others
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1

    def shutdown(self, *, wait: bool) -> None:
        """End the threads; ``wait``: when they have done what they are at."""
        self._pool.shutdown(wait=wait, cancel_futures=True)


def _is_gone(scope: Scope) -> bool:
    wire = scope.get("extensions", {}).get(WIRE)
    return wire is not None and wire.cycle.disconnected
