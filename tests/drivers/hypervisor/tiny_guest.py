"""A 512 byte guest for tests: up in half a second, knows the power button and hot-unplug.

It says "ready" on the serial console, then reads one letter at a time from it:
``p`` powers off, ``d`` makes it deaf to the ACPI power button. Devices that the host asks
back are let go at once. The code is for the registers of QEMU's machine type pc.
"""

from __future__ import annotations

import os
import socket
from pathlib import Path

SIZE = 1 << 20
_TEXT = b"tiny guest runs\r\nready\r\n\0"

_CODE = [
    ("fa", "cli"),
    ("31 c0", "xor ax, ax"),
    ("8e d8", "mov ds, ax"),
    ("ba 02 06", "mov dx, 0x602               ; ACPI PM1 enable"),
    ("b8 00 01", "mov ax, 0x100               ; the power button"),
    ("ef", "out dx, ax"),
    ("be 80 7c", "mov si, 0x7c80              ; the text"),
    ("ac", "lodsb                       ; 0x0f"),
    ("84 c0", "test al, al"),
    ("74 06", "je 0x1a"),
    ("ba f8 03", "mov dx, 0x3f8               ; serial port"),
    ("ee", "out dx, al"),
    ("eb f5", "jmp 0x0f"),
    ("ba 00 06", "mov dx, 0x600               ; 0x1a: PM1 status"),
    ("ed", "in ax, dx"),
    ("f6 c4 01", "test ah, 1                  ; pressed?"),
    ("75 2c", "jne 0x4f"),
    ("ba 04 ae", "mov dx, 0xae04              ; slots to be ejected"),
    ("66 ed", "in eax, dx"),
    ("66 85 c0", "test eax, eax"),
    ("74 05", "je 0x32"),
    ("ba 08 ae", "mov dx, 0xae08              ; eject them"),
    ("66 ef", "out dx, eax"),
    ("ba fd 03", "mov dx, 0x3fd               ; 0x32: serial line status"),
    ("ec", "in al, dx"),
    ("a8 01", "test al, 1"),
    ("74 e0", "je 0x1a"),
    ("ba f8 03", "mov dx, 0x3f8"),
    ("ec", "in al, dx"),
    ("ee", "out dx, al                  ; echo"),
    ("3c 70", "cmp al, 'p'"),
    ("74 0c", "je 0x4f"),
    ("3c 64", "cmp al, 'd'"),
    ("75 d3", "jne 0x1a"),
    ("ba 02 06", "mov dx, 0x602"),
    ("31 c0", "xor ax, ax"),
    ("ef", "out dx, ax"),
    ("eb cb", "jmp 0x1a"),
    ("ba 04 06", "mov dx, 0x604               ; 0x4f: PM1 control"),
    ("b8 00 20", "mov ax, 0x2000              ; soft off"),
    ("ef", "out dx, ax"),
    ("eb f7", "jmp 0x4f"),
]


def write_image(path: Path) -> None:
    """A raw disk image of SIZE bytes that boots the guest."""
    code = b"".join(bytes.fromhex(line[0]) for line in _CODE)
    sector = code.ljust(0x80, b"\0") + _TEXT
    path.write_bytes(sector.ljust(510, b"\0") + b"\x55\xaa")
    os.truncate(path, SIZE)


def type_letter(guest_directory: Path, letter: bytes) -> None:
    """Send to the guest's serial console."""
    directory = os.open(guest_directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with socket.socket(socket.AF_UNIX) as console:
            console.settimeout(5)
            console.connect(f"/proc/self/fd/{directory}/console.sock")
            console.sendall(letter)
            console.recv(1)  # the echo: it was read
    finally:
        os.close(directory)
