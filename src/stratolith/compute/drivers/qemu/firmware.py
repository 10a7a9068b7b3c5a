"""UEFI firmware: its paths in the distribution's packages, and each guest's own variables."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from stratolith.compute.drivers.base import NotPossible

VARIABLES = "nvram.fd"


class Uefi(NamedTuple):
    """One build of the firmware.

    ``is_flash``: the code is in the first flash device. Otherwise it is loaded like a ROM, as the
    flash device of QEMU's board for aarch64 would use 64 MiB of memory per guest.
    """

    code: Path
    is_flash: bool
    variables: Path | None  # initial variables of a new guest; None: empty
    variables_size: int  # bytes


# Architecture -> (package, firmware in it), with the paths of Debian and Ubuntu.
_KNOWN: dict[str, tuple[str, Uefi]] = {
    "x86_64": (
        "ovmf",
        Uefi(
            Path("/usr/share/OVMF/OVMF_CODE_4M.fd"), True,
            Path("/usr/share/OVMF/OVMF_VARS_4M.fd"), 540672,
        ),
    ),
    "aarch64": (
        "qemu-efi-aarch64",
        Uefi(Path("/usr/share/qemu-efi-aarch64/QEMU_EFI.fd"), False, None, 64 << 20),
    ),
}  # fmt: skip


def is_present(architecture: str) -> bool:
    """Whether guests of this architecture can boot with UEFI on this host."""
    return architecture in _KNOWN and _KNOWN[architecture][1].code.exists()


def require(architecture: str) -> Uefi:
    """The firmware for guests of an architecture; raises DriverError with the package's name."""
    if architecture not in _KNOWN:
        raise NotPossible(f"There is no UEFI firmware for guests of {architecture}")
    package, uefi = _KNOWN[architecture]
    if not uefi.code.exists():
        raise NotPossible(
            f"The UEFI firmware for guests of {architecture} is not installed on this host",
            f"install the package {package}",
        )
    return uefi


def make_variables(uefi: Uefi, directory: Path) -> None:
    """Create the file for a guest's own UEFI variables unless it exists."""
    try:
        handle = os.open(directory / VARIABLES, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with open(handle, "wb") as file:
        if uefi.variables is not None:
            file.write(uefi.variables.read_bytes())
        file.truncate(uefi.variables_size)
