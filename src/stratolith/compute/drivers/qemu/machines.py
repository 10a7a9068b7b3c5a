"""The machines guests run in: QEMU's program for an architecture, the board, its buses.

Everything that differs between processor architectures stands here, in firmware.py and in
smoke.py. All boards give a PCI device the same number of its place:

    0x01 display (0x02 on pc)   0x04 balloon                     0x0f-0x1e disks
    0x02 SCSI (not on pc)       0x05-0x0e NICs, as they arrive   0x1f keyboard (virt)
    0x03 random numbers

On the one bus of a pc every place takes a device while the guest runs (acpiphp); on PCI
Express a NIC's place is a root port, with the NIC behind it.
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
    types: re.Pattern[str]  # what hw_machine_type may call it
    options: str  # of -machine
    bus: str
    is_express: bool
    display: tuple[str, ...]  # options for a screen and a keyboard, where it has none built in
    drive_bus: str  # of the config drive: ide, scsi


@dataclass(frozen=True)
class Platform:
    """What runs guests of some architectures; the first board is the default one."""

    architectures: tuple[str, ...]
    program: str
    boards: tuple[Board, ...]
    tcg_cpu: str
    has_bios: bool


# pc boots as fast as q35 under TCG, and plugs devices without a root port for each.
_PC = Board(
    "pc", re.compile(r"pc|pc-i440fx-[a-z0-9.]+"), "vmport=off,hpet=off", "pci.0", False,
    ("-vga", "std"), "ide",
)  # fmt: skip
# The config drive on SCSI: kernels made for clouds have often no driver for q35's SATA.
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
    # Emulating the real algorithm of pointer authentication would cost a third of the speed.
    Platform(("aarch64",), "qemu-system-aarch64", (_VIRT,), "max,pauth-impdef=on", has_bios=False),
)


class Machine(NamedTuple):
    """What one guest runs in; ``uefi`` None: it has a BIOS."""

    platform: Platform
    board: Board
    type: str
    uefi: Uefi | None


def platform_of(name: str) -> Platform:
    """The platform for an architecture, "" being this host's own; raises DriverError."""
    wanted = name or architecture.of_this_host()
    for one in PLATFORMS:
        if wanted in one.architectures:
            return one
    raise NotPossible(f"Guests of the architecture {wanted} cannot run on this host")


def is_native(platform: Platform) -> bool:
    return architecture.of_this_host() in platform.architectures


def runnable() -> list[str]:
    """Architectures of the guests this host can run: its own first, then the emulated ones."""
    found: list[str] = []
    for one in sorted(PLATFORMS, key=lambda platform: not is_native(platform)):
        has_firmware = one.has_bios or firmware.is_present(one.architectures[0])
        if programs.is_present(one.program) and has_firmware:
            found += one.architectures
    return found


def of(spec: GuestSpec) -> Machine:
    """The machine for a guest; raises DriverError when this host has none like it."""
    platform = platform_of(spec.arch)
    kind = spec.machine or platform.boards[0].name
    board = next((one for one in platform.boards if one.types.fullmatch(kind)), None)
    if board is None:
        known = " and ".join(one.name for one in platform.boards)
        raise NotPossible(f"The machine type {kind!r} cannot run on this host, only {known}")
    return Machine(platform, board, kind, _uefi(platform, spec.firmware))


def _uefi(platform: Platform, wanted: str) -> Uefi | None:
    if wanted == "bios" and not platform.has_bios:
        raise NotPossible(f"Guests of the architecture {platform.architectures[0]} have no BIOS")
    if wanted == "uefi" or not platform.has_bios:
        return firmware.require(platform.architectures[0])
    return None


def place(board: Board, slot: int) -> dict[str, object]:
    """Where a device that stays is plugged."""
    return {"bus": board.bus, "addr": f"0x{slot:02x}"}


def nic_place(board: Board, slot: int) -> dict[str, object]:
    """Where a NIC is plugged, which may come and go while the guest runs."""
    if not board.is_express:
        return {"bus": board.bus, "addr": hex(slot)}
    return {"bus": port_name(slot), "addr": "0x0"}


def port_name(slot: int) -> str:
    return f"port{slot}"
