"""Who connects to the listener for hosts and does not go on with TLS keeps nobody out."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import uvloop

from stratolith.kernel.clock import utcnow
from stratolith.kernel.hosts.authority import Authority
from stratolith.kernel.hosts.handshakes import HandshakeLimits, Handshakes
from stratolith.kernel.hosts.listener import LIFETIME, open_port
from tests.api.kernel.joining import Served, served
from tests.testcloud import TestCloud

Loop = Callable[[], asyncio.AbstractEventLoop]
LOOPS = [asyncio.new_event_loop, uvloop.new_event_loop]  # the second is the server's


@pytest.fixture
def door(cloud: TestCloud, tmp_path: Path) -> Iterator[Served]:
    with served(cloud.env, tmp_path) as found:
        yield found


def is_closed(connection: socket.socket, seconds: float) -> bool:
    """Whether the server ends it within this time."""
    connection.settimeout(seconds)
    try:
        return connection.recv(1) == b""
    except ConnectionError:
        return True
    except TimeoutError:
        return False


def test_a_host_joins_among_many_silent_connections(door: Served, tmp_path: Path) -> None:
    limit = HandshakeLimits().of_one_address
    address, _, port = door.address.rpartition(":")
    with ExitStack() as stack:
        silent = [
            stack.enter_context(socket.create_connection((address, int(port))))
            for _ in range(limit + 8)
        ]
        assert all(is_closed(one, 5) for one in silent[:8])  # the oldest go
        assert not is_closed(silent[-1], 0.2)
        agent = door.join(tmp_path / "a", "host-a")
        agent.seen("host-a", "1", [], utcnow())
        assert agent.view("host-a", "guests", None)


class Listening:
    """Handshakes of an own with small limits; each connection that is made is counted."""

    def __init__(self, folder: Path) -> None:
        pem = folder / "server.pem"
        made = Authority.make("handshakes", utcnow())
        pem.write_text(made.sign_server(utcnow(), LIFETIME))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
        self.client = ssl.create_default_context(cadata=made.pem)
        self.client.check_hostname = False
        self.opened = open_port("127.0.0.1", 0)
        self.address = self.opened.getsockname()
        limits = HandshakeLimits(at_once=4, of_one_address=3, seconds=60)
        self.handshakes = Handshakes(self.opened, context, self._protocol, limits)
        self.made = 0

    def _protocol(self) -> asyncio.Protocol:
        self.made += 1
        return asyncio.Protocol()


async def until(check: Callable[[], bool]) -> None:
    for _ in range(500):
        if check():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never came to be")


@pytest.mark.parametrize("loop", LOOPS)
def test_the_address_that_has_most_makes_room(tmp_path: Path, loop: Loop) -> None:
    """And a client that goes on with TLS gets through whoever else is there."""

    async def story() -> None:
        side = Listening(tmp_path)
        side.handshakes.start(16)
        writers = []

        async def silent(source: str) -> asyncio.StreamReader:
            reader, writer = await asyncio.open_connection(*side.address, local_addr=(source, 0))
            writers.append(writer)
            return reader

        first = await silent("127.0.0.2")
        await until(lambda: side.handshakes.count() == 1)
        others = [await silent("127.0.0.2") for _ in range(2)]
        other = await silent("127.0.0.3")
        await until(lambda: side.handshakes.count() == 4)
        writers.append((await asyncio.open_connection(*side.address, ssl=side.client))[1])
        await until(lambda: side.made == 5 and side.handshakes.count() == 3)
        assert await asyncio.wait_for(first.read(1), 5) == b""  # the oldest of who had most
        assert not any(one.at_eof() for one in [*others, other])
        side.handshakes.close()
        await side.handshakes.wait_closed()
        assert side.handshakes.count() == 0
        for one in [*others, other]:  # a server that ends leaves nobody waiting
            assert await asyncio.wait_for(one.read(1), 5) == b""
        for writer in writers:
            writer.close()

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(story())


@pytest.mark.parametrize("loop", LOOPS)
def test_it_ends_by_itself_after_its_time(tmp_path: Path, loop: Loop) -> None:
    async def story() -> None:
        side = Listening(tmp_path)
        side.handshakes.limits = HandshakeLimits(seconds=0.1)
        side.handshakes.start(16)
        reader, writer = await asyncio.open_connection(*side.address)
        assert await asyncio.wait_for(reader.read(1), 10) == b""
        await until(lambda: side.handshakes.count() == 0)
        writer.close()
        side.handshakes.close()
        await side.handshakes.wait_closed()

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(story())
