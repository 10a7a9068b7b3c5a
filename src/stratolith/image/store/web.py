"""Fetches image data from the web, and never from where the cloud's own doors are.

A name is resolved once, every address it has is judged, and the connection goes to the
address that was judged: a name that changes its mind between the two (DNS rebinding) gains
nothing. Redirects are followed by hand and judged the same way.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import SplitResult, urljoin, urlsplit

import httpx

from stratolith.image.exceptions import DownloadFailed, UriRefused
from stratolith.image.settings import ImageSettings

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
DEFAULT_PORTS = {"http": 80, "https": 443}
BLOCK = 1 << 20
REDIRECTS = 5
TIMEOUT = httpx.Timeout(30.0)
# IPv6 networks whose addresses carry an IPv4 address in their last 32 bits
_TRANSLATED = [ipaddress.ip_network(net) for net in ("64:ff9b::/96", "64:ff9b:1::/48", "::/96")]


def is_web(uri: str) -> bool:
    return uri.partition(":")[0].lower() in DEFAULT_PORTS


def check(settings: ImageSettings, uri: str) -> SplitResult:
    """The parts of a URI that may be asked for; raises UriRefused. Resolves no name."""
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
    literal = _literal(host)
    if literal is not None and not is_allowed(settings, literal):
        raise UriRefused(reason=f"address {literal} is not allowed")
    return parts


def is_allowed(settings: ImageSettings, address: Address) -> bool:
    """Whether web-download may connect to an address."""
    networks = [ipaddress.ip_network(net, strict=False) for net in settings.import_private_networks]
    if any(address.version == net.version and address in net for net in networks):
        return True
    inner = _inner(address)
    if inner is not None:
        return is_allowed(settings, inner)
    return address.is_global and not address.is_multicast and not address.is_reserved


def resolve(settings: ImageSettings, host: str, port: int) -> str:
    """The one address to connect to. Raises UriRefused, DownloadFailed."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise DownloadFailed(reason=f"the name {host} cannot be resolved") from None
    addresses = [ipaddress.ip_address(str(one[4][0]).partition("%")[0]) for one in found]
    for address in addresses:
        if not is_allowed(settings, address):
            raise UriRefused(reason=f"host {host} has an address that is not allowed")
    return str(addresses[0])


def fetch(settings: ImageSettings, uri: str) -> Iterator[bytes]:
    """The data of a URI in blocks. Raises UriRefused, DownloadFailed."""
    with told(), _client() as client, _follow(settings, client, uri, "GET") as answer:
        if answer.status_code != 200:
            raise DownloadFailed(reason=f"the server answered {answer.status_code}")
        yield from answer.iter_raw(BLOCK)


def measure(settings: ImageSettings, uri: str) -> int:
    """How many bytes there are at a URI. Raises UriRefused, DownloadFailed."""
    with told(), _client() as client:
        for method in ("HEAD", "GET"):
            with _follow(settings, client, uri, method) as answer:
                length = answer.headers.get("content-length", "")
                if answer.status_code == 200 and length.isascii() and length.isdigit():
                    return int(length)
                reason = f"the server answered {answer.status_code} and told no length"
    raise DownloadFailed(reason=reason)


@contextmanager
def told() -> Iterator[None]:
    """Says what the HTTP library has to complain of as DownloadFailed."""
    try:
        yield
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise DownloadFailed(reason=str(error) or type(error).__name__) from None


def _client() -> httpx.Client:
    return httpx.Client(trust_env=False, timeout=TIMEOUT, follow_redirects=False)


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
    """The request that goes to the address that was judged, whatever the name says later."""
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
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None


def _inner(address: Address) -> Address | None:
    """The IPv4 address that an IPv6 address leads to."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    inner = address.ipv4_mapped or address.sixtofour
    if inner is None and address.teredo is not None:
        inner = address.teredo[1]
    if inner is None and any(address in net for net in _TRANSLATED) and int(address) > 1:
        inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return inner
