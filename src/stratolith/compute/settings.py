"""Settings of the compute service."""

from __future__ import annotations

from typing import Annotated

from stratolith.kernel import plugins
from stratolith.kernel.config import Doc, Section
from stratolith.kernel.config import values as values

DRIVERS = ("fake", "qemu")  # of ours; see drivers/choice.py
STRATEGIES = ("spread", "pack", "random")  # of ours; see scheduler/weighers.py


class ComputeSettings(Section, kw_only=True, frozen=True):
    """Hosts, scheduling and guests."""

    driver: Annotated[
        str,
        Doc(
            description="What runs guests: qemu, or a driver of an installed package; empty: qemu, "
            "with simulated hosts fake."
        ),
    ] = ""
    cpu_allocation_ratio: Annotated[
        float, Doc(description="Virtual CPUs promised for each real one.", gt=0)
    ] = 4.0
    ram_allocation_ratio: Annotated[
        float, Doc(description="Guest memory promised for each MiB of real memory.", gt=0)
    ] = 1.0
    disk_allocation_ratio: Annotated[
        float, Doc(description="Guest disk promised for each GiB of real disk.", gt=0)
    ] = 1.0
    reserved_host_memory_mb: Annotated[
        int, Doc(description="Memory of a host that guests never get, in MiB.", ge=0)
    ] = 512
    reserved_host_disk_mb: Annotated[
        int, Doc(description="Disk of a host that guests never get, in MiB.", ge=0)
    ] = 0
    default_availability_zone: Annotated[
        str, Doc(description="Zone of hosts that are in no aggregate with a zone.")
    ] = "nova"
    max_local_block_devices: Annotated[
        int,
        Doc(
            description="How many disks of a server may be on its host: root, ephemeral ones and "
            "swap; -1: any number.",
            ge=-1,
        ),
    ] = 3
    scheduler: Annotated[
        str,
        Doc(
            description="Which of the fitting hosts gets a server: spread (the emptiest), pack "
            "(the fullest), random, or a weigher of an installed package."
        ),
    ] = "spread"
    operation_timeout: Annotated[
        int,
        Doc(description="Seconds until a start, stop or reboot that never ends is failed.", ge=5),
    ] = 180
    build_timeout: Annotated[
        int, Doc(description="Seconds until a server that is never built is failed.", ge=5)
    ] = 600
    graceful_shutdown_seconds: Annotated[
        float, Doc(description="How long a guest may take to power off before it is cut.", ge=0)
    ] = 10.0
    port_timeout: Annotated[
        float, Doc(description="Seconds a start waits for the ports to be wired.", gt=0)
    ] = 30.0
    guest_workers: Annotated[
        int, Doc(description="Guests a host works on at the same time.", ge=1, le=64)
    ] = 8
    image_cache_days: Annotated[
        float, Doc(description="A cached image no guest uses is dropped after so many days.", gt=0)
    ] = 1.0
    metadata_cache_seconds: Annotated[
        float, Doc(description="How long a guest's metadata may be answered from memory.", ge=0)
    ] = 5.0
    dhcp_domain: Annotated[
        str, Doc(description="Domain after the host names that guests are told.")
    ] = "novalocal"

    def __post_init__(self) -> None:
        if self.driver:
            known = [*DRIVERS, *plugins.names(plugins.HYPERVISORS)]
            values.some_of("driver", [self.driver], known)
        values.some_of(
            "scheduler", [self.scheduler], [*STRATEGIES, *plugins.names(plugins.WEIGHERS)]
        )
        values.line("default_availability_zone", self.default_availability_zone)
        if ":" in self.default_availability_zone:
            raise ValueError("default_availability_zone: a zone's name may not hold ':'")
        values.host_name("dhcp_domain", self.dhcp_domain, may_be_empty=True)
