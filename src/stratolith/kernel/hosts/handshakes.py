"""TLS connections, with a limit on simultaneous handshakes.

During its handshake a connection needs memory and processor time, and its client is unknown; the
limits on connections (kernel/http/connections.py) apply only afterwards. So handshakes have their
own limits. When there are too many, the oldest one is ended: a real client needs milliseconds, and
tries again otherwise.
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
RETRY_SECONDS = 1.0  # after a failed accept, for example without descriptors


@dataclass(frozen=True)
class HandshakeLimits:
    at_once: int = 512
    of_one_address: int = 32
    seconds: float = 10.0  # maximum of one handshake


class Handshakes:
    """Accepts connections on a socket; ``protocol`` makes their protocol after the handshake."""

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
        """Accept no further connections and end handshakes; open connections stay."""
        if self._taking is not None:
            self._taking.cancel()
        for tasks in self._under_way.values():
            for task in tasks:
                task.cancel()

    async def wait_closed(self) -> None:
        """Wait for the end of all tasks that ``close`` cancelled."""
        tasks = [task for tasks_of_address in self._under_way.values() for task in tasks_of_address]
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
                    LOG.warning("cannot accept connections of hosts: %s", error)
                    await asyncio.sleep(RETRY_SECONDS)
                    continue
                self._begin(connection, address_of(client) or "")
        finally:
            self._opened.close()

    def _begin(self, connection: socket.socket, address: str) -> None:
        self._make_room(address)
        task = asyncio.get_running_loop().create_task(self._handshake(connection))
        self._under_way.setdefault(address, []).append(task)

        def on_done(done: asyncio.Task[None]) -> None:
            self._forget(address, done)
            if done.cancelled() or done.exception() is not None:
                connection.close()  # otherwise the protocol owns it

        task.add_done_callback(on_done)

    def _make_room(self, address: str) -> None:
        handshakes = self._under_way.get(address, [])
        if len(handshakes) >= self.limits.of_one_address:
            self._end(address)
        elif self.count() >= self.limits.at_once:
            self._end(max(self._under_way, key=lambda key: len(self._under_way[key])))

    def _end(self, address: str) -> None:
        """End the oldest handshake of this address."""
        task = self._under_way[address][0]
        self._forget(address, task)
        task.cancel()
        metrics.CONNECTIONS_ENDED.labels("too many handshakes").inc()

    def _forget(self, address: str, task: asyncio.Task[None]) -> None:
        handshakes = self._under_way.get(address, [])
        if task in handshakes:
            handshakes.remove(task)
        if not handshakes:
            self._under_way.pop(address, None)

    async def _handshake(self, connection: socket.socket) -> None:
        """Raises OSError when the handshake fails or takes too long."""
        await asyncio.get_running_loop().connect_accepted_socket(
            self._protocol,
            connection,
            ssl=self._context,
            ssl_handshake_timeout=self.limits.seconds,
        )
