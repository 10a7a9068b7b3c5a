"""Noticing that somebody changed what we made, without looking at all of it again."""

from __future__ import annotations

import contextlib
import os
import select
import socket

from stratolith.network.drivers.linux import netlink

_LINK, _IPV4_ADDRESS, _IPV4_ROUTE, _IPV6_ADDRESS, _IPV6_ROUTE = 1, 5, 7, 9, 11
_NFT_GROUP = 7
_SOL_NETLINK, _ADD_MEMBERSHIP = 270, 1
_SMALL_BUFFER = 16384  # one message tells as much as a thousand: an overflow is a change, too


class Watch:
    """Listens, in the namespace it is made in, for changes of links, addresses, routes and nft."""

    def __init__(self, routes: bool) -> None:
        groups = [_LINK, _IPV4_ADDRESS, _IPV6_ADDRESS]
        groups += [_IPV4_ROUTE, _IPV6_ROUTE] if routes else []
        self.links = _socket(socket.NETLINK_ROUTE, groups)
        self.rules = _socket(netlink.NETLINK_NETFILTER, [_NFT_GROUP])

    def sockets(self) -> list[socket.socket]:
        return [self.links, self.rules]

    def rules_loaded(self) -> None:
        """Our own rules are no news; asked for at once, so that the next change is."""
        drained(self.rules)

    def close(self) -> None:
        for sock in self.sockets():
            sock.close()


def _socket(protocol: int, groups: list[int]) -> socket.socket:
    kind = socket.SOCK_RAW | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK
    sock = socket.socket(socket.AF_NETLINK, kind, protocol)
    sock.bind((0, 0))
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _SMALL_BUFFER)
    for group in groups:
        sock.setsockopt(_SOL_NETLINK, _ADD_MEMBERSHIP, group)
    return sock


def drained(sock: socket.socket) -> bool:
    """Throw away what waits to be read; whether there was anything."""
    anything = False
    while True:
        try:
            sock.recv(65536)
        except BlockingIOError:
            return anything
        except OSError:
            anything = True  # an overflow: messages were lost
            continue
        anything = True


def ready(handles: list[int]) -> set[int]:
    """Those of the file descriptors that have something to tell, now."""
    poller = select.poll()
    for handle in handles:
        poller.register(handle, select.POLLIN)
    return {handle for handle, _ in poller.poll(0)}


def process_handle(pid: int) -> int | None:
    """A descriptor that becomes ready when the process ends; None when it already has."""
    with contextlib.suppress(OSError):
        return os.pidfd_open(pid)
    return None
