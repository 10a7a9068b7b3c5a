"""The interface of hypervisor drivers, and its value types.

A driver runs *guests* (the API's object is a *server*). It keeps no state except the files of
each guest, and it must find running guests after a restart. So every method is idempotent: it
succeeds to create an existing guest, to stop a stopped guest, or to destroy a guest that does not
exist. Values are msgspec structs, as they are also sent as JSON over the agent API.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal, Protocol, runtime_checkable

import msgspec


class PowerState(StrEnum):
    """The power state of a guest, as the driver observes it."""

    RUNNING = "running"
    SHUTDOWN = "shutdown"  # its files exist; its process ended on request
    CRASHED = "crashed"  # its files exist; its process ended unexpectedly
    PAUSED = "paused"


class DriverError(Exception):
    """A request to a driver failed.

    ``str(error)`` is for the administrator and the log: it may name files and programs of the
    host. The owner of the guest reads ``owner_message``; if it is empty, only which action failed.
    """

    owner_message = ""

    def within(self, what: str) -> DriverError:
        """The same error with the failed action, ``what``, before its text."""
        return DriverError(f"{what}: {self}")


class NotPossible(DriverError):
    """The request cannot be carried out, for a reason that the owner of the guest may read.

    ``detail``: text for administrators only.
    """

    def __init__(self, owner_message: str, detail: str = "") -> None:
        super().__init__(f"{owner_message}: {detail}" if detail else owner_message)
        self.owner_message = owner_message

    def within(self, what: str) -> DriverError:
        error = NotPossible(f"{what}: {self.owner_message}")
        error.args = (f"{what}: {self}",)
        return error


class GuestNotFound(DriverError):
    """No such guest on this host."""


SWAP = "swap"
FILE_SYSTEMS = ("ext2", "ext3", "ext4")


class ImageRef(msgspec.Struct, frozen=True, kw_only=True, tag="image"):
    """A disk's source: an image.

    A view has the values of the image service. A driver gets ``path`` in the host's cache and the
    ``format`` that the inspection found (raw, qcow2, iso), not the one that the user named.
    ``generation``: differs if the image's data or owner differs.
    """

    image_id: str
    format: str
    size: int = 0
    sha512: str = ""
    generation: str = ""
    path: str = ""


class Blank(msgspec.Struct, frozen=True, kw_only=True, tag="blank"):
    """A disk's source: nothing. ``format``: ext2, ext3, ext4, swap; "": not formatted."""

    format: str = ""


Source = ImageRef | Blank  # in JSON the member "type" distinguishes them


class DiskSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One disk of a guest; the list has the order of devices in the guest (vda, vdb, ...)."""

    role: str  # root, ephemeral, swap, cdrom
    size_bytes: int  # 0 for root: as large as the image
    source: Source = Blank()  # for a root disk the backing image; for a cdrom the ISO image
    serial: str = ""


class VifSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One NIC of a guest. The network driver creates the tap device before the start."""

    port_id: str
    mac: str
    tap: str  # name of the existing tap device, at most 15 characters
    mtu: int = 1500
    model: str = "virtio"


class GuestSpec(msgspec.Struct, frozen=True, kw_only=True):
    """The definition of a guest: all values to create and run it."""

    id: str  # server uuid
    name: str
    vcpus: int
    memory_mb: int
    disks: list[DiskSpec] = []
    vifs: list[VifSpec] = []
    arch: str = ""  # "": the host's own
    machine: str = ""  # machine type (pc, q35, virt); "": the default of the architecture
    firmware: str = ""  # bios, uefi; "": the default of the architecture
    # Config drive: path in the drive -> content (base64 in JSON); None: no config drive.
    config_drive: dict[str, bytes] | None = None
    project_id: str = ""


def check_spec(spec: GuestSpec) -> None:
    """Raise DriverError for a spec that no driver can run."""
    if spec.vcpus < 1 or spec.memory_mb < 1:
        raise NotPossible("A guest needs at least one processor and 1 MiB of memory")


