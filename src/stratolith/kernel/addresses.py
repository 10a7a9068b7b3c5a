"""IP addresses and prefixes in text from clients, read in one strict way.

Not accepted, although the standard library does: zone ids ("fe80::1%eth0"), which programs on hosts
would receive unchanged; numbers; masks instead of a prefix length ("10.0.0.0/255.0.0.0").
"""

from __future__ import annotations

import ipaddress
from typing import Any

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Interface = ipaddress.IPv4Interface | ipaddress.IPv6Interface


def address(value: Any) -> Address:
    """An address; raises ValueError."""
    return ipaddress.ip_address(_plain(value))


def is_loopback(text: str) -> bool:
    """Whether only this machine can reach the address; raises ValueError."""
    return address(text).is_loopback


def prefix(value: Any) -> Interface:
    """An address with a prefix length and host bits; raises ValueError."""
    text = _plain(value)
    length = text.partition("/")[2]
    if not (length.isascii() and length.isdigit()):
        raise ValueError(f"'{text}' has no prefix length")
    return ipaddress.ip_interface(text)


def network(value: Any) -> Network:
    """A prefix without host bits; raises ValueError."""
    interface = prefix(value)
    if interface.ip != interface.network.network_address:
        raise ValueError(f"'{value}' has host bits set")
    return interface.network


def _plain(value: Any) -> str:
    if not isinstance(value, str) or "%" in value:
        raise ValueError(f"'{value}' is not an address")
    return value
