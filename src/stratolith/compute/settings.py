"""Settings of the compute service."""

from __future__ import annotations

from typing import Annotated

from stratolith.kernel import plugins
from stratolith.kernel.config import Doc, Section
from stratolith.kernel.config import values as values

DRIVERS = ("fake", "qemu")  # built in; see drivers/choice.py
STRATEGIES = ("spread", "pack", "random")  # built in; see scheduler/weighers.py


class ComputeSettings(Section, kw_only=True, frozen=True):
    """Hosts, scheduling and guests."""

    driver: Annotated[
        str,
        Doc(
            description="Hypervisor driver: qemu, or a driver of an installed package; empty: "
            "qemu, or fake with simulated hosts."
        ),
    ] = ""
    cpu_allocation_ratio: Annotated[
        float, Doc(description="Virtual CPUs that servers may have per CPU of the host.", gt=0)
    ] = 4.0
    ram_allocation_ratio: Annotated[
        float, Doc(description="MiB of memory that servers may have per MiB of the host.", gt=0)
    ] = 1.0
    disk_allocation_ratio: Annotated[
        float, Doc(description="GiB of disk that servers may have per GiB of the host.", gt=0)
    ] = 1.0
    reserved_host_memory_mb: Annotated[
        int, Doc(description="Memory of a host that is not for guests, in MiB.", ge=0)
    ] = 512
    reserved_host_disk_mb: Annotated[
        int, Doc(description="Disk of a host that is not for guests, in MiB.", ge=0)
    ] = 0
    default_availability_zone: Annotated[
        str, Doc(description="Zone of hosts that are in no aggregate with a zone.")
    ] = "nova"
    max_local_block_devices: Annotated[
        int,
        Doc(
            description="How many local disks a server may have: root, ephemeral disks and swap; "
            "-1: any number.",
            ge=-1,
        ),
    ] = 3
    scheduler: Annotated[
        str,
        Doc(
            description="How to choose among the hosts that fit: spread (the emptiest host), pack "
            "(the fullest host), random, or a weigher of an installed package."
        ),
    ] = "spread"
    operation_timeout: Annotated[
        int,
        Doc(description="Seconds after which an unfinished start, stop or reboot fails.", ge=5),
    ] = 180
    build_timeout: Annotated[
        int, Doc(description="Seconds after which an unfinished build of a server fails.", ge=5)
    ] = 600
    graceful_shutdown_seconds: Annotated[
        float, Doc(description="Seconds a guest may take to power off before it is killed.", ge=0)
    ] = 10.0
    port_timeout: Annotated[
        float, Doc(description="Seconds that a start waits for the network of its ports.", gt=0)
    ] = 30.0
    guest_workers: Annotated[
        int, Doc(description="How many guests a host handles at the same time.", ge=1, le=64)
    ] = 8
    image_cache_days: Annotated[
        float,
        Doc(description="Days after which a host removes an unused image from its cache.", gt=0),
    ] = 1.0
    metadata_cache_seconds: Annotated[
        float, Doc(description="Seconds that the metadata of a guest is kept in memory.", ge=0)
    ] = 5.0
    dhcp_domain: Annotated[
        str, Doc(description="Domain that is added to the host names in metadata.")
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
            raise ValueError("default_availability_zone: the name of a zone may not contain ':'")
        values.host_name("dhcp_domain", self.dhcp_domain, may_be_empty=True)
