"""A seccomp filter that keeps dnsmasq from changing the kernel's neighbour table.

Before dnsmasq answers a client without an address, it adds a neighbour entry for the client. This
would replace our permanent entry by one that the next ARP packet may change. Our entry is there
already, so the filter skips dnsmasq's system call and reports success.
"""

from __future__ import annotations

import ctypes
import os
import struct
from pathlib import Path

from stratolith.kernel import architecture

_PR_SET_SECCOMP, _FILTER = 22, 2
_IOCTL = {"x86_64": 16}.get(architecture.of_this_host(), 29)  # number of the system call
_SIOCSARP = 0x8955
_LOAD, _EQUAL, _RETURN = 0x20, 0x15, 0x06
_CALL, _SECOND_ARGUMENT = 0, 24  # their offsets
_DONE, _ALLOW = 0x0005_0000, 0x7FFF_0000
_PROGRAM = [  # instruction, instructions to skip when equal and when not, value
    (_LOAD, 0, 0, _CALL),
    (_EQUAL, 0, 3, _IOCTL),
    (_LOAD, 0, 0, _SECOND_ARGUMENT),
    (_EQUAL, 0, 1, _SIOCSARP),
    (_RETURN, 0, 0, _DONE),
    (_RETURN, 0, 0, _ALLOW),
]
_libc = ctypes.CDLL(None, use_errno=True)


def forbid() -> None:
    """Install the filter for this thread and its child processes. Raises ``OSError``."""
    code = b"".join(struct.pack("=HBBI", *line) for line in _PROGRAM)
    buffer = ctypes.create_string_buffer(code, len(code))
    program = struct.pack("@HP", len(_PROGRAM), ctypes.addressof(buffer))
    if _libc.prctl(_PR_SET_SECCOMP, _FILTER, program, 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"seccomp: {os.strerror(number)}")


def is_forbidden(pid: int) -> bool:
    """Whether the process runs under a filter; servers started by an older agent do not."""
    return "\nSeccomp:\t2\n" in Path(f"/proc/{pid}/status").read_text()
