"""The documents of the "guests" view, as the agent reads them."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from stratolith.compute.drivers.base import DiskSpec, GuestSpec, ImageRef, VifSpec

Wanted = Literal["running", "stopped", "paused", "gone", "nothing"]


class OperationDocument(msgspec.Struct, frozen=True, kw_only=True):
    """An open operation of a guest, and the API request that asked for it."""

    id: str
    kind: str
    request_id: str = ""
    params: dict[str, Any] = {}


class ImageDocument(msgspec.Struct, frozen=True, kw_only=True):
    """An image as a host needs it; ``generation`` tells its data and its owner from others'."""

    id: str
    format: str
    size: int = 0
    sha512: str = ""
    generation: str = ""


class GuestDocument(msgspec.Struct, frozen=True, kw_only=True):
    """What one guest should be. ``wanted``: running, stopped, paused, gone, nothing.

    built: it was made once, so a guest without files has lost them. known_power: what the
    control plane believes. request_id: of the latest operation, open or a deletion; "" for none.
    """

    id: str
    generation: int
    wanted: Wanted
    spec: GuestSpec
    built: bool = False
    known_power: str | None = None
    request_id: str = ""
    operations: list[OperationDocument] = []
    image: ImageDocument | None = None


class GuestsView(msgspec.Struct, frozen=True, kw_only=True):
    """``left_out``: servers of this host that the control plane cannot tell about, and why."""

    full: bool
    guests: list[GuestDocument]
    absent: list[str] = []
    left_out: dict[str, str] = {}
    graceful_seconds: float = 0.0


def with_image(spec: GuestSpec, image: ImageRef | None) -> GuestSpec:
    """The spec with its root disk made from ``image``.

    An ISO becomes a CD-ROM instead, beside a blank root disk to install to; a flavor without
    a root disk boots from the CD-ROM alone.
    """
    if image is not None and image.format == "iso":
        return msgspec.structs.replace(spec, disks=_with_cdrom(spec.disks, image))
    disks = [
        DiskSpec(
            role=disk.role,
            size_bytes=disk.size_bytes,
            image=image if disk.role == "root" else None,
            serial=disk.serial,
        )
        for disk in spec.disks
    ]
    return msgspec.structs.replace(spec, disks=disks)


def _with_cdrom(disks: list[DiskSpec], image: ImageRef) -> list[DiskSpec]:
    disc = ImageRef(image_id=image.image_id, path=image.path, format="raw")
    kept = [disk for disk in disks if disk.role != "root" or disk.size_bytes > 0]
    return [*kept, DiskSpec(role="cdrom", size_bytes=0, image=disc)]


def vif(spec: GuestSpec, port_id: str) -> VifSpec | None:
    return next((one for one in spec.vifs if one.port_id == port_id), None)
