"""Read the disks from the body of a create request, in the new and in the old format."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from stratolith.compute.drivers.base import SWAP, Blank
from stratolith.compute.exceptions import InvalidDisk
from stratolith.compute.managers import disks
from stratolith.compute.managers.disks import Disk, ImageSource, SnapshotSource, VolumeSource
from stratolith.compute.schemas.types import as_bool
from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import BadRequest

RULE = "os_compute_api:servers:create:attach_volume"
_EPHEMERAL = re.compile(r"ephemeral(\d|[1-9]\d+)")
BUSES = ("fdc", "ide", "lxc", "sata", "scsi", "uml", "usb", "virtio", "xen")
# The values that a local disk supports; others are refused, as they would have no effect.
_DISK = {
    "device_type": ("disk",),
    "disk_bus": ("virtio",),
    "virtual_name": (),
    "volume_id": (),
    "snapshot_id": (),
    "connection_info": (),
    "tag": (),
}
_ROOT = {"device_name": ("/dev/vda", "vda"), "guest_format": ()}


def read(ctx: Context, wanted: Mapping[str, Any], count: int) -> list[Disk] | None:
    """The requested disks; None: the body has none. Raises BadRequest, Forbidden.

    ``count``: the number of servers.
    """
    old = wanted.get("block_device_mapping", ())
    new = wanted.get("block_device_mapping_v2", ())
    if old and new:
        raise BadRequest(
            "Using different block_device_mapping syntaxes is not allowed in the same request."
        )
    if not old and not new:
        return None
    image = wanted.get("imageRef") or ""
    parsed = [_old(device) for device in old] or [_new(device, image) for device in new]
    requested = [disk for disk in parsed if disk is not None]
    if old and image:
        requested.insert(0, Disk(source=ImageSource(image), boot_index=0))
    ctx.authorize(RULE)
    if count > 1 and any(isinstance(disk.source, VolumeSource) for disk in requested):
        raise BadRequest("Cannot attach one or more volumes to multiple instances")
    return requested


def _new(device: Mapping[str, Any], image: str) -> Disk | None:
    """One entry of block_device_mapping_v2; None: no device. Raises InvalidDisk."""
    if as_bool(device.get("no_device") or False):
        return None
    kind, uuid = device.get("source_type"), device.get("uuid")
    target, index = device.get("destination_type", "local"), _index(device)
    if kind == "blank" and uuid:
        raise InvalidDisk("Invalid device UUID.")
    if kind != "blank" and not uuid:
        raise InvalidDisk("Missing device UUID.")
    if (kind, target) == ("image", "local") and not (image and index == 0):
        raise InvalidDisk("Mapping image to local is not supported.")
    if target == "local" and device.get("volume_type"):
        raise InvalidDisk("Specifying a volume_type with destination_type=local is not supported.")
    if kind == "volume" and device.get("volume_type"):
        raise InvalidDisk("Specifying volume type to existing volume is not supported.")
    size = int(device.get("volume_size") or 0)
    if kind == "volume":
        return Disk(source=VolumeSource(str(uuid)), destination=target, boot_index=index)
    if kind == "snapshot":
        return Disk(source=SnapshotSource(str(uuid)), destination=target, boot_index=index)
    image_id = (str(uuid),) if uuid else ()
    _check(device, {**_DISK, **(_ROOT if kind == "image" else {}), "image_id": image_id})
    if kind == "image":
        source = ImageSource(str(uuid))
        return Disk(source=source, destination=target, size=size, boot_index=index)
    form = disks.check_format(device.get("guest_format") or "")
    return Disk(source=Blank(format=form), destination=target, size=size, boot_index=index)


def _index(device: Mapping[str, Any]) -> int:
    value = device.get("boot_index")
    return -1 if value is None else int(value)


def _check(device: Mapping[str, Any], allowed: Mapping[str, Sequence[str]]) -> None:
    """Raise InvalidDisk for values that a local disk does not support."""
    if (device.get("disk_bus") or BUSES[0]) not in BUSES:
        raise BadRequest("Block Device Mapping is Invalid.")
    for name, values in allowed.items():
        value = device.get(name)
        if value is not None and value not in values:
            what = f"only {values[0]}" if values else "nothing"
            raise InvalidDisk(f"{name} of the disk on the host may be {what}.")


def _old(device: Mapping[str, Any]) -> Disk | None:
    """One entry of block_device_mapping; hosts ignore its device_name, except for the root disk."""
    _check(device, {"connection_info": ()})
    name, size = device.get("virtual_name") or "", int(device.get("volume_size") or 0)
    root = str(device.get("device_name") or "").removeprefix("/dev/") == "vda"
    if name == "swap":
        return disks.blank(SWAP, size)
    if _EPHEMERAL.fullmatch(name):
        return disks.blank(disks.DEFAULT_FORMAT, size)
    index = 0 if root else -1
    if device.get("snapshot_id"):
        source = SnapshotSource(device["snapshot_id"])
        return Disk(source=source, destination="volume", size=size, boot_index=index)
    if device.get("volume_id"):
        return Disk(
            source=VolumeSource(device["volume_id"]), destination="volume", boot_index=index
        )
    if as_bool(device.get("no_device") or False):
        return None
    raise InvalidDisk("Unrecognized legacy format.")
