"""What values of the configuration must look like, beyond their type.

Called from ``__post_init__`` of a section; what is wrong is a ValueError that names the key and
what is allowed, so that it is said before any process works with it.
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
        raise ValueError(f"{key}: '{text}' is no IP address") from None


def place(key: str, text: str) -> None:
    """ADDRESS:PORT, with an IPv6 address in brackets."""
    found, colon, port = text.rpartition(":")
    is_port = port.isascii() and port.isdigit() and 0 < int(port[:9]) < 65536
    if not colon or not is_port or (":" in found) != found.startswith("["):
        raise ValueError(f"{key}: '{text}' is not ADDRESS:PORT")
    if found.startswith("["):
        address(key, found.strip("[]"))
    else:
        host_name(key, found)


def host_name(key: str, text: str, *, may_be_empty: bool = False) -> None:
    """A name or an address as DNS has them."""
    labels = text.rstrip(".").split(".")
    if not text and may_be_empty:
        return
    if len(text) > 253 or not all(_is_label(label) for label in labels):
        raise ValueError(f"{key}: '{text}' is no name of the DNS")


def _is_label(text: str) -> bool:
    return re.fullmatch(r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?", text) is not None


def network(key: str, text: str) -> None:
    """A network in CIDR notation without host bits."""
    try:
        ipaddress.ip_network(text)
    except ValueError as error:
        raise ValueError(f"{key}: '{text}' is no network: {error}") from None


def tenant_network(key: str, text: str) -> None:
    """An IPv4 network that guests can have: unicast, a /29 or larger."""
    network(key, text)
    found = ipaddress.ip_network(text)
    if found.version != 4 or found.prefixlen > 29 or found.prefixlen < 8:
        raise ValueError(f"{key}: {text} is not an IPv4 network from /8 to /29")
    special = special_use(found)
    if special:
        raise ValueError(f"{key}: {text} cannot be used: {special}")


def special_use(found: ipaddress.IPv4Network) -> str:
    """Why no machine can have an address of this network; "" when it can."""
    reserved = {
        "0.0.0.0/8": "addresses of this network only",
        "127.0.0.0/8": "loopback addresses",
        "169.254.0.0/16": "link-local addresses, the metadata service among them",
        "224.0.0.0/4": "multicast addresses",
        "240.0.0.0/4": "reserved addresses",
    }
    for text, name in reserved.items():
        if found.overlaps(ipaddress.IPv4Network(text)):
            return f"{text} holds {name}"
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
        words = " or ".join(f"{one}://" for one in allowed)
        raise ValueError(f"{key}: '{text}' is no URL that begins with {words}")


def directory(key: str, text: str, *, may_be_empty: bool = False) -> None:
    """An absolute path."""
    if not text and may_be_empty:
        return
    if not text.startswith("/") or "\0" in text:
        raise ValueError(f"{key}: '{text}' is no absolute path")


def line(key: str, text: str) -> None:
    """A name that people read: one line, at most 255 letters."""
    if not text.strip() or len(text) > 255 or not text.isprintable():
        raise ValueError(f"{key}: '{text[:40]}' is not one line of 1 to 255 letters")


def name(key: str, text: str) -> None:
    """A short name without blanks."""
    if NAME.fullmatch(text) is None:
        raise ValueError(
            f"{key}: '{text}' is no name of letters, digits, '_', '-' and '.' (at most 63)"
        )


def some_of(key: str, values: Iterable[str], allowed: Iterable[str]) -> None:
    """Only these words."""
    known = list(allowed)
    for value in values:
        if value not in known:
            raise ValueError(f"{key}: '{value}' is not one of {', '.join(known)}")
