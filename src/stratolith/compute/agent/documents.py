"""The documents of the "guests" view, as the agent reads them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import msgspec

from stratolith.compute.drivers.base import Blank, DiskSpec, GuestSpec, ImageRef, VifSpec

Wanted = Literal["running", "stopped", "paused", "gone", "nothing"]


class OperationDocument(msgspec.Struct, frozen=True, kw_only=True):
    """An open operation of a guest, and the API request that asked for it."""

    id: str
    kind: str
    request_id: str = ""
    params: dict[str, Any] = {}


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

    def images(self) -> list[ImageRef]:
        """What its disks are made from."""
        return [one.source for one in self.spec.disks if isinstance(one.source, ImageRef)]


class GuestSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Settings of the cloud that hosts go by, sent with each view: no host has a file of them."""

    graceful_seconds: float = 0.0
    port_seconds: float = 30.0
    image_cache_seconds: float = 86400.0


class GuestsView(msgspec.Struct, frozen=True, kw_only=True):
    """``left_out``: servers of this host that the control plane cannot tell about, and why."""

    full: bool
    guests: list[GuestDocument]
    absent: list[str] = []
    left_out: dict[str, str] = {}
    settings: GuestSettings = GuestSettings()


def with_sources(spec: GuestSpec, fetch: Callable[[ImageRef], ImageRef]) -> GuestSpec:
    """The spec with its images as ``fetch`` brings them to the host.

    A disk from an ISO becomes a CD-ROM instead, beside a blank disk to install to; a flavor
    without a root disk boots from the CD-ROM alone.
    """
    found, discs = [], []
    for disk in spec.disks:
        if not isinstance(disk.source, ImageRef):
            found.append(disk)
            continue
        image = fetch(disk.source)
        if image.format != "iso":
            found.append(msgspec.structs.replace(disk, source=image))
            continue
        disc = ImageRef(image_id=image.image_id, path=image.path, format="raw")
        discs.append(DiskSpec(role="cdrom", size_bytes=0, source=disc))
        if disk.size_bytes > 0:
            found.append(msgspec.structs.replace(disk, source=Blank()))
    return msgspec.structs.replace(spec, disks=[*found, *discs])


def vif(spec: GuestSpec, port_id: str) -> VifSpec | None:
    return next((one for one in spec.vifs if one.port_id == port_id), None)
