"""Detect changes to our objects by others, without reading all of them again."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import struct
from collections.abc import Iterator, Set

from stratolith.network.drivers.linux import names
from stratolith.network.drivers.linux.host_kernel import classifiers, neighbours, netlink
from stratolith.network.drivers.linux.host_kernel.netlink import Link

_LINK, _IPV4_ADDRESS, _IPV4_ROUTE, _IPV6_ADDRESS, _IPV6_ROUTE = 1, 5, 7, 9, 11
_IPV4_SETTINGS, _IPV6_SETTINGS = 24, 25  # forwarding, of all devices or of one
_NEIGHBOURS = 3
_CLASSIFIERS = 4
_NFT_GROUP = 7
_SOL_NETLINK, _ADD_MEMBERSHIP, _NO_OVERFLOW = 270, 1, 5
_SMALL_BUFFER = 65536  # an overflow counts as a change, too
_LINK_MESSAGES = (16, 17)
_NEW_LINK = 16
# a queueing discipline that goes takes its classifiers along; one that comes changes nothing
_CLASSIFIER_MESSAGES = (
    classifiers.DELETE_DISCIPLINE,
    classifiers.NEW_CLASSIFIER,
    classifiers.DELETE_CLASSIFIER,
)
_ADDRESS_MESSAGES, _LINK_SCOPE = (20, 21), 253
_ROUTE_MESSAGES, _BY_KERNEL = (24, 25), 2
_NEW_SETTINGS, _OF_ALL_DEVICES = 80, struct.pack("=i", -1)
# what follows our name in those of tables
_TABLES = ("", "_nat", "_limits", "_qos", "_owners", "_local")
_NEW_GENERATION = 0xA0F  # nft sends this after every transaction, also after those of others


class Ours:
    """Separates messages about our objects in the host's own namespace from other messages."""

    def __init__(self, instance: str) -> None:
        self.group = names.group_number(instance)
        self.label = f"{instance}:".encode()
        self.tables = {f"{instance}{tail}".encode() for tail in _TABLES}
        self.links: dict[int, Link] = {}  # ours, by index, as of the last pass
        self.carriers: frozenset[int] = frozenset()  # of the machine, with classifiers of ours
        self.mapped: frozenset[int] = frozenset()  # of the machine, for flat networks

    def link(self, kind: int, body: bytes) -> bool:
        if len(body) < 8:
            return True
        if kind == _NEW_SETTINGS:
            return netlink.attributes(body[4:]).get(1) == _OF_ALL_DEVICES
        index = index_of(body)
        if kind in _CLASSIFIER_MESSAGES:
            return index in self.links or index in self.carriers
        if index in self.mapped and kind in (*_LINK_MESSAGES, *_ADDRESS_MESSAGES):
            return body[0] != socket.AF_BRIDGE
        if index in self.carriers:
            return kind in _LINK_MESSAGES and body[0] != socket.AF_BRIDGE
        if index in self.links:
            # ignore guests that attach or detach, and addresses that a bridge learns
            return kind != _NEW_LINK or not (
                body[0] == socket.AF_BRIDGE or netlink.parsed_link(body) == self.links[index]
            )
        if kind not in _LINK_MESSAGES:
            return False
        fields = netlink.attributes(body[16:])
        return fields.get(27) == struct.pack("=I", self.group) or fields.get(20, b"").startswith(
            self.label
        )

    def rules(self, kind: int, body: bytes) -> bool:
        return netlink.attributes(body[4:]).get(1, b"").rstrip(b"\0") in self.tables


