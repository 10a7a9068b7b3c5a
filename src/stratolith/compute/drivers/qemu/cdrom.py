"""An ISO image in a guest's CD-ROM drive.

It comes after the root disk in the order of booting: a blank disk is passed over, and once a
system is installed on it, that one starts.
"""

from __future__ import annotations

import json

from stratolith.compute.drivers.qemu import machines
from stratolith.compute.drivers.qemu.disks import DiskFile
from stratolith.compute.drivers.qemu.machines import DISK_SLOTS, Board


def words(number: int, disk: DiskFile, board: Board) -> list[str]:
    """The command line of the drive, which is the guest's disk ``number``."""
    file = {"driver": "file", "filename": str(disk.path), "read-only": True}
    block = {"driver": "raw", "node-name": "cdrom", "read-only": True, "file": file}
    drive: dict[str, object] = {"id": "dev-cdrom", "drive": "cdrom", "bootindex": 2}
    found = ["-blockdev", json.dumps(block)]
    if board.drive_bus == "ide":
        return [*found, *_device(driver="ide-cd", bus="ide.1", **drive)]
    place = machines.place(board, DISK_SLOTS[number])
    controller = _device(driver="virtio-scsi-pci", id="scsi-cdrom", **place)
    return [*found, *controller, *_device(driver="scsi-cd", bus="scsi-cdrom.0", **drive)]


def _device(**settings: object) -> list[str]:
    return ["-device", json.dumps(settings)]
