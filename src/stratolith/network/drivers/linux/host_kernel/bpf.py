"""Small programs for the kernel's packet classifier, assembled and loaded without other tools.

Only what the programs of this package need: instructions as bytes, and the bpf(2) system call.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys

from stratolith.kernel import architecture
from stratolith.network.drivers.base import NetworkDriverError

# Fields of struct __sk_buff, by their offset
VLAN_PRESENT, VLAN_TCI, VLAN_PROTOCOL = 20, 24, 28
# Helper functions of the kernel, by number
SKB_VLAN_PUSH, SKB_VLAN_POP, REDIRECT = 18, 19, 23
# Verdicts of a classifier with direct action
NEXT_CLASSIFIER, DROP = -1, 2

_SYSTEM_CALL = {"x86_64": 321, "ppc64le": 361, "s390x": 351}.get(architecture.of_this_host(), 280)
_LOAD, _CLASSIFIER = 5, 3
_ATTRIBUTES = struct.Struct("=IIQQIIQII16s")
# Our helpers are open to programs under any licence; the kernel asks for its name all the same.
_LICENCE = b"Apache-2.0\0"

# Operation codes
_MOVE, _MOVE_VALUE = 0xBF, 0xB7
_LOAD_WORD = 0x61
_AND_VALUE = 0x57
_JUMP_IF_EQUAL, _JUMP_IF_NOT_EQUAL = 0x15, 0x55
_CALL, _EXIT = 0x85, 0x95


def _instruction(
    code: int, target: int = 0, source: int = 0, offset: int = 0, value: int = 0
) -> bytes:
    return struct.pack("=BBhi", code, _registers(target, source), offset, value)


def _registers(target: int, source: int) -> int:
    return target | source << 4 if sys.byteorder == "little" else target << 4 | source


def move(target: int, source: int) -> bytes:
    return _instruction(_MOVE, target, source)


def set_to(target: int, value: int) -> bytes:
    return _instruction(_MOVE_VALUE, target, value=value)


def load_word(target: int, source: int, offset: int) -> bytes:
    return _instruction(_LOAD_WORD, target, source, offset)


def mask(target: int, value: int) -> bytes:
    return _instruction(_AND_VALUE, target, value=value)


def unless_equal(register: int, value: int, block: bytes) -> bytes:
    """Run the block if the register has another value; the block must end the program."""
    return _instruction(_JUMP_IF_EQUAL, register, offset=len(block) // 8, value=value) + block


def if_equal(register: int, value: int, block: bytes) -> bytes:
    """Run the block if the register has this value; the block must end the program."""
    return _instruction(_JUMP_IF_NOT_EQUAL, register, offset=len(block) // 8, value=value) + block


def call(helper: int) -> bytes:
    """Call a helper of the kernel: arguments in registers 1 to 5, the result in 0."""
    return _instruction(_CALL, value=helper)


def end(verdict: int | None = None) -> bytes:
    """End with a verdict; with None, the verdict is already in register 0."""
    return (b"" if verdict is None else set_to(0, verdict)) + _instruction(_EXIT)


def load(program: bytes, name: str) -> int:
    """Load a classifier; returns its file descriptor, which the caller closes.

    Raises ``NetworkDriverError``.
    """
    code, licence = ctypes.create_string_buffer(program), ctypes.create_string_buffer(_LICENCE)
    attributes = _ATTRIBUTES.pack(
        _CLASSIFIER,
        len(program) // 8,
        ctypes.addressof(code),
        ctypes.addressof(licence),
        0,  # without a log: one that is too small for a long program would be an error
        0,
        0,
        0,
        0,
        name.encode()[:15],
    )
    block = ctypes.create_string_buffer(attributes, len(attributes))
    libc = ctypes.CDLL(None, use_errno=True)
    descriptor = libc.syscall(_SYSTEM_CALL, _LOAD, block, len(attributes))
    if descriptor < 0:
        reason = os.strerror(ctypes.get_errno())
        raise NetworkDriverError(f"the kernel refuses a BPF program for VLAN tags: {reason}")
    return int(descriptor)
