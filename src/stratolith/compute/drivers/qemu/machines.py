"""The virtual machines of guests: QEMU's program for an architecture, the board, its buses.

All differences between processor architectures are here, in firmware.py and in smoke.py. On all
boards a PCI device has the same slot number:

    0x01 display (0x02 on pc)   0x04 balloon                     0x0f-0x1e disks
    0x02 SCSI (not on pc)       0x05-0x0e NICs, in order         0x1f keyboard (virt)
    0x03 random numbers

The board pc has one bus, and every slot of it supports hot-plug (acpiphp). On PCI Express the
slot of a NIC has a root port, and the NIC is connected to that port.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from stratolith.compute.drivers.base import GuestSpec, NotPossible
from stratolith.compute.drivers.qemu import firmware, programs
from stratolith.compute.drivers.qemu.firmware import Uefi
from stratolith.kernel import architecture

NIC_SLOTS = range(0x05, 0x0F)
DISK_SLOTS = range(0x0F, 0x1F)


@dataclass(frozen=True)
class Board:
    """One of QEMU's families of machine types."""

    name: str
    types: re.Pattern[str]  # values of hw_machine_type for this board
    options: str  # of -machine
    bus: str
    is_express: bool
    display: tuple[str, ...]  # options for a screen, and a keyboard if none is built in
    drive_bus: str  # of the config drive: ide, scsi


@dataclass(frozen=True)
class Platform:
    """QEMU's program and boards for some architectures; the first board is the default."""

    architectures: tuple[str, ...]
    program: str
    boards: tuple[Board, ...]
    tcg_cpu: str
    has_bios: bool


# pc boots as fast as q35 under TCG, and supports hot-plug without a root port for each device.
_PC = Board(
    "pc", re.compile(r"pc|pc-i440fx-[a-z0-9.]+"), "vmport=off,hpet=off", "pci.0", False,
    ("-vga", "std"), "ide",
)  # fmt: skip
# The config drive uses SCSI: kernels for clouds often have no driver for q35's SATA.
_Q35 = Board(
    "q35", re.compile(r"q35|pc-q35-[a-z0-9.]+"), "vmport=off,hpet=off", "pcie.0", True,
    ("-vga", "std"), "scsi",
)  # fmt: skip
_VIRT = Board(
    "virt", re.compile(r"virt|virt-[0-9.]+"), "gic-version=max", "pcie.0", True,
    (
        "-device", '{"driver": "virtio-gpu-pci", "id": "video", "bus": "pcie.0", "addr": "0x01"}',
        "-device",
        '{"driver": "virtio-keyboard-pci", "id": "keyboard", "bus": "pcie.0", "addr": "0x1f"}',
    ),
    "scsi",
)  # fmt: skip
PLATFORMS = (
    Platform(("x86_64", "i686"), "qemu-system-x86_64", (_PC, _Q35), "max", has_bios=True),
    # Emulation of the real algorithm of pointer authentication would make guests a third slower.
    Platform(("aarch64",), "qemu-system-aarch64", (_VIRT,), "max,pauth-impdef=on", has_bios=False),
)


class Machine(NamedTuple):
    """The virtual machine of one guest; ``uefi`` None: it has a BIOS."""

    platform: Platform
    board: Board
    type: str
    uefi: Uefi | None


def platform_of(name: str) -> Platform:
    """The platform for an architecture; "" is this host's own. Raises DriverError."""
    wanted = name or architecture.of_this_host()
    for platform in PLATFORMS:
        if wanted in platform.architectures:
            return platform
    raise NotPossible(f"Guests of the architecture {wanted} cannot run on this host")


def is_native(platform: Platform) -> bool:
    return architecture.of_this_host() in platform.architectures


def runnable() -> list[str]:
    """Architectures of guests that this host can run: its own first, then emulated ones."""
    architectures: list[str] = []
    for platform in sorted(PLATFORMS, key=lambda platform: not is_native(platform)):
        has_firmware = platform.has_bios or firmware.is_present(platform.architectures[0])
        if programs.is_present(platform.program) and has_firmware:
            architectures += platform.architectures
    return architectures


def of(spec: GuestSpec) -> Machine:
    """The machine for a guest; raises DriverError if this host cannot run it."""
    platform = platform_of(spec.arch)
    kind = spec.machine or platform.boards[0].name
    board = next(
        (candidate for candidate in platform.boards if candidate.types.fullmatch(kind)), None
    )
    if board is None:
        known = " and ".join(candidate.name for candidate in platform.boards)
        raise NotPossible(f"The machine type {kind!r} cannot run on this host, only {known}")
    return Machine(platform, board, kind, _uefi(platform, spec.firmware))


def _uefi(platform: Platform, wanted: str) -> Uefi | None:
    if wanted == "bios" and not platform.has_bios:
        raise NotPossible(f"Guests of the architecture {platform.architectures[0]} have no BIOS")
    if wanted == "uefi" or not platform.has_bios:
        return firmware.require(platform.architectures[0])
    return None


def place(board: Board, slot: int) -> dict[str, object]:
    """The address of a device that is never unplugged."""
    return {"bus": board.bus, "addr": f"0x{slot:02x}"}


def nic_place(board: Board, slot: int) -> dict[str, object]:
    """The address of a NIC, which may be hot-plugged."""
    if not board.is_express:
        return {"bus": board.bus, "addr": hex(slot)}
    return {"bus": port_name(slot), "addr": "0x0"}


def port_name(slot: int) -> str:
    return f"port{slot}"
