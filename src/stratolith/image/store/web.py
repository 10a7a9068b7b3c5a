"""Fetches image data from the web, but not from addresses of the cloud itself.

A name is resolved once, all its addresses are checked, and the connection uses a checked address,
so that DNS rebinding has no effect. Redirects are followed here and checked in the same way.
"""

from __future__ import annotations

import ipaddress
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import SplitResult, urljoin, urlsplit

import httpx

from stratolith.image.exceptions import DownloadFailed, UriRefused
from stratolith.image.settings import ImageSettings
from stratolith.image.store import patience

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
DEFAULT_PORTS = {"http": 80, "https": 443}
BLOCK = 1 << 20
REDIRECTS = 5
TIMEOUT = httpx.Timeout(30.0)
MEASURE_SECONDS = 30.0  # total time to get the length of data, as a client waits for it
# IPv6 global unicast; other ranges are not host addresses
_UNICAST = ipaddress.IPv6Network("2000::/3")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_ISATAP = 0x5EFE  # before an IPv4 address in the last 64 bits, apart from two flags
# Ranges that Python considers global but that are not hosts: protocol assignments, 6to4 relays,
# multicast, reserved ranges, and newer documentation ranges.
_NO_HOSTS = [
    ipaddress.ip_network(net)
    for net in (
        "192.0.0.0/24", "192.88.99.0/24", "224.0.0.0/4", "240.0.0.0/4",
        "2001::/23", "3fff::/20",
    )
]  # fmt: skip


def is_web(uri: str) -> bool:
    return uri.partition(":")[0].lower() in DEFAULT_PORTS


def check(settings: ImageSettings, uri: str) -> SplitResult:
    """Check a URI and return its parts; raises UriRefused. Does not resolve names."""
    try:
        parts = urlsplit(uri)
        port = parts.port or DEFAULT_PORTS.get(parts.scheme, 0)
    except ValueError:
        raise UriRefused(reason="it is not a valid URI") from None
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname:
        raise UriRefused(reason="its scheme must be http or https and it must name a host")
    if any(ord(sign) <= 32 or ord(sign) == 127 for sign in uri) or "\\" in uri:
        raise UriRefused(reason="it contains white space, control characters or backslashes")
    if parts.username is not None or parts.password is not None:
        raise UriRefused(reason="it must not carry a user or a password")
    if port not in settings.import_ports:
        raise UriRefused(reason=f"port {port} is not allowed")
    host = parts.hostname.rstrip(".").lower()
    allowed = settings.import_allowed_hosts
    if host in settings.import_denied_hosts or (allowed and host not in allowed):
        raise UriRefused(reason=f"host {host} is not allowed")
    if "%" in host:
        raise UriRefused(reason="an address must not name an interface")
    literal = _literal(host)
    if literal is not None and not is_allowed(settings, literal):
        raise UriRefused(reason=f"address {literal} is not allowed")
    return parts


def is_allowed(settings: ImageSettings, address: Address) -> bool:
    """Whether web-download may connect to an address."""
    networks = [ipaddress.ip_network(net, strict=False) for net in settings.import_private_networks]
    if any(address.version == net.version and address in net for net in networks):
        return True
    if isinstance(address, ipaddress.IPv4Address):
        return address.is_global and not any(address in net for net in _NO_HOSTS)
    carried = _carried(address)
    if carried:
        return all(is_allowed(settings, inner) for inner in carried)
    return address in _UNICAST and address.is_global and not any(address in n for n in _NO_HOSTS)


def resolve(settings: ImageSettings, host: str, port: int) -> str:
    """The address to connect to. Raises UriRefused, DownloadFailed."""
    try:
        infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise DownloadFailed(reason=f"the name {host} cannot be resolved") from None
    addresses = [ipaddress.ip_address(str(info[4][0]).partition("%")[0]) for info in infos]
    for address in addresses:
        if not is_allowed(settings, address):
            raise UriRefused(reason=f"host {host} has an address that is not allowed")
    return str(addresses[0])


def fetch(settings: ImageSettings, uri: str) -> Iterator[bytes]:
    """The data of a URI in blocks. Raises UriRefused, DownloadFailed."""
    limits = patience.of_download(settings)
    with (
        as_download_failed(),
        patience.client(limits, TIMEOUT) as client,
        _follow(settings, client, uri, "GET") as answer,
    ):
        if answer.status_code != 200:
            raise DownloadFailed(reason=f"the server answered {answer.status_code}")
        for block in _blocks(answer):
            given = time.monotonic()
            yield block
            limits.forgive(time.monotonic() - given)


def _blocks(answer: httpx.Response) -> Iterator[bytes]:
    """The data in blocks of BLOCK bytes, or less when a block takes longer than a second."""
    parts, size, told_at = [], 0, time.monotonic()
    for part in answer.iter_raw():
        parts.append(part)
        size += len(part)
        if size >= BLOCK or time.monotonic() - told_at > 1.0:
            yield b"".join(parts)
            parts, size, told_at = [], 0, time.monotonic()
    yield b"".join(parts)


def measure(settings: ImageSettings, uri: str) -> int:
    """The size of the data at a URI in bytes. Raises UriRefused, DownloadFailed."""
    limits = patience.Patience(MEASURE_SECONDS, 0, MEASURE_SECONDS)
    with as_download_failed(), patience.client(limits, TIMEOUT) as client:
        for method in ("HEAD", "GET"):
            with _follow(settings, client, uri, method) as answer:
                length = answer.headers.get("content-length", "")
                if answer.status_code == 200 and length.isascii() and length.isdigit():
                    return int(length)
                reason = f"the server answered {answer.status_code} without a length"
    raise DownloadFailed(reason=reason)


@contextmanager
def as_download_failed() -> Iterator[None]:
    """Raises errors of the HTTP library as DownloadFailed."""
    try:
        yield
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise DownloadFailed(reason=str(error) or type(error).__name__) from None


@contextmanager
def _follow(
    settings: ImageSettings, client: httpx.Client, uri: str, method: str
) -> Iterator[httpx.Response]:
    for _ in range(REDIRECTS + 1):
        with client.stream(method, **pinned(settings, uri)) as answer:
            if not answer.is_redirect:
                yield answer
                return
            uri = urljoin(uri, answer.headers["location"])
    raise DownloadFailed(reason="too many redirects")


def pinned(settings: ImageSettings, uri: str) -> dict[str, Any]:
    """Arguments of a request that connects to the checked address of the URI."""
    parts = check(settings, uri)
    host = parts.hostname or ""
    port = parts.port or DEFAULT_PORTS[parts.scheme]
    address = resolve(settings, host, port)
    literal = f"[{address}]" if ":" in address else address
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return {
        "url": f"{parts.scheme}://{literal}:{port}{path}",
        "headers": {"Host": parts.netloc, "Accept-Encoding": "identity"},
        "extensions": {"sni_hostname": host},
    }


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _carried(address: ipaddress.IPv6Address) -> list[ipaddress.IPv4Address]:
    """The IPv4 addresses embedded in an IPv6 address (Teredo, 6to4, NAT64 and so on)."""
    if address.teredo is not None:
        return list(address.teredo)
    inner = address.ipv4_mapped or address.sixtofour
    low = int(address) & 0xFFFFFFFF
    is_isatap = int(address) >> 32 & 0xFCFFFFFF == _ISATAP
    if inner is None and (address in _NAT64 or is_isatap):
        inner = ipaddress.IPv4Address(low)
    return [] if inner is None else [inner]