class GuestState(msgspec.Struct, frozen=True, kw_only=True):
    """The observed state of a guest."""

    id: str
    power: PowerState
    pid: int | None = None
    vifs: list[str] = []  # port ids of the NICs that the guest has now
    cut_off: list[str] = []  # NICs of ``vifs`` whose tap does not exist or has no carrier
    detail: str = ""  # for CRASHED: the reason, if known
    # PAUSED by the host: "full": its disk was full on a write; "room": it has space again; "": not
    stalled: Literal["", "full", "room"] = ""
    lost: bool = False  # it runs without files (they were deleted): it can only be destroyed


class HypervisorFacts(msgspec.Struct, frozen=True, kw_only=True):
    """The resources of the host; sizes in MiB and GiB as in the compute API."""

    hypervisor_type: str  # QEMU, fake
    hypervisor_version: int  # 7002000 for 7.2.0
    acceleration: str  # kvm, tcg, none
    acceleration_detail: str  # the reason for this choice, one sentence
    architectures: list[str]  # of guests, the host's own first, with OpenStack's names
    vcpus: int
    memory_mb: int
    disk_gb: int
    disk_free_gb: int
    cpu_info: dict[str, object] = {}
    uefi: list[str] = []  # architectures of guests that can boot with UEFI


class HypervisorCapabilities(msgspec.Struct, frozen=True, kw_only=True):
    """Optional features; the API refuses a feature that the host's driver does not declare."""

    hotplug_nic: bool = False
    console_output: bool = False
    config_drive: bool = False
    pause: bool = False


def last_lines(text: str, lines: int | None) -> str:
    """The last lines of a console log, counted as in the compute API; None: the whole log.

    The text after the last line break counts as a line, even if it is empty.
    """
    if lines is None:
        return text
    return "\n".join(text.split("\n")[-lines:]) if lines > 0 else ""


@runtime_checkable
class HypervisorDriver(Protocol):
    """The methods that an agent needs of a hypervisor. They raise ``DriverError``."""

    name: str
    capabilities: HypervisorCapabilities

    def facts(self) -> HypervisorFacts:
        """Measure the host; slow parts (the KVM test) are cached until the next boot."""

    def list_guests(self) -> list[GuestState]:
        """All guests of this cloud on this host, running or not, and no other guests."""

    def get_guest(self, guest_id: str) -> GuestState:
        """One guest; raises GuestNotFound."""

    def create(self, spec: GuestSpec) -> None:
        """Create directory, disks and config drive; a failure undoes everything."""

    def start(self, spec: GuestSpec) -> None:
        """Start a created guest; returns when its CPUs run. A running guest is success."""

    def stop(self, guest_id: str, *, graceful_seconds: float = 0.0) -> None:
        """Power off: with the ACPI button first if graceful_seconds > 0, then by force."""

    def pause(self, guest_id: str) -> None:
        """Halt the CPUs of a running guest, which keeps its memory; raises if it is off."""

    def unpause(self, guest_id: str) -> None:
        """Resume a paused guest; raises if it is off."""

    def reboot(self, guest_id: str, *, hard: bool, spec: GuestSpec) -> None:
        """Soft: by ACPI, then hard if the guest does not react. Hard: a new process."""

    def destroy(self, guest_id: str) -> None:
        """End the guest and delete all its files; an unknown id is success."""

    def attach_interface(self, guest_id: str, vif: VifSpec) -> None:
        """Hot-plug a NIC into a running guest; reconnect it if it is cut off."""

    def detach_interface(self, guest_id: str, port_id: str) -> None:
        """Hot-unplug a NIC; returns after the guest released it, or raises."""

    def console_output(self, guest_id: str, lines: int | None) -> str:
        """The last lines of the serial console log (None: the whole log)."""
