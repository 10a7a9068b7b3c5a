"""An ISO image in a guest's CD-ROM drive.

The boot order has the root disk first: the firmware skips a blank disk, and after an installation
it starts the installed system.
"""

from __future__ import annotations

import json

from stratolith.compute.drivers.qemu import machines
from stratolith.compute.drivers.qemu.disks import DiskFile
from stratolith.compute.drivers.qemu.machines import DISK_SLOTS, Board


def arguments(number: int, disk: DiskFile, board: Board) -> list[str]:
    """The arguments for the drive, which is the guest's disk ``number``."""
    file = {"driver": "file", "filename": str(disk.path), "read-only": True}
    block = {"driver": "raw", "node-name": "cdrom", "read-only": True, "file": file}
    drive: dict[str, object] = {"id": "dev-cdrom", "drive": "cdrom", "bootindex": 2}
    options = ["-blockdev", json.dumps(block)]
    if board.drive_bus == "ide":
        return [*options, *_device(driver="ide-cd", bus="ide.1", **drive)]
    place = machines.place(board, DISK_SLOTS[number])
    controller = _device(driver="virtio-scsi-pci", id="scsi-cdrom", **place)
    return [*options, *controller, *_device(driver="scsi-cd", bus="scsi-cdrom.0", **drive)]


def _device(**settings: object) -> list[str]:
    return ["-device", json.dumps(settings)]
