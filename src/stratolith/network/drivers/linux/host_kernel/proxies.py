"""Entries of the NDP proxy: addresses for which a device answers neighbour solicitations."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable
from typing import Any

from pyroute2 import IPRoute

_PROXY = 0x08  # NTF_PROXY

Key = tuple[int, str]  # index of the device, address


def settle(wanted: Iterable[Key]) -> None:
    """Bring the proxy entries of this thread's namespace to these."""
    ip: Any = IPRoute()
    try:
        now = {
            (entry["ifindex"], str(ipaddress.ip_address(entry.get_attr("NDA_DST"))))
            for entry in ip.neigh("dump", family=socket.AF_INET6, flags=_PROXY)
            if entry["flags"] & _PROXY
        }
        keys = set(wanted)
        for index, address in sorted(now - keys):
            ip.neigh("del", dst=address, ifindex=index, family=socket.AF_INET6, flags=_PROXY)
        for index, address in sorted(keys - now):
            ip.neigh("add", dst=address, ifindex=index, family=socket.AF_INET6, flags=_PROXY)
    finally:
        ip.close()
