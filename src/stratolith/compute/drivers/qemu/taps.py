"""The taps of a guest's NICs: check their carrier, and connect QEMU to a replaced tap.

If a tap is deleted, QEMU's open file stays, but reads and writes fail. A new tap of the same
name is not connected to this file. The kernel can attach the file to a tap again, also through a
copy of the file descriptor. So the guest keeps its NIC and its addresses, with at most a short
loss of carrier.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import re
import socket
import struct
from pathlib import Path

from pyroute2 import IPRoute
from pyroute2.netlink.exceptions import NetlinkError

from stratolith.compute.drivers.base import DriverError

_SIOCGIFFLAGS, _RUNNING = 0x8913, 0x40
_TUNSETIFF, _TUNSETVNETHDRSZ = 0x400454CA, 0x400454D8
_TAP, _NO_PI, _VNET_HDR = 0x0002, 0x1000, 0x4000
_PIDFD_GETFD = 438
_DEVICE = re.compile(r"^iff:[ \t]*(\S*)$", re.MULTILINE)
_libc = ctypes.CDLL(None, use_errno=True)


def has_carrier(tap: str) -> bool:
    """Whether the tap exists and a process has it open; asks only the kernel."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
        try:
            answer = fcntl.ioctl(sock, _SIOCGIFFLAGS, struct.pack("16sH22x", tap.encode(), 0))
        except OSError:
            return False
    flags = int(struct.unpack_from("=H", answer, 16)[0])
    return bool(flags & _RUNNING)


def is_without_offload(tap: str) -> bool:
    """Whether the switch behind the tap needs whole frames with checksums; the network driver says
    so in the alias of the tap.
    """
    with IPRoute() as ip:
        try:
            (link,) = ip.link("get", ifname=tap)
        except NetlinkError:
            return False
    return str(link.get_attr("IFLA_IFALIAS") or "").endswith(":no-offload")


def opened(pid: int) -> dict[int, str]:
    """The taps that a process has open: file descriptor -> name; "" for a deleted tap.

    Raises DriverError.
    """
    try:
        descriptors = [int(name) for name in os.listdir(f"/proc/{pid}/fd")]
        taps = {descriptor: _opened_tap(pid, descriptor) for descriptor in descriptors}
    except OSError as error:
        raise DriverError(f"the files of process {pid} cannot be read: {error}") from error
    return {descriptor: tap for descriptor, tap in sorted(taps.items()) if tap is not None}


def _opened_tap(pid: int, descriptor: int) -> str | None:
    """None: not a tap, or closed since the process's descriptors were listed."""
    try:
        if os.readlink(f"/proc/{pid}/fd/{descriptor}") != "/dev/net/tun":
            return None
        text = Path(f"/proc/{pid}/fdinfo/{descriptor}").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    match = _DEVICE.search(text)
    return match[1] if match else ""


def join_again(pid: int, descriptor: int, tap: str, header_bytes: int) -> None:
    """Attach the process's file, whose tap was deleted, to the new tap.

    ``header_bytes``: length of the virtio header before each frame, as guest and QEMU negotiated.
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
        raise DriverError(f"the tap {tap} cannot be attached again: {error}") from error
