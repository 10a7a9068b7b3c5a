"""The host's ends of a guest's NICs: whether they lead anywhere, and joining them again.

A tap that somebody deletes takes nothing from QEMU but its meaning: the file it holds open
stays, and reads and writes fail from then on. A new tap of the same name is another one. The
kernel lets such a file join a tap again, and it may be asked for that through a copy of the
file, so the guest keeps its NIC and its addresses and notices a short loss of carrier at most.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import re
import socket
import struct
from pathlib import Path

from stratolith.compute.drivers.base import DriverError

_SIOCGIFFLAGS, _RUNNING = 0x8913, 0x40
_TUNSETIFF, _TUNSETVNETHDRSZ = 0x400454CA, 0x400454D8
_TAP, _NO_PI, _VNET_HDR = 0x0002, 0x1000, 0x4000
_PIDFD_GETFD = 438
_DEVICE = re.compile(r"^iff:[ \t]*(\S*)$", re.MULTILINE)
_libc = ctypes.CDLL(None, use_errno=True)


def has_carrier(tap: str) -> bool:
    """Whether the tap exists and something holds its other end; asks the kernel only."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
        try:
            answer = fcntl.ioctl(sock, _SIOCGIFFLAGS, struct.pack("16sH22x", tap.encode(), 0))
        except OSError:
            return False
    flags = int(struct.unpack_from("=H", answer, 16)[0])
    return bool(flags & _RUNNING)


def opened(pid: int) -> dict[int, str]:
    """The taps a process holds: file descriptor -> name, "" for one that was deleted."""
    found = {}
    try:
        for entry in os.scandir(f"/proc/{pid}/fd"):
            if os.readlink(entry.path) == "/dev/net/tun":
                text = Path(f"/proc/{pid}/fdinfo/{entry.name}").read_text()
                match = _DEVICE.search(text)
                found[int(entry.name)] = match[1] if match else ""
    except OSError as error:
        raise DriverError(f"the files of process {pid} cannot be read: {error}") from error
    return dict(sorted(found.items()))


def join_again(pid: int, descriptor: int, tap: str, header_bytes: int) -> None:
    """Have the process's file, whose tap was deleted, belong to the tap of today.

    ``header_bytes``: of the virtio header before each frame, as guest and QEMU agreed.
    Raises DriverError.
    """
    try:
        process = os.pidfd_open(pid)
        try:
            copy = _libc.syscall(_PIDFD_GETFD, process, descriptor, 0)
            if copy < 0:
                number = ctypes.get_errno()
                raise OSError(number, os.strerror(number))
        finally:
            os.close(process)
        try:
            flags = _TAP | _NO_PI | _VNET_HDR
            fcntl.ioctl(copy, _TUNSETIFF, struct.pack("16sH22x", tap.encode(), flags))
            fcntl.ioctl(copy, _TUNSETVNETHDRSZ, struct.pack("=i", header_bytes))
        finally:
            os.close(copy)
    except OSError as error:
        raise DriverError(f"the tap {tap} cannot be joined again: {error}") from error
