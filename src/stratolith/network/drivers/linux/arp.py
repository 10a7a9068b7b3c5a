"""Gratuitous ARP: tell the neighbours at once that an address has moved here."""

from __future__ import annotations

import ipaddress
import socket

from stratolith.network.drivers.linux.host_kernel import netlink

_ETHERTYPE_ARP = 0x0806
_BROADCAST = b"\xff" * 6


def announce(device: str, mac: str, address: str) -> None:
    """Send a gratuitous request and reply for an IPv4 address from ``device``.

    Works in the namespace of the calling thread. Raises ``OSError``.
    """
    own_mac, target = netlink.packed(mac), ipaddress.IPv4Address(address).packed
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW | socket.SOCK_CLOEXEC) as sock:
        sock.bind((device, _ETHERTYPE_ARP))
        # some neighbours learn only from requests, others only from replies
        for operation, receiver in ((1, b"\0" * 6), (2, _BROADCAST)):
            head = _BROADCAST + own_mac + _ETHERTYPE_ARP.to_bytes(2, "big")
            kind = b"\x00\x01\x08\x00\x06\x04" + operation.to_bytes(2, "big")
            sock.send(head + kind + own_mac + target + receiver + target)
