"""The documents of the agent view "guests", and the report about it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import msgspec

from stratolith.compute.drivers.base import (
    Blank,
    DiskSpec,
    GuestSpec,
    ImageRef,
    PowerState,
    VifSpec,
)

Wanted = Literal["running", "stopped", "paused", "gone", "nothing"]


class OperationDocument(msgspec.Struct, frozen=True, kw_only=True):
    """An open operation of a guest; ``request_id`` is that of the API request."""

    id: str
    kind: str
    request_id: str = ""
    params: dict[str, Any] = {}


class GuestDocument(msgspec.Struct, frozen=True, kw_only=True):
    """The desired state of one guest. ``wanted``: running, stopped, paused, gone, nothing.

    ``built``: the guest was built before, so if it has no files, they were lost. ``known_power``:
    the last state in the control plane. ``request_id``: of the latest open operation or of the
    deletion; "" for none.
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
        """The images that its disks are made from."""
        return [disk.source for disk in self.spec.disks if isinstance(disk.source, ImageRef)]


class GuestSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Settings of the cloud for hosts, sent with each view: hosts have no configuration file."""

    graceful_seconds: float = 0.0
    port_seconds: float = 30.0
    image_cache_seconds: float = 86400.0


class GuestsView(msgspec.Struct, frozen=True, kw_only=True):
    """The view. ``left_out``: servers of this host with unreadable data -> the reason."""

    full: bool
    guests: list[GuestDocument]
    absent: list[str] = []
    left_out: dict[str, str] = {}
    settings: GuestSettings = GuestSettings()


# -- the report: what an agent of another release adds is ignored ----------------------------------


class GuestReport(msgspec.Struct, frozen=True, kw_only=True):
    """The observed state of a guest."""

    id: str
    power: PowerState
    vifs: list[str] = []


class ResultReport(msgspec.Struct, frozen=True, kw_only=True):
    """The end of an operation. ``owner_message``: the part of the error for the server's owner."""

    server_id: str
    operation_id: str
    error: str | None = None
    owner_message: str | None = msgspec.field(name="told", default=None)


class FaultReport(msgspec.Struct, frozen=True, kw_only=True):
    """Why a guest cannot be brought to its desired state."""

    id: str
    message: str


class RestartReport(msgspec.Struct, frozen=True, kw_only=True):
    """A guest that crashed and was restarted."""

    id: str
    detail: str = ""


class GuestsReport(msgspec.Struct, frozen=True, kw_only=True):
    """What happened to the guests of a host. ``facts``: see ``HypervisorFacts``."""

    facts: dict[str, Any] | None = None
    guests: list[GuestReport] = []
    destroyed: list[str] = msgspec.field(name="gone", default_factory=list)
    results: list[ResultReport] = []
    faults: list[FaultReport] = []
    restarts: list[RestartReport] = []
    left_out: dict[str, str] | None = None
    unknown: list[str] = []


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """The facts that the control plane reads."""

    vcpus: int
    memory_mb: int
    disk_gb: int
    disk_free_gb: int | None = None
    cpu_info: dict[str, Any] | None = None
    architectures: list[str] = []
    uefi: list[str] = []
    capabilities: dict[str, bool] = {}


class FactsReport(msgspec.Struct, frozen=True, kw_only=True):
    """The part of a report with the facts, so that errors name their place in the report."""

    facts: Facts


def with_sources(spec: GuestSpec, fetch: Callable[[ImageRef], ImageRef]) -> GuestSpec:
    """The spec, with images replaced by the local copies that ``fetch`` returns.

    A disk from an ISO image becomes a CD-ROM, and a blank disk for the installation is added; if
    the flavor has no root disk, there is only the CD-ROM.
    """
    disks, discs = [], []
    for disk in spec.disks:
        if not isinstance(disk.source, ImageRef):
            disks.append(disk)
            continue
        image = fetch(disk.source)
        if image.format != "iso":
            disks.append(msgspec.structs.replace(disk, source=image))
            continue
        disc = ImageRef(image_id=image.image_id, path=image.path, format="raw")
        discs.append(DiskSpec(role="cdrom", size_bytes=0, source=disc))
        if disk.size_bytes > 0:
            disks.append(msgspec.structs.replace(disk, source=Blank()))
    return msgspec.structs.replace(spec, disks=[*disks, *discs])


def vif(spec: GuestSpec, port_id: str) -> VifSpec | None:
    return next((nic for nic in spec.vifs if nic.port_id == port_id), None)
