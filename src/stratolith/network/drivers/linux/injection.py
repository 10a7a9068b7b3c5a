"""Keeping dnsmasq from writing the kernel's table of neighbours.

Before it answers a client that has no address yet, it writes down where the client is. That
makes an entry of ours one that the next ARP packet may change. It is there already, so dnsmasq is
told "done" and nothing is done.
"""

from __future__ import annotations

import ctypes
import os
import struct
from pathlib import Path

from stratolith.kernel import architecture

_PR_SET_SECCOMP, _FILTER = 22, 2
_IOCTL = {"x86_64": 16}.get(architecture.of_this_host(), 29)  # the number of the call
_SIOCSARP = 0x8955
_LOAD, _EQUAL, _RETURN = 0x20, 0x15, 0x06
_CALL, _SECOND_ARGUMENT = 0, 24  # where they are
_DONE, _ALLOW = 0x0005_0000, 0x7FFF_0000
_PROGRAM = [  # instruction, how many to skip when equal and when not, value
    (_LOAD, 0, 0, _CALL),
    (_EQUAL, 0, 3, _IOCTL),
    (_LOAD, 0, 0, _SECOND_ARGUMENT),
    (_EQUAL, 0, 1, _SIOCSARP),
    (_RETURN, 0, 0, _DONE),
    (_RETURN, 0, 0, _ALLOW),
]
_libc = ctypes.CDLL(None, use_errno=True)


def forbid() -> None:
    """From now on for this thread, for good, and what it starts. Raises ``OSError``."""
    code = b"".join(struct.pack("=HBBI", *line) for line in _PROGRAM)
    buffer = ctypes.create_string_buffer(code, len(code))
    program = struct.pack("@HP", len(_PROGRAM), ctypes.addressof(buffer))
    if _libc.prctl(_PR_SET_SECCOMP, _FILTER, program, 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"seccomp: {os.strerror(number)}")


def is_forbidden(pid: int) -> bool:
    """Whether the process runs under a filter; a server that an older agent started does not."""
    return "\nSeccomp:\t2\n" in Path(f"/proc/{pid}/status").read_text()
