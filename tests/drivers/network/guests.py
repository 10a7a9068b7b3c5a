"""Guests for network tests: a namespace behind a real tap, with Python as its software."""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import socket
import struct
import subprocess
import threading
from collections.abc import Iterator
from uuid import uuid4

from stratolith.network.drivers.linux.host_kernel import namespaces

_TUNSETIFF = 0x400454CA
_TAP_NO_PI = 0x1002
PATIENCE = 15.0  # seconds for what must come; a busy machine needs some of them


def open_tap(name: str) -> int:
    """Attach to a tap of this thread's namespace, as QEMU would."""
    handle = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    fcntl.ioctl(handle, _TUNSETIFF, struct.pack("16sH22x", name.encode(), _TAP_NO_PI))
    return handle


class Guest:
    """A machine with one NIC, plugged into the host's tap ``tap``."""

    def __init__(self, tap: str, mac: str) -> None:
        self.name = f"guest-{uuid4().hex[:8]}"
        self.mac = mac
        namespaces.create(self.name)
        self._outer = open_tap(tap)
        self._inner = namespaces.run_in(self.name, lambda: open_tap("eth0"))
        self.sh(f"ip link set lo up; ip link set eth0 address {mac} up")
        self._stop, self._wake = os.pipe()
        self._pump = threading.Thread(target=self._carry, daemon=True)
        self._pump.start()

    def _carry(self) -> None:
        other = {self._outer: self._inner, self._inner: self._outer}
        while True:
            ready, _, _ = select.select([*other, self._stop], [], [])
            if self._stop in ready:
                return
            for handle in ready:
                with contextlib.suppress(OSError):
                    os.write(other[handle], os.read(handle, 65536))

    def unplug(self) -> None:
        """Let go of the host's tap, as a hypervisor that ends."""
        os.write(self._wake, b"x")
        self._pump.join()
        os.close(self._outer)
        self._outer = -1

    def close(self) -> None:
        if self._outer >= 0:
            self.unplug()
        for handle in (self._inner, self._stop, self._wake):
            os.close(handle)
        namespaces.remove(self.name)

    def sh(self, script: str, timeout: float = 30) -> str:
        def body() -> str:
            done = subprocess.run(
                ["/bin/sh", "-ec", script], capture_output=True, text=True, timeout=timeout
            )
            assert done.returncode == 0, f"{script}: {done.stdout}{done.stderr}"
            return done.stdout

        return namespaces.run_in(self.name, body)

    def configure(self, address: str, gateway: str | None = None) -> None:
        self.sh(f"ip addr add {address} dev eth0")
        if gateway:
            self.sh(f"ip route add default via {gateway}")

    @contextlib.contextmanager
    def serving(self, port: int, address: str = "0.0.0.0") -> Iterator[list[str]]:
        """A TCP echo server; the list fills with the addresses of its clients."""
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        server = namespaces.run_in(
            self.name, lambda: socket.create_server((address, port), family=family)
        )
        with serve_echo(server) as clients:
            yield clients

    def connect(self, address: str, port: int, timeout: float = PATIENCE) -> socket.socket:
        return namespaces.run_in(
            self.name, lambda: socket.create_connection((address, port), timeout)
        )

    def reaches_from(self, source: str, address: str, port: int, timeout: float) -> bool:
        """The same from this address of the guest."""
        try:
            with namespaces.run_in(
                self.name,
                lambda: socket.create_connection((address, port), timeout, (source, 0)),
            ) as sock:
                return echo(sock)
        except OSError:
            return False

    @contextlib.contextmanager
    def answering_udp(self, port: int) -> Iterator[None]:
        """A UDP echo server."""
        server = namespaces.run_in(
            self.name, lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        )
        server.bind(("0.0.0.0", port))
        server.settimeout(PATIENCE)

        def answer() -> None:
            with contextlib.suppress(OSError):
                while True:
                    data, peer = server.recvfrom(65536)
                    server.sendto(data, peer)

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        try:
            yield
        finally:
            with contextlib.suppress(OSError):  # not connected; wakes the thread
                server.shutdown(socket.SHUT_RDWR)
            thread.join(5)
            server.close()

    def asks_udp(self, address: str, port: int, data: bytes) -> tuple[str, int]:
        """Who answers a datagram, and with how many bytes."""

        def ask() -> tuple[str, int]:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
                sock.settimeout(PATIENCE)
                sock.sendto(data, (address, port))
                answer, peer = sock.recvfrom(65536)
                return peer[0], len(answer)

        return namespaces.run_in(self.name, ask)

    def reaches(self, address: str, port: int, timeout: float = PATIENCE) -> bool:
        """Whether a TCP echo server answers there."""
        try:
            with self.connect(address, port, timeout) as sock:
                return echo(sock)
        except OSError:
            return False


@contextlib.contextmanager
def serve_echo(server: socket.socket) -> Iterator[list[str]]:
    clients: list[str] = []
    open_sockets = []

    def accept() -> None:
        while True:
            try:
                sock, peer = server.accept()
            except OSError:
                return
            clients.append(peer[0])
            open_sockets.append(sock)
            threading.Thread(target=answer, args=(sock,), daemon=True).start()

    def answer(sock: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := sock.recv(1000):
                sock.sendall(data)

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield clients
    finally:
        server.shutdown(socket.SHUT_RDWR)
        thread.join(5)
        server.close()
        for sock in open_sockets:
            sock.close()


def echo(sock: socket.socket) -> bool:
    sock.sendall(b"hello")
    return sock.recv(5) == b"hello"


def ping(source: Guest, kind: bytes, address: str, seconds: float = PATIENCE) -> bool:
    """Whether an answer comes from the address; ``kind``: the type of the ICMP message."""

    def body() -> bool:
        with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as sock:
            sock.settimeout(seconds)
            message = kind + b"\0\0\0" + b"\x12\x34\0\1"
            total = sum(int.from_bytes(message[i : i + 2], "big") for i in range(0, 8, 2))
            checksum = ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF
            sock.sendto(message[:2] + checksum.to_bytes(2, "big") + message[4:], (address, 0))
            try:
                return sock.recvfrom(100)[1][0] == address
            except TimeoutError:
                return False

    return namespaces.run_in(source.name, body)
