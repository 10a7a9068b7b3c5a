"""Kernel settings of IPv6: no namespace and no host may follow a tenant's advertisements."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from stratolith.network.drivers.linux.host_kernel import sysctl
from stratolith.network.drivers.linux.objects import VethSpec

Settings = tuple[tuple[str, str], ...]

FORWARDING = "net/ipv6/conf/all/forwarding"
_DEVICES = Path("/proc/sys/net/ipv6/conf")


def of_devices(devices: Iterable[VethSpec]) -> Settings:
    """Settings of devices in namespaces, written before the devices are up.

    No duplicate address detection: addresses are ours, and a router could not advertise itself
    for its first second.
    """
    return tuple(
        (f"net/ipv6/conf/{device.inner_name}/{key}", "0")
        for device in devices
        for key in ("accept_ra", "accept_dad", "accept_redirects")
    )


def of_bridge(name: str) -> Settings:
    """Settings of a bridge on which the host itself has addresses."""
    return tuple((f"net/ipv6/conf/{name}/{key}", "0") for key in ("accept_ra", "accept_redirects"))


def uplinks(ours: Iterable[str]) -> list[str]:
    """The settings that must be "2" before this host forwards packets; ``ours``: other devices.

    A device that follows advertisements ("1") stops when forwarding is on; the host would lose its
    own default route.
    """
    device_names = {path.name for path in _DEVICES.glob("*")} - {"all", "default", "lo", *ours}
    follows = {"accept_ra": "1", "forwarding": "0", "disable_ipv6": "0"}
    return sorted(
        f"net/ipv6/conf/{device}/accept_ra"
        for device in device_names
        if all(sysctl.read(f"net/ipv6/conf/{device}/{key}") == now for key, now in follows.items())
    )
