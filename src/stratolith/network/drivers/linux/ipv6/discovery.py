"""Unsolicited neighbour advertisements: tell the neighbours at once that an address moved here."""

from __future__ import annotations

import ipaddress
import socket
import struct

from stratolith.network.drivers.linux.host_kernel import netlink

_ETHERTYPE_IPV6, _ICMPV6, _ADVERTISEMENT = 0x86DD, 58, 136
_ALL_NODES = ipaddress.IPv6Address("ff02::1").packed
_ALL_NODES_MAC = bytes.fromhex("333300000001")
_ROUTER, _OVERRIDE = 0x8000_0000, 0x2000_0000


def announce(device: str, mac: str, address: str, is_router: bool) -> None:
    """Send an advertisement for an IPv6 address from ``device``.

    Works in the namespace of the calling thread. Raises ``OSError``.
    """
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW | socket.SOCK_CLOEXEC) as sock:
        sock.bind((device, _ETHERTYPE_IPV6))
        sock.send(frame(mac, address, is_router))


def frame(mac: str, address: str, is_router: bool) -> bytes:
    """The whole Ethernet frame."""
    own_mac, target = netlink.packed(mac), ipaddress.IPv6Address(address).packed
    flags = _OVERRIDE | (_ROUTER if is_router else 0)
    body = struct.pack("!I", flags) + target + b"\x02\x01" + own_mac
    message = struct.pack("!BBH", _ADVERTISEMENT, 0, 0) + body
    ends = target + _ALL_NODES
    sum_ = _checksum(ends + struct.pack("!II", len(message), _ICMPV6) + message)
    message = struct.pack("!BBH", _ADVERTISEMENT, 0, sum_) + body
    head = struct.pack("!IHBB", 6 << 28, len(message), _ICMPV6, 255)
    return _ALL_NODES_MAC + own_mac + struct.pack("!H", _ETHERTYPE_IPV6) + head + ends + message


def _checksum(data: bytes) -> int:
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF
