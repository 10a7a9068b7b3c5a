"""Which addresses may be asked for image data, and how long their servers may take."""

from __future__ import annotations

import ipaddress
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import pytest

from stratolith.image.exceptions import DownloadFailed, UriRefused
from stratolith.image.managers.fair_queue import FairQueue
from stratolith.image.settings import ImageSettings
from stratolith.image.store import web

OPEN = ["8.8.8.8", "193.0.6.139", "2001:4860:4860::8888", "2a00:1450::1", "64:ff9b::808:808",
        "::ffff:8.8.8.8", "2002:808:808::1"]  # fmt: skip
CLOSED = [
    # this host, this network, private, shared, link-local, documentation, tests
    "127.0.0.1", "0.0.0.0", "0.1.2.3", "10.0.0.1", "172.16.0.1", "192.168.0.1", "100.64.0.1",
    "169.254.169.254", "192.0.2.1", "198.51.100.1", "203.0.113.1", "198.18.0.1",
    # of no host: assignments of the protocol, relays, multicast, reserved, broadcast
    "192.0.0.9", "192.0.0.170", "192.88.99.1", "224.0.0.1", "239.1.1.1", "240.0.0.1",
    "255.255.255.255",
    "::", "::1", "fe80::1", "fec0::1", "feff::1", "fc00::1", "fd00::1", "ff02::1", "ff0e::1",
    "100::1", "2001:db8::1", "3fff::1", "5f00::1", "2001:2::1", "2001:10::1", "2001:20::1",
    "2001:1::1", "4000::1", "8000::1", "e000::1",
    # what leads to one of them
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "::8.8.8.8", "::ffff:0:7f00:1",
    "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::808:808", "2002:7f00:1::",
    "2002:a9fe:a9fe::1", "2001:0:7f00:1::f7f7:f7f7", "2001:0:808:808::80ff:fffe",
    "2a00:1450::5efe:7f00:1", "2a00:1450::200:5efe:a00:1",
]  # fmt: skip


@pytest.mark.parametrize("text", OPEN)
def test_hosts_of_the_internet_may_be_asked(text: str) -> None:
    assert web.is_allowed(ImageSettings(), ipaddress.ip_address(text))


@pytest.mark.parametrize("text", CLOSED)
def test_no_other_address_may(text: str) -> None:
    settings = ImageSettings()
    assert not web.is_allowed(settings, ipaddress.ip_address(text))
    literal = f"[{text}]" if ":" in text else text
    with pytest.raises(UriRefused):
        web.check(settings, f"http://{literal}/image")
    with pytest.raises(UriRefused):
        web.resolve(settings, text, 80)


def test_all_of_ipv6_but_global_unicast_is_closed() -> None:
    """Whatever Python's tables say of it: one address of each of the 65,536 first groups."""
    settings = ImageSettings()
    for group in range(0x10000):
        if not 0x2000 <= group < 0x4000:
            address = ipaddress.IPv6Address((group << 112) | 0x123456789)
            assert not web.is_allowed(settings, address), address


@pytest.mark.parametrize("host", ["0x7f.1", "2130706433", "0177.0.0.1", "127.1", "localhost"])
def test_other_spellings_of_this_host(host: str) -> None:
    with pytest.raises((UriRefused, DownloadFailed)):
        next(web.fetch(ImageSettings(), f"http://{host}/image"))


def test_an_address_with_an_interface_is_refused() -> None:
    for host in ("[fe80::1%25lo]", "[2a00:1450::1%25eth0]", "[2a00:1450::1%eth0]"):
        with pytest.raises(UriRefused):
            web.check(ImageSettings(), f"http://{host}/image")


# -- patience ------------------------------------------------------------------------------------


@contextmanager
def server(talk: Callable[[socket.socket], None]) -> Iterator[str]:
    """Accepts connections and lets ``talk`` answer each on a thread of its own."""

    def serve(connection: socket.socket) -> None:
        with connection:
            try:
                connection.recv(65536)
                talk(connection)
            except OSError:
                return

    def accept() -> None:
        while True:
            try:
                connection = listening.accept()[0]
            except OSError:
                return
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=accept, daemon=True).start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/image"
        listening.shutdown(socket.SHUT_RDWR)


def drip(connection: socket.socket, before: bytes = b"") -> None:
    connection.sendall(before)
    while True:
        connection.sendall(b"x")
        time.sleep(0.05)


def settings_for(uri: str, **more: int) -> ImageSettings:
    port = int(uri.rpartition(":")[2].partition("/")[0])
    return ImageSettings(import_ports=[port], import_private_networks=["127.0.0.1/32"], **more)


HEADERS = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"


@pytest.mark.parametrize("before", [HEADERS, b"HTTP/1.1 200 OK\r\nX-Long: ", b""])
def test_a_server_that_drips_is_given_up(before: bytes) -> None:
    """In its data, and in its headers as well."""
    with server(lambda one: drip(one, before)) as uri:
        settings = settings_for(uri, import_min_rate_kb=1, import_rate_seconds=1)
        with pytest.raises(DownloadFailed, match="less than 1024 bytes a second"):
            list(web.fetch(settings, uri))


def test_a_slow_server_is_waited_for_where_that_is_wanted() -> None:
    def answer(connection: socket.socket) -> None:
        connection.sendall(HEADERS.replace(b"1000000", b"5"))
        for letter in b"slowly"[:5]:
            time.sleep(0.3)
            connection.sendall(bytes([letter]))

    with server(answer) as uri:
        settings = settings_for(uri, import_min_rate_kb=0, import_rate_seconds=1)
        assert b"".join(web.fetch(settings, uri)) == b"slowl"


def test_the_length_of_data_is_not_waited_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "MEASURE_SECONDS", 0.5)
    with server(drip) as uri, pytest.raises(DownloadFailed, match=r"longer than|timed out"):
        web.measure(settings_for(uri), uri)


# -- turns ---------------------------------------------------------------------------------------


def test_no_project_keeps_the_others_waiting() -> None:
    queue, stay = FairQueue(3, 2, "test"), threading.Event()
    done: list[str] = []

    def greedy() -> None:
        stay.wait(10)
        done.append("greedy")

    def modest(ended: threading.Event) -> None:
        done.append("modest")
        ended.set()

    for _ in range(20):
        queue.submit("greedy", greedy)
    all_ended = [threading.Event() for _ in range(5)]
    for number, ended in enumerate(all_ended):
        queue.submit(f"project {number}", partial(modest, ended))
    assert all(ended.wait(5) for ended in all_ended)
    assert done == ["modest"] * 5
    stay.set()
    last = threading.Event()
    queue.submit("greedy", last.set)
    assert last.wait(5) and done.count("greedy") >= 19


def test_work_that_fails_gives_its_turn_back() -> None:
    queue, ended = FairQueue(1, 1, "test"), threading.Event()

    def fail() -> None:
        raise ValueError

    queue.submit("a", fail)
    queue.submit("a", ended.set)
    assert ended.wait(5)
