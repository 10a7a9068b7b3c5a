"""Limits on connections: their number, the time of a client, the size of a request's head.

An open connection uses a descriptor and memory, even when its client sends nothing. So each
connection waits for its client for a limited time, and one address cannot use all connections. The
agents' unix socket has no such limits, and some descriptors are always reserved for it, for files
and for the database.

The cost is one check of each connection per second: requests set no timers.
Source of the status codes: RFC 9110 (408, 414), RFC 6585 (431), RFC 9112 (400, 501, 505).
"""

from __future__ import annotations

import asyncio
import ipaddress
import resource
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from stratolith.kernel import metrics
from stratolith.kernel.config import ApiSection

LOOK_SECONDS = 1.0
RESERVED_DESCRIPTORS = 256  # for the agents' socket, files, the database


@dataclass(frozen=True)
class Limits:
    """Sizes in bytes, times in seconds; ApiSection describes them for operators."""

    head_bytes: int = 64 << 10
    head_fields: int = 128
    head_seconds: float = 20.0
    idle_seconds: float = 75.0
    pace_seconds: float = 30.0
    pace_bytes: int = 1024  # per second
    drain_seconds: float = 20.0  # for reading the rest of a body after the answer
    connections: int = 16384
    connections_per_address: int = 1024

    @classmethod
    def of(cls, api: ApiSection) -> Limits:
        return cls(
            head_bytes=api.max_head_kb << 10,
            head_fields=api.max_head_fields,
            head_seconds=api.head_seconds,
            idle_seconds=api.idle_seconds,
            pace_seconds=api.pace_seconds,
            pace_bytes=api.pace_bytes,
            connections=min(api.max_connections, _descriptors() - RESERVED_DESCRIPTORS),
            connections_per_address=api.max_connections_per_address,
        )


def raise_descriptor_limit() -> None:
    """Use as many descriptors as the system allows; the default of many systems is 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 65536 if hard == resource.RLIM_INFINITY else min(hard, 65536)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _descriptors() -> int:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 1 << 20 if soft == resource.RLIM_INFINITY else soft


class Phase(Enum):
    """The current work of a connection."""

    IDLE = "idle"  # no byte of a request received
    HEAD = "head"  # a part of the head was received
    BODY = "body"  # the client sends the body
    ANSWER = "answer"  # the server works on the answer or sends it


class Guarded(Protocol):
    """What the table of connections needs from a connection."""

    phase_since: float  # loop time

    @property
    def phase(self) -> Phase: ...

    def is_waiting_for_client(self) -> bool: ...

    def progress(self) -> int:
        """Bytes that the client has sent or received."""
        ...

    def give_up(self, *, status: int) -> None:
        """Close the connection, with an answer of this status if one can still be sent."""
        ...

    def abort(self) -> None: ...


class Pace:
    """Checks whether a client sends or receives fast enough."""

    __slots__ = ("bytes", "seconds")

    def __init__(self) -> None:
        self.seconds = 0.0
        self.bytes = 0

    def is_too_slow(self, progress: int, limits: Limits) -> bool:
        """Called each LOOK_SECONDS during which the server waited for the client."""
        if self.seconds == 0.0:
            self.bytes = progress
        self.seconds += LOOK_SECONDS
        if self.seconds < limits.pace_seconds:
            return False
        moved = progress - self.bytes
        self.seconds = 0.0
        return moved < limits.pace_bytes * limits.pace_seconds


class Connections:
    """All TCP connections of one process."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._by_address: dict[str, dict[Guarded, Pace]] = {}  # per address in order of arrival
        self._count = 0
        self._is_checking = False

    def admit(self, connection: Guarded, address: str, loop: asyncio.AbstractEventLoop) -> bool:
        """Whether the connection is accepted; closes an idle connection when there are too many."""
        connections = self._by_address.get(address, {})
        if len(connections) >= self.limits.connections_per_address and not self._drop_idle(
            iter([connections])
        ):
            metrics.CONNECTIONS_ENDED.labels("too many of one address").inc()
            return False
        if self._count >= self.limits.connections and not self._drop_idle(self._largest_first()):
            metrics.CONNECTIONS_ENDED.labels("too many").inc()
            return False
        self._by_address.setdefault(address, {})[connection] = Pace()
        self._count += 1
        if not self._is_checking:
            self._is_checking = True
            loop.call_later(LOOK_SECONDS, self._check_all, loop)
        return True

    def leave(self, connection: Guarded, address: str) -> None:
        """Forget a closed connection; unknown connections are ignored."""
        connections = self._by_address.get(address)
        if connections is None or connections.pop(connection, None) is None:
            return
        self._count -= 1
        if not connections:
            del self._by_address[address]

    def _largest_first(self) -> Iterator[dict[Guarded, Pace]]:
        yield from sorted(self._by_address.values(), key=len, reverse=True)

    def _drop_idle(self, groups: Iterator[dict[Guarded, Pace]]) -> bool:
        """Close the oldest connection that has no request."""
        for group in groups:
            for connection in group:
                if connection.phase is Phase.IDLE:
                    metrics.CONNECTIONS_ENDED.labels("made room").inc()
                    address = next(
                        a for a, of_address in self._by_address.items() if of_address is group
                    )
                    connection.abort()
                    self.leave(connection, address)
                    return True
        return False

    def _check_all(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        for group in list(self._by_address.values()):
            for connection, pace in list(group.items()):
                self._check(connection, pace, now)
        if self._count:
            loop.call_later(LOOK_SECONDS, self._check_all, loop)
        else:
            self._is_checking = False

    def _check(self, connection: Guarded, pace: Pace, now: float) -> None:
        waited = now - connection.phase_since
        if connection.phase is Phase.IDLE and waited > self.limits.idle_seconds:
            metrics.CONNECTIONS_ENDED.labels("idle").inc()
            connection.abort()
        elif connection.phase is Phase.HEAD and waited > self.limits.head_seconds:
            metrics.CONNECTIONS_ENDED.labels("slow head").inc()
            connection.give_up(status=408)
        elif connection.phase in (Phase.BODY, Phase.ANSWER):
            if not connection.is_waiting_for_client():
                pace.seconds = 0.0
            elif pace.is_too_slow(connection.progress(), self.limits):
                metrics.CONNECTIONS_ENDED.labels("slow client").inc()
                connection.give_up(status=408)


def address_of(client: tuple[str, int] | None) -> str | None:
    """The address by which connections are counted; None for a unix socket.

    A subscriber of IPv6 has 2**64 addresses, so a /64 network counts as one address.
    """
    if client is None:
        return None
    try:
        address = ipaddress.ip_address(client[0].partition("%")[0])
    except ValueError:
        return client[0]
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)
