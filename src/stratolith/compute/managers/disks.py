"""The disks of a server: their sources, the checks of a request, the documents for the host.

A disk's source is an image, a volume, a snapshot, or nothing (blank); its destination is the host
(local) or a volume. There is no block storage yet, so volumes and snapshots are refused here, and
all stored disks are local: the root disk from the image, ephemeral disks, swap.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

import msgspec

from stratolith.compute.drivers.base import FILE_SYSTEMS, SWAP, Blank
from stratolith.compute.exceptions import InvalidDisk
from stratolith.compute.models import Flavor, Server
from stratolith.kernel.exceptions import BadRequest

DEFAULT_FORMAT = "ext4"


class ImageSource(msgspec.Struct, frozen=True, tag="image"):
    id: str


class VolumeSource(msgspec.Struct, frozen=True, tag="volume"):
    id: str


class SnapshotSource(msgspec.Struct, frozen=True, tag="snapshot"):
    id: str


Source = ImageSource | VolumeSource | SnapshotSource | Blank


class Disk(msgspec.Struct, frozen=True, kw_only=True):
    """One disk. ``boot_index``: 0: the boot disk; below 0: not bootable.

    ``size``: in GiB, for swap in MiB; 0: the size in the flavor.
    """

    source: Source
    destination: Literal["local", "volume"] = "local"
    size: int = 0
    boot_index: int = -1

    @property
    def role(self) -> str:
        """The role of the disk on the host: root, ephemeral, swap."""
        if not isinstance(self.source, Blank):
            return "root"
        return "swap" if self.source.format == SWAP else "ephemeral"


def blank(form: str, size: int = 0) -> Disk:
    return Disk(source=Blank(format=form), size=size)


def decide(
    flavor: Flavor, image_id: str, requested: Sequence[Disk] | None, limit: int
) -> list[Disk]:
    """The disks of a server: root, ephemeral disks, swap; each with its size.

    ``requested``: None: the disks of the flavor. ``limit``: how many disks may be local; below 0:
    any number. Raises InvalidDisk, BadRequest with the texts of upstream.
    """
    root = Disk(source=ImageSource(image_id), boot_index=0)
    wanted = list(requested) if requested is not None else [root]
    _check_boot_order(wanted)
    for disk in wanted:
        _check_source(disk)
    ephemeral = [disk for disk in wanted if disk.role == "ephemeral"]
    swap = [disk for disk in wanted if disk.role == "swap"]
    if sum(disk.size or flavor.ephemeral for disk in ephemeral) > flavor.ephemeral:
        raise BadRequest(
            "Ephemeral disks requested are larger than the instance type allows. If no size is "
            "given in one block device mapping, flavor ephemeral size will be used."
        )
    if len(swap) > 1:
        raise InvalidDisk("More than one swap drive requested.")
    if swap and swap[0].size > flavor.swap:
        raise BadRequest("Swap drive requested is larger than instance type allows.")
    if not ephemeral and flavor.ephemeral:
        ephemeral = [blank(DEFAULT_FORMAT)]
    if not swap and flavor.swap:
        swap = [blank(SWAP)]
    root_disks = [disk for disk in wanted if disk.role == "root"]
    if 0 <= limit < len(root_disks) + len(ephemeral) + len(swap):
        raise InvalidDisk("You specified more local devices than the limit allows")
    return list(_sized(flavor, [*root_disks, *ephemeral, *swap]))


def _check_boot_order(disks: Sequence[Disk]) -> None:
    order = sorted(disk.boot_index for disk in disks if disk.boot_index >= 0)
    if not order or order != list(range(len(order))):
        raise InvalidDisk(
            "Boot sequence for the instance and image/block device mapping combination is not "
            "valid."
        )


def _check_source(disk: Disk) -> None:
    """Raise InvalidDisk, BadRequest if the disk needs block storage, or is a blank root disk."""
    source = disk.source
    if isinstance(source, VolumeSource):
        raise InvalidDisk(f"failed to get volume {source.id}.")
    if isinstance(source, SnapshotSource):
        raise InvalidDisk(f"failed to get snapshot {source.id}.")
    if disk.destination == "volume":
        if not disk.size and isinstance(source, Blank):
            raise BadRequest(
                "Blank volumes (source: 'blank', dest: 'volume') need to have non-zero size"
            )
        if not disk.size:
            raise BadRequest(
                "Images with destination_type 'volume' need to have a non-zero size specified"
            )
        raise InvalidDisk("destination volume: this cloud has no volumes yet, only local disks.")
    if disk.boot_index == 0 and isinstance(source, Blank):
        raise InvalidDisk("a server cannot boot from a blank disk.")


def _sized(flavor: Flavor, disks: Sequence[Disk]) -> Iterator[Disk]:
    """The disks with their sizes; ephemeral and swap disks of size 0 are left out."""
    own = {"root": flavor.disk, "ephemeral": flavor.ephemeral, "swap": flavor.swap}
    for disk in disks:
        size = own[disk.role] if disk.role == "root" else disk.size or own[disk.role]
        if size or disk.role == "root":
            yield msgspec.structs.replace(disk, size=size)


# -- stored ----------------------------------------------------------------------------------------


def stored(disks: Sequence[Disk]) -> list[dict[str, Any]]:
    documents: list[dict[str, Any]] = msgspec.to_builtins(disks)
    return documents


def of(server: Server) -> list[Disk]:
    """The stored disks; raises msgspec.ValidationError for invalid data in the row."""
    if server.disks:
        return msgspec.convert(server.disks, list[Disk])
    return _as_before(server.flavor, server.image_id)


def _as_before(flavor: Mapping[str, Any], image_id: str | None) -> list[Disk]:
    """The disks of a server from a release that stored no disks: those of its flavor."""
    source: Source = ImageSource(image_id) if image_id else Blank()
    disks = [Disk(source=source, size=flavor["disk"], boot_index=0)]
    if flavor["ephemeral"]:
        disks.append(blank(DEFAULT_FORMAT, flavor["ephemeral"]))
    if flavor["swap"]:
        disks.append(blank(SWAP, flavor["swap"]))
    return disks


def rebuilt(server: Server, image_id: str) -> list[dict[str, Any]]:
    """The disks to store when the server is rebuilt from an image."""
    source = ImageSource(image_id)
    return stored(
        [
            msgspec.structs.replace(disk, source=source) if disk.role == "root" else disk
            for disk in of(server)
        ]
    )


# -- for hosts and guests --------------------------------------------------------------------------


def documents(server: Server) -> list[dict[str, Any]]:
    """The disks in the format of the agent view "guests" (drivers.base.DiskSpec)."""
    return [
        {
            "role": disk.role,
            "size_bytes": disk.size << (20 if disk.role == "swap" else 30),
            "source": _document(disk.source, server.image),
        }
        for disk in of(server)
    ]


def _document(source: Source, image: Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(source, Blank):
        return {"type": "blank", "format": source.format}
    assert isinstance(source, ImageSource)  # nothing else is stored
    return {
        "type": "image",
        "image_id": source.id,
        "format": image.get("disk_format", "raw"),
        "size": image.get("size", 0),
        "sha512": image.get("sha512", ""),
        "generation": image.get("generation", ""),
    }


def names(server: Server) -> dict[str, str]:
    """ami, root, ephemeral0, swap -> the guest's device, as in EC2's metadata."""
    devices, ephemeral = {"ami": "vda", "root": "/dev/vda"}, 0
    for number, disk in enumerate(of(server)):
        device = f"/dev/vd{chr(ord('a') + number)}"
        if disk.role == "ephemeral":
            devices[f"ephemeral{ephemeral}"] = device
            ephemeral += 1
        elif disk.role == "swap":
            devices["swap"] = device
    return devices


def check_format(form: str) -> str:
    """The format of a blank disk; raises InvalidDisk for a format that hosts cannot make."""
    if form and form not in (*FILE_SYSTEMS, SWAP):
        raise InvalidDisk(f"{form} format is not supported")
    return form or DEFAULT_FORMAT
