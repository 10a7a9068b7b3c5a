"""Whether a device takes frames for other addresses than its own, as that of a bridge must."""

from __future__ import annotations

import fcntl
import socket
import struct

_GET_FLAGS, _SET_FLAGS = 0x8913, 0x8914
_PROMISCUOUS = 0x100
_REQUEST = struct.Struct("=16sH22x")


def is_on(name: str) -> bool:
    """Raises ``OSError``."""
    return bool(_flags(name) & _PROMISCUOUS)


def switch(name: str, *, on: bool) -> None:
    """Raises ``OSError``."""
    before = _flags(name)
    flags = before | _PROMISCUOUS if on else before & ~_PROMISCUOUS
    if flags != before:
        _ask(name, _SET_FLAGS, flags)


def _flags(name: str) -> int:
    return int(_REQUEST.unpack(_ask(name, _GET_FLAGS, 0))[1])


def _ask(name: str, request: int, flags: int) -> bytes:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
        return fcntl.ioctl(sock, request, _REQUEST.pack(name.encode(), flags))
