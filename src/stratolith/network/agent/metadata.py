"""The metadata proxy: one thread pool that answers 169.254.169.254 in every namespace.

A guest is known by where its request arrives (the namespace of its router or network) and
its address there; both come from the kernel and the port filters keep them honest. The
request is passed on to the compute metadata service with the guest's identity, signed.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import http.client
import logging
import os
import selectors
import socket
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler
from typing import cast
from urllib.parse import urlsplit

import msgspec

from stratolith.network.drivers.base import HostNetworkView, NetworkDriverError, NetworkView
from stratolith.network.drivers.linux.metadata import (
    ListeningPoint,
    listen_in_namespace,
    listening_points,
    namespace_number,
)

log = logging.getLogger(__name__)

GUEST_SECONDS = 10.0  # a guest that sends nothing for so long is hung up on
UPSTREAM_SECONDS = 30.0
MAX_BODY = 64 * 1024  # guests post a password or a public key, nothing larger
MAX_REPLY = 1024 * 1024
THREADS = 32
PER_GUEST = 4  # connections one address may have; no guest shall keep the others waiting
MAX_CONNECTION_SECONDS = 60.0  # a request that drips in is cut off here
_PASSED_ON = ("accept", "content-type", "user-agent", "x-aws-ec2-metadata-token")
_PASSED_BACK = ("content-type", "cache-control", "last-modified", "etag")


class Guest(msgspec.Struct, frozen=True):
    server_id: str
    project_id: str


class _Listener(msgspec.Struct):
    point: ListeningPoint
    number: int
    sock: socket.socket


def guests_by_address(network: NetworkView) -> dict[str, Guest]:
    """Who has which address on a network, on this host or elsewhere."""
    found = {
        host.ip_address: Guest(host.server_id, host.project_id)
        for host in network.dhcp_hosts
        if host.server_id
    }
    for port in network.ports:
        if port.server_id:
            guest = Guest(port.server_id, port.project_id)
            found.update({ip.ip_address: guest for ip in port.fixed_ips})
    return found


def signature(secret: str, server_id: str) -> str:
    """What proves to the metadata service that the server id was set by this proxy."""
    return hmac.new(secret.encode(), server_id.encode(), hashlib.sha256).hexdigest()


class MetadataProxy:
    """Listens in namespaces and forwards to ``upstream`` ("http://127.0.0.1:8775")."""

    def __init__(self, upstream: str, secret: str) -> None:
        parts = urlsplit(upstream)
        if parts.scheme != "http" or not parts.hostname:
            raise ValueError(f"the metadata service's URL must be http://host:port: {upstream!r}")
        self.upstream = (parts.hostname, parts.port or 80)
        self.base_path = parts.path.rstrip("/")
        self.secret = secret
        self._guests: dict[str, dict[str, Guest]] = {}
        self._listeners: dict[tuple[str, int], _Listener] = {}
        self._lock = threading.Lock()
        self._selector = selectors.DefaultSelector()
        self._wake_read, self._wake_write = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._selector.register(self._wake_read, selectors.EVENT_READ)
        self._stopping = False
        self._busy: Counter[tuple[str, str]] = Counter()  # (namespace, address) -> connections
        self._deadlines: dict[socket.socket, float] = {}
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="metadata")
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._accept_all, name="metadata", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening; requests under way end first."""
        self._stopping = True
        self._wake()
        if self._thread is not None:
            self._thread.join()
        with self._lock:
            for listener in self._listeners.values():
                listener.sock.close()
            self._listeners.clear()
        self._pool.shutdown(cancel_futures=True)
        self._selector.close()
        os.close(self._wake_read)
        os.close(self._wake_write)

    def update(self, view: HostNetworkView) -> dict[str, str]:
        """Serve this view: call it after each apply of the network driver.

        Returns what could not be listened on: namespace -> reason. Such a namespace is tried
        again by the next call.
        """
        self._guests = {network.id: guests_by_address(network) for network in view.networks}
        wanted = {(point.namespace, point.port): point for point in listening_points(view)}
        failed: dict[str, str] = {}
        with self._lock:
            for key, listener in list(self._listeners.items()):
                if key not in wanted or namespace_number(key[0]) != listener.number:
                    self._hang_up(key)
            for key, point in wanted.items():
                present = self._listeners.get(key)
                if present is not None:
                    present.point = point
                    continue
                try:
                    self._listen(key, point)
                except NetworkDriverError as error:
                    failed[point.namespace] = str(error)
        self._wake()
        return failed

    def _listen(self, key: tuple[str, int], point: ListeningPoint) -> None:
        number = namespace_number(point.namespace) or 0
        sock = listen_in_namespace(point.namespace, "0.0.0.0", point.port)
        listener = _Listener(point, number, sock)
        self._listeners[key] = listener
        self._selector.register(sock, selectors.EVENT_READ, listener)

    def _hang_up(self, key: tuple[str, int]) -> None:
        listener = self._listeners.pop(key)
        self._selector.unregister(listener.sock)
        listener.sock.close()

    def _wake(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.write(self._wake_write, b"x")

    def _accept_all(self) -> None:
        while not self._stopping:
            for key, _ in self._selector.select(timeout=5.0 if self._deadlines else None):
                if key.data is None:
                    os.read(self._wake_read, 4096)
                    continue
                self._accept(cast(_Listener, key.data))
            self._cut_off_late()

    def _accept(self, listener: _Listener) -> None:
        try:
            sock, peer = listener.sock.accept()
        except OSError:
            return  # the caller gave up, or the listener was just closed
        who = (listener.point.namespace, peer[0])
        with self._lock:
            admitted = self._busy[who] < PER_GUEST and not self._stopping
            if admitted:
                self._busy[who] += 1
                self._deadlines[sock] = time.monotonic() + MAX_CONNECTION_SECONDS
        if not admitted:
            sock.close()
            return
        self._pool.submit(self._serve, sock, peer, listener.point)

    def _cut_off_late(self) -> None:
        now = time.monotonic()
        with self._lock:
            late = [sock for sock, deadline in self._deadlines.items() if deadline < now]
        for sock in late:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def _serve(self, sock: socket.socket, peer: tuple[str, int], point: ListeningPoint) -> None:
        try:
            sock.settimeout(GUEST_SECONDS)
            _Handler(sock, peer, self, self.find(point.networks, peer[0]))
        except OSError as error:
            log.debug("metadata request of %s: %s", peer[0], error)
        finally:
            who = (point.namespace, peer[0])
            with self._lock:
                self._deadlines.pop(sock, None)
                self._busy[who] -= 1
                if not self._busy[who]:
                    del self._busy[who]
            sock.close()

    def find(self, networks: tuple[str, ...], address: str) -> Guest | None:
        """Who asks from this address on one of these networks."""
        for network_id in networks:
            guest = self._guests.get(network_id, {}).get(address)
            if guest is not None:
                return guest
        return None


class _Handler(BaseHTTPRequestHandler):
    """One connection of a guest: each request is answered and the connection closed."""

    protocol_version = "HTTP/1.1"
    server_version = "stratolith"
    sys_version = ""
    timeout = GUEST_SECONDS

    def __init__(
        self, sock: socket.socket, peer: tuple[str, int], proxy: MetadataProxy, guest: Guest | None
    ) -> None:
        self.proxy, self.guest = proxy, guest
        super().__init__(sock, peer, None)  # type: ignore[arg-type]

    def log_message(self, format: str, *args: object) -> None:
        log.debug("metadata request of %s: %s", self.client_address[0], format % args)

    def do_GET(self) -> None:
        self._forward()

    def do_HEAD(self) -> None:
        self._forward()

    def do_POST(self) -> None:
        self._forward()

    def do_PUT(self) -> None:
        self._forward()

    def _forward(self) -> None:
        self.close_connection = True  # a thread must not wait for a guest's second thought
        if self.guest is None:
            self._answer(404, b"Not Found: no server has this address here.\n")
            return
        body = self._body()
        if body is None:
            return
        try:
            self._pass_on(body, self.guest)
        except (OSError, http.client.HTTPException) as error:
            log.warning("metadata service does not answer: %s", error)
            self._answer(503, b"The metadata service does not answer.\n")

    def _body(self) -> bytes | None:
        """The request's body; None when it was refused and the guest told so."""
        text = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not text.isdecimal():
            self._answer(411, b"Send the body with a Content-Length.\n")
            return None
        if int(text) > MAX_BODY:
            self._answer(413, b"The body is too large.\n")
            return None
        return self.rfile.read(int(text))

    def _pass_on(self, body: bytes, guest: Guest) -> None:
        host, port = self.proxy.upstream
        headers = {
            name: value for name in _PASSED_ON if (value := self.headers.get(name)) is not None
        }
        headers |= {
            "X-Instance-ID": guest.server_id,
            "X-Tenant-ID": guest.project_id,
            "X-Instance-ID-Signature": signature(self.proxy.secret, guest.server_id),
            "X-Forwarded-For": self.client_address[0],
        }
        upstream = http.client.HTTPConnection(host, port, timeout=UPSTREAM_SECONDS)
        with contextlib.closing(upstream):
            path = self.proxy.base_path + "/" + self.path.lstrip("/")
            upstream.request(self.command, path, body or None, headers)
            reply = upstream.getresponse()
            data = reply.read(MAX_REPLY + 1)
            if len(data) > MAX_REPLY:
                self._answer(502, b"The metadata service's answer is too large.\n")
                return
            back = {name: value for name in _PASSED_BACK if (value := reply.getheader(name))}
            self._answer(reply.status, data, back)

    def _answer(self, status: int, data: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {"content-type": "text/plain"}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)
