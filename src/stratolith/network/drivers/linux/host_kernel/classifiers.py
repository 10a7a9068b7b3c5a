"""Classifiers (tc) at the entry of a device, over netlink.

A device has one ``clsact`` queueing discipline for all its classifiers, whoever attached them. They
run in the order of their priorities; ours have a name, by which they are found again.
"""

from __future__ import annotations

import errno
import os
import socket
import struct
from collections.abc import Iterator

import msgspec

from stratolith.network.drivers.linux.host_kernel import netlink

# In the order in which they see a frame. Tags come first: the others then see plain frames only.
VLAN_TAGS = 1

_NEW_DISCIPLINE, DELETE_DISCIPLINE, _GET_DISCIPLINES = 36, 37, 38
NEW_CLASSIFIER, DELETE_CLASSIFIER, _GET_CLASSIFIERS = 44, 45, 46
_CREATE, _EXCLUSIVE, _REPLACE = 0x400, 0x200, 0x100
_MESSAGE = struct.Struct("=BxxxiIII")  # family, device, handle, parent, priority and protocol
_CLSACT, _CLSACT_HANDLE = 0xFFFFFFF1, 0xFFFF0000
_ENTRY, _EXIT = 0xFFFFFFF2, 0xFFFFFFF3
_KIND, _OPTIONS = 1, 2
_BPF_DESCRIPTOR, _BPF_NAME, _BPF_FLAGS = 6, 7, 8
_DIRECT_ACTION = 1
_ALL_PROTOCOLS = socket.htons(3)
_FIRST = 1  # handle of the only classifier of a priority


class Classifier(msgspec.Struct, frozen=True):
    priority: int
    name: str


def devices() -> set[int]:
    """Indexes of the devices that can have classifiers at their entry. Raises ``OSError``."""
    indexes = set()
    request = _MESSAGE.pack(0, 0, 0, 0, 0)
    for message in netlink.dump(socket.NETLINK_ROUTE, _GET_DISCIPLINES, request):
        kind = netlink.attributes(message[_MESSAGE.size :]).get(_KIND, b"")
        if kind.rstrip(b"\0") in (b"clsact", b"ingress"):
            indexes.add(int(_MESSAGE.unpack_from(message)[1]))
    return indexes


def at_entry(index: int) -> list[Classifier]:
    """The BPF classifiers at the entry of a device. Raises ``OSError``."""
    return list(_classifiers(index, _ENTRY))


def attach(index: int, priority: int, descriptor: int, name: str) -> None:
    """Put a loaded program at the entry of a device, in place of ours of that priority.

    No frame passes between the two programs. Raises ``OSError``.
    """
    _ensure_discipline(index)
    options = (
        netlink.attribute(_BPF_DESCRIPTOR, struct.pack("=I", descriptor))
        + netlink.attribute(_BPF_NAME, name.encode() + b"\0")
        + netlink.attribute(_BPF_FLAGS, struct.pack("=I", _DIRECT_ACTION))
    )
    body = _MESSAGE.pack(0, index, _FIRST, _ENTRY, priority << 16 | _ALL_PROTOCOLS)
    body += netlink.attribute(_KIND, b"bpf\0") + netlink.attribute(_OPTIONS, options)
    _change(NEW_CLASSIFIER, _CREATE | _REPLACE, body)


def detach(index: int, priority: int) -> None:
    """Remove our program of that priority, and the discipline if no classifier is left.

    Without an error if there is none. Raises ``OSError``.
    """
    body = _MESSAGE.pack(0, index, 0, _ENTRY, priority << 16 | _ALL_PROTOCOLS)
    _change(DELETE_CLASSIFIER, 0, body, errno.ENOENT, errno.ENODEV, errno.EINVAL)
    if not any(True for parent in (_ENTRY, _EXIT) for _ in _messages(index, parent)):
        body = _MESSAGE.pack(0, index, _CLSACT_HANDLE, _CLSACT, 0)
        body += netlink.attribute(_KIND, b"clsact\0")
        _change(DELETE_DISCIPLINE, 0, body, errno.ENOENT, errno.ENODEV, errno.EINVAL)


def _ensure_discipline(index: int) -> None:
    body = _MESSAGE.pack(0, index, _CLSACT_HANDLE, _CLSACT, 0)
    body += netlink.attribute(_KIND, b"clsact\0")
    _change(_NEW_DISCIPLINE, _CREATE | _EXCLUSIVE, body, errno.EEXIST)


def _classifiers(index: int, parent: int) -> Iterator[Classifier]:
    for message in _messages(index, parent):
        fields = netlink.attributes(message[_MESSAGE.size :])
        if fields.get(_KIND, b"").rstrip(b"\0") != b"bpf":
            continue
        name = netlink.attributes(fields.get(_OPTIONS, b"")).get(_BPF_NAME, b"")
        priority = _MESSAGE.unpack_from(message)[4] >> 16
        text = name.rstrip(b"\0").decode(errors="replace")
        if text:  # the first message is about the priority, without a program
            yield Classifier(priority, text)


def _messages(index: int, parent: int) -> Iterator[bytes]:
    request = _MESSAGE.pack(0, index, 0, parent, 0)
    try:
        yield from netlink.dump(socket.NETLINK_ROUTE, _GET_CLASSIFIERS, request)
    except OSError as error:
        if error.errno not in (errno.ENOENT, errno.ENODEV, errno.EINVAL):
            raise


def _change(kind: int, flags: int, body: bytes, *permitted: int) -> None:
    refused = netlink.requests(socket.NETLINK_ROUTE, kind, flags, [body])
    for number in sorted(refused - set(permitted)):
        raise OSError(number, os.strerror(number))