class Watch:
    """Listens for changes in the namespace in which it was made.

    ``ours``: decides which messages count; None for a namespace that belongs to us alone. The
    results are kept until they are discarded.
    """

    def __init__(self, routes: bool, ours: Ours | None = None) -> None:
        groups = [_LINK, _IPV4_ADDRESS, _IPV6_ADDRESS, _IPV4_SETTINGS, _IPV6_SETTINGS]
        groups.append(_CLASSIFIERS)
        groups += [_IPV4_ROUTE, _IPV6_ROUTE] if routes else []
        self.links = _socket(socket.NETLINK_ROUTE, groups)
        self.rules = _socket(netlink.NETLINK_NETFILTER, [_NFT_GROUP])
        # guests can cause any number of these messages: they wake no thread, and messages that do
        # not fit into the buffer are lost until the next full check
        self.neighbours = _socket(socket.NETLINK_ROUTE, [_NEIGHBOURS])
        self.neighbours.setsockopt(_SOL_NETLINK, _NO_OVERFLOW, 1)
        self.kept: frozenset[neighbours.Key] = frozenset()  # our entries
        self.ours = ours
        self.links_touched = self.rules_touched = False

    def sockets(self) -> list[socket.socket]:
        """The sockets whose messages wake a thread."""
        return [self.links, self.rules]

    def read(self) -> set[int]:
        """Read the messages; returns the descriptors that reported a change of our objects."""
        for kind, body in _messages(self.links):
            if _is_the_kernels(kind, body):
                continue
            self.links_touched |= self.ours is None or not kind or self.ours.link(kind, body)
        for _, body in _messages(self.neighbours):
            self.links_touched |= neighbours.key(body) in self.kept
        for kind, body in _messages(self.rules):
            if kind != _NEW_GENERATION:
                self.rules_touched |= self.ours is None or not kind or self.ours.rules(kind, body)
        touched = {self.links.fileno()} if self.links_touched else set()
        return touched | ({self.rules.fileno()} if self.rules_touched else set())

    def forget_own(self, indexes: Set[int], places: Set[neighbours.Key]) -> bool:
        """Discard messages about these links and places; whether no other one was about ours."""
        others_touched = False
        for kind, body in _messages(self.links):
            is_own = kind and len(body) >= 8 and index_of(body) in indexes
            if not is_own and not _is_the_kernels(kind, body):
                others_touched |= self.ours is None or not kind or self.ours.link(kind, body)
        for _, body in _messages(self.neighbours):
            entry = neighbours.key(body)
            others_touched |= entry in self.kept and entry not in places and entry[0] not in indexes
        self.links_touched = others_touched
        return not others_touched

    def forget_links(self) -> None:
        """Discard the messages so far about links, addresses and routes."""
        for _ in (*_messages(self.links), *_messages(self.neighbours)):
            pass
        self.links_touched = False

    def forget_rules(self) -> None:
        for _ in _messages(self.rules):
            pass
        self.rules_touched = False

    def close(self) -> None:
        for sock in (*self.sockets(), self.neighbours):
            sock.close()


def index_of(body: bytes) -> int:
    """The device that a message about a link or an address is about."""
    return int(struct.unpack_from("=i", body, 4)[0])


def _is_the_kernels(kind: int, body: bytes) -> bool:
    """Whether the kernel made an IPv6 address or route itself, after a device came up."""
    if len(body) < 8 or body[0] != socket.AF_INET6:
        return False
    if kind in _ADDRESS_MESSAGES:
        return body[3] == _LINK_SCOPE
    return kind in _ROUTE_MESSAGES and body[5] == _BY_KERNEL


def _socket(protocol: int, groups: list[int]) -> socket.socket:
    kind = socket.SOCK_RAW | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK
    sock = socket.socket(socket.AF_NETLINK, kind, protocol)
    sock.bind((0, 0))
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _SMALL_BUFFER)
    for group in groups:
        sock.setsockopt(_SOL_NETLINK, _ADD_MEMBERSHIP, group)
    return sock


def _messages(sock: socket.socket) -> Iterator[tuple[int, bytes]]:
    """Types and bodies of all waiting messages; type 0 when some were lost."""
    while True:
        try:
            data = sock.recv(1 << 17)
        except BlockingIOError:
            return
        except OSError:
            yield 0, b""  # an overflow
            continue
        yield from netlink.messages(data)


def ready(handles: list[int]) -> set[int]:
    """Those of the file descriptors that are readable now."""
    poller = select.poll()
    for handle in handles:
        poller.register(handle, select.POLLIN)
    return {handle for handle, _ in poller.poll(0)}


def process_handle(pid: int) -> int | None:
    """A descriptor that becomes ready when the process ends; None when it has ended."""
    with contextlib.suppress(OSError):
        return os.pidfd_open(pid)
    return None
