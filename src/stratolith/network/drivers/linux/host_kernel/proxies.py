"""Entries of the NDP proxy: addresses for which a device answers neighbour solicitations."""

from __future__ import annotations

import errno
import ipaddress
import os
import socket
import struct
from collections.abc import Iterable

from stratolith.network.drivers.linux.host_kernel import netlink
from stratolith.network.drivers.linux.host_kernel.neighbours import (
    RTM_DELNEIGH,
    RTM_GETNEIGH,
    RTM_NEWNEIGH,
)

_PROXY = 0x08  # NTF_PROXY
_CREATE = 0x400
_ADDRESS = 1
_MESSAGE = struct.Struct("=BxHiHBB")  # family, -, index of the device, state, flags, type

Key = tuple[int, str]  # index of the device, address


def settle(wanted: Iterable[Key]) -> None:
    """Bring the proxy entries of this thread's namespace to these.

    Raises ``OSError`` when the kernel refuses an entry; all other entries are set then.
    """
    now, keys = _current(), set(wanted)
    _change(RTM_DELNEIGH, 0, now - keys, errno.ENOENT)
    _change(RTM_NEWNEIGH, _CREATE, keys - now)


def _current() -> set[Key]:
    request = _MESSAGE.pack(socket.AF_INET6, 0, 0, 0, _PROXY, 0)
    keys = set()
    for message in netlink.dump(socket.NETLINK_ROUTE, RTM_GETNEIGH, request):
        _, _, index, _, flags, _ = _MESSAGE.unpack_from(message)
        if flags & _PROXY:
            address = netlink.attributes(message[_MESSAGE.size :])[_ADDRESS]
            keys.add((index, str(ipaddress.ip_address(address))))
    return keys


def _change(kind: int, flags: int, keys: Iterable[Key], but: int = 0) -> None:
    entries = [
        _MESSAGE.pack(socket.AF_INET6, 0, index, 0, _PROXY, 0)
        + netlink.attribute(_ADDRESS, ipaddress.ip_address(address).packed)
        for index, address in sorted(keys)
    ]
    numbers = netlink.requests(socket.NETLINK_ROUTE, kind, flags, entries)
    for number in sorted(numbers - {but}):
        raise OSError(number, os.strerror(number))
