"""TLS connections, with a limit on handshakes under way.

Before its handshake is over a connection costs memory and processor time, and nobody knows whose
it is; the limits on connections (kernel/http/connections.py) count it from then on only. So
handshakes have limits of their own. When there are too many, the one that began first ends: who
means it needs milliseconds, and comes again otherwise.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass

from stratolith.kernel import metrics
from stratolith.kernel.http.connections import address_of

LOG = logging.getLogger(__name__)
RETRY_SECONDS = 1.0  # after no connection could be taken, as without descriptors


@dataclass(frozen=True)
class HandshakeLimits:
    at_once: int = 512
    of_one_address: int = 32
    seconds: float = 10.0  # that one may take


class Handshakes:
    """Takes connections on a socket; ``protocol`` makes what serves each after its handshake."""

    def __init__(
        self,
        opened: socket.socket,
        context: ssl.SSLContext,
        protocol: Callable[[], asyncio.Protocol],
        limits: HandshakeLimits = HandshakeLimits(),
    ) -> None:
        self._opened, self._context, self._protocol = opened, context, protocol
        self.limits = limits
        # address -> handshakes in order of arrival
        self._under_way: dict[str, list[asyncio.Task[None]]] = {}
        self._taking: asyncio.Task[None] | None = None

    def start(self, backlog: int) -> None:
        self._opened.listen(backlog)
        self._opened.setblocking(False)
        self._taking = asyncio.get_running_loop().create_task(self._take())

    def close(self) -> None:
        """Take no further connection and end handshakes; what is connected stays."""
        if self._taking is not None:
            self._taking.cancel()
        for tasks in self._under_way.values():
            for task in tasks:
                task.cancel()

    async def wait_closed(self) -> None:
        """Until all that ``close`` ended is over."""
        tasks = [one for some in self._under_way.values() for one in some]
        if self._taking is not None:
            tasks.append(self._taking)
        await asyncio.gather(*tasks, return_exceptions=True)

    def count(self) -> int:
        return sum(len(tasks) for tasks in self._under_way.values())

    async def _take(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while True:
                try:
                    connection, client = await loop.sock_accept(self._opened)
                except OSError as error:
                    LOG.warning("no connection of a host can be taken: %s", error)
                    await asyncio.sleep(RETRY_SECONDS)
                    continue
                self._begin(connection, address_of(client) or "")
        finally:
            self._opened.close()

    def _begin(self, connection: socket.socket, address: str) -> None:
        self._make_room(address)
        task = asyncio.get_running_loop().create_task(self._shake(connection))
        self._under_way.setdefault(address, []).append(task)

        def over(done: asyncio.Task[None]) -> None:
            self._forget(address, done)
            if done.cancelled() or done.exception() is not None:
                connection.close()  # else it belongs to what serves it

        task.add_done_callback(over)

    def _make_room(self, address: str) -> None:
        mine = self._under_way.get(address, [])
        if len(mine) >= self.limits.of_one_address:
            self._end(address)
        elif self.count() >= self.limits.at_once:
            self._end(max(self._under_way, key=lambda one: len(self._under_way[one])))

    def _end(self, address: str) -> None:
        """End the handshake of this address that began first."""
        task = self._under_way[address][0]
        self._forget(address, task)
        task.cancel()
        metrics.CONNECTIONS_ENDED.labels("too many handshakes").inc()

    def _forget(self, address: str, task: asyncio.Task[None]) -> None:
        mine = self._under_way.get(address, [])
        if task in mine:
            mine.remove(task)
        if not mine:
            self._under_way.pop(address, None)

    async def _shake(self, connection: socket.socket) -> None:
        """Raises OSError when the handshake fails or takes too long."""
        await asyncio.get_running_loop().connect_accepted_socket(
            self._protocol,
            connection,
            ssl=self._context,
            ssl_handshake_timeout=self.limits.seconds,
        )
