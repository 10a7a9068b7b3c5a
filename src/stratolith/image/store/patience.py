"""Time limits for servers on the web: in total, and a minimum rate per interval.

They apply to the network stream, so that they also cover slow headers.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterable
from typing import Any

import httpcore
import httpx

from stratolith.image.settings import ImageSettings


class Patience:
    """``seconds`` in total; at least ``rate`` bytes per second on average in each ``stretch``."""

    def __init__(self, seconds: float, rate: int, stretch: float) -> None:
        self._seconds, self._rate, self._stretch = seconds, rate, stretch
        self._end = time.monotonic() + seconds
        self._counted, self._since = 0, time.monotonic()

    def left(self, timeout: float | None) -> float:
        """Seconds to wait for the next bytes; raises ReadTimeout when the limit is reached."""
        now = time.monotonic()
        if now >= self._end:
            raise httpcore.ReadTimeout(f"it took longer than {self._seconds:.0f} s in all")
        if now - self._since >= self._stretch:
            if self._counted < self._rate * (now - self._since):
                raise httpcore.ReadTimeout(f"the server gave less than {self._rate} bytes a second")
            self._counted, self._since = 0, now
        return min(self._end - now, timeout if timeout is not None else self._seconds)

    def count(self, size: int) -> None:
        self._counted += size

    def forgive(self, seconds: float) -> None:
        """Do not count this time, in which nothing was read from the server (slow disk)."""
        self._since += seconds


def of_download(settings: ImageSettings) -> Patience:
    rate = settings.import_min_rate_kb << 10
    return Patience(settings.import_max_minutes * 60.0, rate, settings.import_rate_seconds)


def client(patience: Patience, timeout: httpx.Timeout) -> httpx.Client:
    """A client with these limits that ignores redirects and environment variables."""
    return httpx.Client(
        transport=_Transport(patience), trust_env=False, timeout=timeout, follow_redirects=False
    )


class _Transport(httpx.HTTPTransport):
    """A transport with its own pool, because httpx does not accept a network backend."""

    def __init__(self, patience: Patience) -> None:
        super().__init__(trust_env=False)
        self._pool = httpcore.ConnectionPool(
            ssl_context=httpx.create_ssl_context(trust_env=False),
            network_backend=_Backend(patience),
            retries=0,
        )


class _Backend(httpcore.NetworkBackend):
    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self._inner = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        left = self._patience.left(timeout)
        made = self._inner.connect_tcp(host, port, left, local_address, socket_options)
        return _Stream(made, self._patience)


class _Stream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream, patience: Patience) -> None:
        self._inner = inner
        self._patience = patience

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        data = self._inner.read(max_bytes, self._patience.left(timeout))
        self._patience.count(len(data))
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._patience.left(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        left = self._patience.left(timeout)
        made = self._inner.start_tls(ssl_context, server_hostname, left)
        return _Stream(made, self._patience)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)
