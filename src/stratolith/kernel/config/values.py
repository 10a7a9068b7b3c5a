"""Checks of configuration values beyond their type.

``__post_init__`` of a section calls them. A ValueError names the key and the allowed values, so
that errors are reported before a process uses the value.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from urllib.parse import urlsplit

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}", re.ASCII)


def address(key: str, text: str) -> None:
    """An IP address, of either version."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        raise ValueError(f"{key}: '{text}' is not an IP address") from None


def place(key: str, text: str) -> None:
    """ADDRESS:PORT, with an IPv6 address in brackets."""
    host, colon, port = text.rpartition(":")
    is_port = port.isascii() and port.isdigit() and 0 < int(port[:9]) < 65536
    if not colon or not is_port or (":" in host) != host.startswith("["):
        raise ValueError(f"{key}: '{text}' is not ADDRESS:PORT")
    if host.startswith("["):
        address(key, host.strip("[]"))
    else:
        host_name(key, host)


def host_name(key: str, text: str, *, may_be_empty: bool = False) -> None:
    """A name or an address that is valid in DNS."""
    labels = text.rstrip(".").split(".")
    if not text and may_be_empty:
        return
    if len(text) > 253 or not all(_is_label(label) for label in labels):
        raise ValueError(f"{key}: '{text}' is not a valid DNS name")


def _is_label(text: str) -> bool:
    return re.fullmatch(r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?", text) is not None


def network(key: str, text: str) -> None:
    """A network in CIDR notation without host bits."""
    try:
        ipaddress.ip_network(text)
    except ValueError as error:
        raise ValueError(f"{key}: '{text}' is not a network: {error}") from None


def tenant_network(key: str, text: str) -> None:
    """An IPv4 network for guests: unicast, a /29 or larger."""
    network(key, text)
    range_ = ipaddress.ip_network(text)
    if range_.version != 4 or range_.prefixlen > 29 or range_.prefixlen < 8:
        raise ValueError(f"{key}: {text} is not an IPv4 network from /8 to /29")
    special = special_use(range_)
    if special:
        raise ValueError(f"{key}: {text} cannot be used: {special}")


def automatic_network(key: str, text: str) -> None:
    """An IPv6 network for guests that make their own addresses: a unicast /64."""
    network(key, text)
    range_ = ipaddress.ip_network(text)
    if range_.version != 6 or range_.prefixlen != 64:
        raise ValueError(f"{key}: {text} is not an IPv6 network /64")
    if not (range_.is_private or range_.is_global) or range_.is_link_local or range_.is_multicast:
        raise ValueError(f"{key}: {text} cannot be used for guests")


def special_use(range_: ipaddress.IPv4Network) -> str:
    """Why machines cannot have addresses of this network; "" when they can."""
    reserved = {
        "0.0.0.0/8": "addresses of this network only",
        "127.0.0.0/8": "loopback addresses",
        "169.254.0.0/16": "link-local addresses, the metadata service among them",
        "224.0.0.0/4": "multicast addresses",
        "240.0.0.0/4": "reserved addresses",
    }
    for text, name in reserved.items():
        if range_.overlaps(ipaddress.IPv4Network(text)):
            return f"{text} contains {name}"
    return ""


def url(key: str, text: str, schemes: Iterable[str] = ("http", "https")) -> None:
    """Empty, or a URL with one of these schemes and a host."""
    if not text:
        return
    allowed = list(schemes)
    try:
        parts = urlsplit(text)
        is_good = parts.scheme in allowed and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        is_good = False
    if not is_good or any(ord(letter) < 33 for letter in text):
        words = " or ".join(f"{scheme}://" for scheme in allowed)
        raise ValueError(f"{key}: '{text}' is not a URL that begins with {words}")


def directory(key: str, text: str, *, may_be_empty: bool = False) -> None:
    """An absolute path."""
    if not text and may_be_empty:
        return
    if not text.startswith("/") or "\0" in text:
        raise ValueError(f"{key}: '{text}' is not an absolute path")


def line(key: str, text: str) -> None:
    """A display name: one line, at most 255 characters."""
    if not text.strip() or len(text) > 255 or not text.isprintable():
        raise ValueError(f"{key}: '{text[:40]}' is not one line of 1 to 255 characters")


def name(key: str, text: str) -> None:
    """A short name without white space."""
    if NAME.fullmatch(text) is None:
        raise ValueError(
            f"{key}: '{text}' is not a name of letters, digits, '_', '-' and '.' (at most 63)"
        )


def some_of(key: str, values: Iterable[str], allowed: Iterable[str]) -> None:
    """Only allowed words."""
    known = list(allowed)
    for value in values:
        if value not in known:
            raise ValueError(f"{key}: '{value}' is not one of {', '.join(known)}")
