"""The hypervisor driver interface and the values that cross it.

A driver runs *guests* (the API's object is a *server*). It keeps no state of its own beyond
the files of each guest and must find running guests again after its process died, so every
method is idempotent: creating what exists, stopping what is stopped and destroying what is
gone succeed. Values are msgspec structs because they also travel as JSON over the agent API.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal, Protocol

import msgspec


class PowerState(StrEnum):
    """What a driver observes of a guest."""

    RUNNING = "running"
    SHUTDOWN = "shutdown"  # defined (its files exist), no process, ended as asked
    CRASHED = "crashed"  # defined, the process died without being asked to
    PAUSED = "paused"


class DriverError(Exception):
    """A host could not do what was asked.

    ``str(error)`` is for the administrator and the log: it may name files and programs of the
    host. The owner of the guest reads ``told``, or without it only what was tried.
    """

    told = ""

    def within(self, what: str) -> DriverError:
        """The same failure, ``what`` was being tried set before its text."""
        return DriverError(f"{what}: {self}")


class NotPossible(DriverError):
    """What was asked cannot be done, for a reason that the owner of the guest may read.

    ``detail``: what only the administrator reads.
    """

    def __init__(self, told: str, detail: str = "") -> None:
        super().__init__(f"{told}: {detail}" if detail else told)
        self.told = told

    def within(self, what: str) -> DriverError:
        found = NotPossible(f"{what}: {self.told}")
        found.args = (f"{what}: {self}",)
        return found


class GuestNotFound(DriverError):
    """No such guest on this host."""


SWAP = "swap"
FILE_SYSTEMS = ("ext2", "ext3", "ext4")


class ImageRef(msgspec.Struct, frozen=True, kw_only=True, tag="image"):
    """A disk's source: an image.

    A view names it as the image service has it. A driver gets it with ``path`` in the host's
    cache, and ``format`` as inspected (raw, qcow2, iso), which is never trusted from the user.
    generation: tells its data and its owner from others'.
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


Source = ImageRef | Blank  # in JSON the member "type" tells which


class DiskSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One disk of a guest, in the order it appears in the guest (vda, vdb, ...)."""

    role: str  # root, ephemeral, swap, cdrom
    size_bytes: int  # 0 for root: as large as the image
    source: Source = Blank()  # of a root disk the backing image; of a cdrom the disc
    serial: str = ""


class VifSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One NIC of a guest. The tap device is made by the network driver before start."""

    port_id: str
    mac: str
    tap: str  # name of the existing tap device, at most 15 characters
    mtu: int = 1500
    model: str = "virtio"


class GuestSpec(msgspec.Struct, frozen=True, kw_only=True):
    """Everything needed to make and run a guest."""

    id: str  # server uuid
    name: str
    vcpus: int
    memory_mb: int
    disks: list[DiskSpec] = []
    vifs: list[VifSpec] = []
    arch: str = ""  # the host's own unless said
    machine: str = ""  # kind of machine (pc, q35, virt); "": the architecture's usual one
    firmware: str = ""  # bios, uefi; "": the architecture's usual one
    # Config drive: path in the drive -> content (base64 in JSON); None: no config drive.
    config_drive: dict[str, bytes] | None = None
    project_id: str = ""


def check_spec(spec: GuestSpec) -> None:
    """What no driver can run; raises DriverError."""
    if spec.vcpus < 1 or spec.memory_mb < 1:
        raise NotPossible("A guest needs at least one processor and 1 MiB of memory")


class GuestState(msgspec.Struct, frozen=True, kw_only=True):
    """A guest as it really is."""

    id: str
    power: PowerState
    pid: int | None = None
    vifs: list[str] = []  # port ids of the NICs the guest really has
    cut_off: list[str] = []  # those of them whose host end leads nowhere
    detail: str = ""  # for CRASHED: why, when known
    # PAUSED by the host: a write found its disk "full"; "room": there is some again; "": it is not
    stalled: Literal["", "full", "room"] = ""
    lost: bool = False  # it runs, and its files are gone: it can only be destroyed


class HypervisorFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What the host offers; sizes in MiB and GiB as the compute API counts them."""

    hypervisor_type: str  # QEMU, fake
    hypervisor_version: int  # 7002000 for 7.2.0
    acceleration: str  # kvm, tcg, none
    acceleration_detail: str  # one sentence: why this one
    architectures: list[str]  # of guests, the host's own first, in OpenStack's names
    vcpus: int
    memory_mb: int
    disk_gb: int
    disk_free_gb: int
    cpu_info: dict[str, object] = {}
    uefi: list[str] = []  # architectures of guests that can boot by UEFI


class HypervisorCapabilities(msgspec.Struct, frozen=True, kw_only=True):
    """Optional abilities; the API refuses what no driver declares."""

    hotplug_nic: bool = False
    console_output: bool = False
    config_drive: bool = False
    pause: bool = False


def last_lines(text: str, lines: int | None) -> str:
    """The end of a console log as the compute API counts it; None: all of it.

    What follows the last line break counts as a line, also when it is empty.
    """
    if lines is None:
        return text
    return "\n".join(text.split("\n")[-lines:]) if lines > 0 else ""


class HypervisorDriver(Protocol):
    """What an agent needs of a hypervisor. Methods raise ``DriverError``."""

    name: str
    capabilities: HypervisorCapabilities

    def facts(self) -> HypervisorFacts:
        """Measure the host; slow parts (the KVM proof) are cached per boot."""

    def list_guests(self) -> list[GuestState]:
        """Every guest of ours on this host, running or not; foreign guests never appear."""

    def get_guest(self, guest_id: str) -> GuestState:
        """One guest; raises GuestNotFound."""

    def create(self, spec: GuestSpec) -> None:
        """Make directory, disks and config drive. All or nothing: undone when it fails."""

    def start(self, spec: GuestSpec) -> None:
        """Run a created guest; returns when its CPUs run. Already running is success."""

    def stop(self, guest_id: str, *, graceful_seconds: float = 0.0) -> None:
        """Power off: ACPI button first when graceful_seconds > 0, then by force."""

    def pause(self, guest_id: str) -> None:
        """Halt the CPUs of a running guest, which keeps its memory; raises when it is off."""

    def unpause(self, guest_id: str) -> None:
        """Let a paused guest go on; raises when it is off."""

    def reboot(self, guest_id: str, *, hard: bool, spec: GuestSpec) -> None:
        """Soft: ACPI/reset inside the guest, falling back to hard. Hard: new process."""

    def destroy(self, guest_id: str) -> None:
        """End the guest and delete everything of it; unknown ids are success."""

    def attach_interface(self, guest_id: str, vif: VifSpec) -> None:
        """Hot-plug a NIC into a running guest; one that is cut off is connected again."""

    def detach_interface(self, guest_id: str, port_id: str) -> None:
        """Hot-unplug a NIC; returns when the guest let go of it or raises."""

    def console_output(self, guest_id: str, lines: int | None) -> str:
        """The last lines of the serial console log (all of it for None)."""
