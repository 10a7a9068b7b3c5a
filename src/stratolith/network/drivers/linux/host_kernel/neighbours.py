"""Permanent neighbour entries, so that the kernel neither asks for addresses nor learns them.

A guest that may answer for an address (by allowed address pairs or without port security) could
receive what a router, a DHCP server or the metadata proxy sends to the port that owns it.
Therefore namespaces have permanent entries for the addresses of ports (ARP and NDP do not change
these), and bridges have sticky entries for MAC addresses (frames from other ports do not move
these).
"""

from __future__ import annotations

import errno
import os
import socket
import struct
from collections.abc import Iterable, Mapping

from stratolith.network.drivers.linux.host_kernel import netlink

RTM_NEWNEIGH, RTM_DELNEIGH, RTM_GETNEIGH = 28, 29, 30
_REPLACE = 0x500  # replace or create
_PERMANENT, _NO_ARP = 0x80, 0x40
_OF_BRIDGE, _STICKY = 0x04, 0x40
_ADDRESS, _MAC = 1, 2
_MESSAGE = struct.Struct("=BxHiHBB")  # family, -, index of the device, state, flags, type

Key = tuple[int, bytes]  # index of the device; IP address, in a bridge MAC address


def settle(wanted: Mapping[Key, bytes]) -> None:
    """Set the permanent entries of this thread's namespace to these MAC addresses.

    Raises ``OSError`` when the kernel refuses an entry; all other entries are set then.
    """
    change(permanent(), wanted)


def change(now: Mapping[Key, bytes], wanted: Mapping[Key, bytes]) -> None:
    """As ``settle``, where ``now`` is the known current state."""
    new = [
        _entry(key) + netlink.attribute(_MAC, mac)
        for key, mac in wanted.items()
        if now.get(key) != mac
    ]
    _change(RTM_NEWNEIGH, _REPLACE, new)
    _change(RTM_DELNEIGH, 0, [_entry(key) for key in now if key not in wanted], errno.ENOENT)


def permanent() -> dict[Key, bytes]:
    """The permanent entries of this thread's namespace, with their MAC addresses."""
    macs = {}
    for message in netlink.dump(socket.NETLINK_ROUTE, RTM_GETNEIGH, bytes(_MESSAGE.size)):
        _, _, index, state, _, _ = _MESSAGE.unpack_from(message)
        if state & _PERMANENT:
            attributes = netlink.attributes(message[_MESSAGE.size :])
            macs[index, attributes[_ADDRESS]] = attributes.get(_MAC, b"")
    return macs


def hold_places(places: Iterable[Key], former: Iterable[Key]) -> None:
    """Bind these MAC addresses to devices of bridges: frames from other ports do not move them.

    ``former``: entries to delete; the kernel deletes entries when a device leaves its bridge.
    Raises ``OSError`` as ``settle``.
    """
    _change(RTM_DELNEIGH, 0, [_place(key) for key in former], errno.ENOENT)
    _change(RTM_NEWNEIGH, _REPLACE, [_place(key) for key in places])


def key(body: bytes) -> Key:
    """The key of the entry that a message of the kernel is about."""
    if len(body) < _MESSAGE.size:
        return 0, b""
    attributes = netlink.attributes(body[_MESSAGE.size :])
    return _MESSAGE.unpack_from(body)[2], attributes.get(_ADDRESS) or attributes.get(_MAC, b"")


def _entry(key: Key) -> bytes:
    index, address = key
    family = socket.AF_INET if len(address) == 4 else socket.AF_INET6
    head = _MESSAGE.pack(family, 0, index, _PERMANENT, 0, 0)
    return head + netlink.attribute(_ADDRESS, address)


def _place(key: Key) -> bytes:
    index, mac = key
    head = _MESSAGE.pack(socket.AF_BRIDGE, 0, index, _NO_ARP, _OF_BRIDGE | _STICKY, 0)
    return head + netlink.attribute(_MAC, mac)


def _change(kind: int, flags: int, entries: list[bytes], but: int = 0) -> None:
    numbers = netlink.requests(socket.NETLINK_ROUTE, kind, flags, entries)
    for number in sorted(numbers - {but}):
        raise OSError(number, os.strerror(number))
