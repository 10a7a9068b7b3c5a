"""The inside of a namespace: its devices, addresses, routes, settings and translation rules.

Everything here runs in a thread that has entered the namespace. The namespace belongs to us alone,
so everything in it that is not wanted is removed.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import ipaddress
import os
import socket
import struct
import time
from collections.abc import Set
from typing import Any

import msgspec
from pyroute2 import IPRoute
from pyroute2.netlink.exceptions import NetlinkError

from stratolith.network.drivers.base import NetworkDriverError
from stratolith.network.drivers.linux import arp
from stratolith.network.drivers.linux.host_kernel import (
    connected,
    conntrack,
    neighbours,
    netlink,
    nft,
    proxies,
    sysctl,
    ways,
)
from stratolith.network.drivers.linux.host_kernel.netlink import Link
from stratolith.network.drivers.linux.ipv6 import discovery
from stratolith.network.drivers.linux.ipv6 import metadata as metadata6
from stratolith.network.drivers.linux.objects import (
    ElectionSpec,
    ForwardSpec,
    NamespaceSpec,
    VethSpec,
)
from stratolith.network.drivers.linux.routing import gateways, meters

_SIOCETHTOOL, _ETHTOOL_STXCSUM = 0x8946, 0x17
_SIOCGIFFLAGS, _RUNNING, _CARRIER_SECONDS = 0x8913, 0x40, 0.2


class Report(msgspec.Struct, kw_only=True):
    """What a pass over a namespace could not do."""

    missing: list[str] = []  # inner ends of veth pairs that have to be made again
    errors: list[str] = []
    kept: frozenset[neighbours.Key] = frozenset()  # keys of our neighbour entries


def settle(
    spec: NamespaceSpec,
    instance: str,
    load_rules: bool,
    withdrawn: set[str],
    ended: Set[ForwardSpec] = frozenset(),
) -> Report:
    """Bring the namespace of this thread to ``spec``.

    ``load_rules``: whether the tables may differ; ``withdrawn``: translated addresses whose
    connections must end, as those of the forwarded ports in ``ended``. Missing
    devices are reported; the caller makes them.
    """
    report = Report()
    links = netlink.links()
    report.missing = [dev.inner_name for dev in spec.devices if dev.inner_name not in links]
    if report.missing:
        return report
    for key, value in spec.sysctls:
        if key.startswith("net/ipv6/") and sysctl.read(key) is None:
            continue  # a kernel without IPv6
        with _Noted(report, key):
            sysctl.write(key, value)
    if load_rules:
        with _Noted(report, "rules"):
            # every ruleset contains both tables
            if spec.ruleset:
                nft.load(spec.ruleset)
                meters.prune(spec.ruleset, instance)
            else:
                nft.remove([f"ip {instance}", f"inet {instance}"])
    ip: Any = IPRoute()
    try:
        _settle_devices(ip, spec, links, report, withdrawn)
        _settle_routes(ip, spec, links, report)
        with _Noted(report, "routes of further gateways"):
            ways.settle_rules(ip, spec.ways, links)
            if spec.election is None:  # else keepalived sets them, on the active host
                ways.settle_routes(ip, spec.ways, links, gateways.TABLES)
    finally:
        ip.close()
    _settle_neighbours(spec, links, report)
    with _Noted(report, "NDP proxies"):
        proxies.settle(
            (links[device.inner_name].index, address)
            for device in spec.devices
            for address in device.proxied
        )
    with _Noted(report, "connections"):
        conntrack.end_translated(withdrawn, ended)
    return report


def is_all_but_neighbours(before: NamespaceSpec, spec: NamespaceSpec) -> bool:
    """Whether two specs differ only in the neighbours of their devices."""
    return _without_neighbours(before) == _without_neighbours(spec)


def _without_neighbours(spec: NamespaceSpec) -> NamespaceSpec:
    devices = tuple(msgspec.structs.replace(device, neighbours=()) for device in spec.devices)
    return msgspec.structs.replace(spec, devices=devices)


def change_neighbours(before: NamespaceSpec, spec: NamespaceSpec) -> Report:
    """Change the neighbours of this thread's namespace from those of ``before`` to ``spec``."""
    report, links = Report(), netlink.links()
    report.missing = [dev.inner_name for dev in spec.devices if dev.inner_name not in links]
    if report.missing:
        return report
    current, wanted = _neighbours(before, links), _neighbours(spec, links)
    report.kept = frozenset(wanted)
    with _Noted(report, "neighbours"):
        neighbours.change(current, wanted)
    return report


def _neighbours(spec: NamespaceSpec, links: dict[str, Link]) -> dict[neighbours.Key, bytes]:
    return {
        (links[device.inner_name].index, ipaddress.ip_address(address).packed): netlink.packed(mac)
        for device in spec.devices
        for address, mac in device.neighbours
    }


def _settle_devices(
    ip: Any, spec: NamespaceSpec, links: dict[str, Link], report: Report, withdrawn: set[str]
) -> None:
    loopback = links.get("lo")
    if loopback is not None and not loopback.up:
        ip.link("set", index=loopback.index, state="up")
    wanted = {device.inner_name for device in spec.devices}
    for link in links.values():
        if link.name not in wanted and link.kind == "veth":
            with _Noted(report, link.name):
                ip.link("del", index=link.index)
    present = netlink.addresses()
    connected_to: dict[int, list[str]] = {}
    for device in spec.devices:
        link = links[device.inner_name]
        on_device = {address.text for address in present if address.index == link.index}
        current = {
            text
            for text in on_device
            if not _is_the_kernels(text, device) and not _is_elected(text, spec.election, device)
        }
        with _Noted(report, device.inner_name):
            _settle_device(ip, device, link, current, withdrawn)
            if link.up and link.mac == device.mac:  # else the kernel does it now
                connected.settle_link_local(ip, link, on_device)
        expected = current if device.moves else device.addresses
        connected_to[link.index] = [text for text in expected if text in device.addresses]
    with _Noted(report, "routes to the networks of addresses"):
        connected.settle(ip, connected_to)


def _is_the_kernels(text: str, device: VethSpec) -> bool:
    """Whether the kernel made the address itself: the device's link-local address."""
    is_ours = text in device.addresses or text == metadata6.INTERFACE
    return text.startswith("fe80:") and not is_ours


def _is_elected(text: str, election: ElectionSpec | None, device: VethSpec) -> bool:
    """Whether keepalived set it on the device for elections."""
    return election is not None and (text, device.inner_name) == (election.address, election.device)


def _settle_device(
    ip: Any, spec: VethSpec, link: Link, current: set[str], withdrawn: set[str]
) -> None:
    change: dict[str, Any] = {}
    if link.mtu != spec.mtu:
        change["mtu"] = spec.mtu
    if link.mac != spec.mac:
        change["address"] = spec.mac
    if change:
        ip.link("set", index=link.index, **change)
    if not link.up:
        if not spec.checksum_offload:
            fill_in_checksums(spec.inner_name)
        ip.link("set", index=link.index, state="up")
    for text in sorted(current - set(spec.addresses)):
        host, prefix = text.split("/")
        ip.addr("del", index=link.index, address=host, prefixlen=int(prefix))
        withdrawn.add(host)
    added = [text for text in spec.addresses if text not in current and not spec.moves]
    for text in added:
        host, prefix = text.split("/")
        # no duplicate address detection: the address is ours
        flags = {"flags": 0x02} if ":" in host else {}
        with contextlib.suppress(FileExistsError):
            ip.addr("add", index=link.index, address=host, prefixlen=int(prefix), **flags)
    _announce(spec, added)


def _announce(spec: VethSpec, added: list[str]) -> None:
    """Tell the neighbours about new addresses."""
    hosts = [text.split("/")[0] for text in added]
    hosts = [host for host in hosts if not ipaddress.ip_address(host).is_link_local]
    if hosts:
        _wait_for_carrier(spec.inner_name)
    for host in hosts:
        if ":" in host:
            discovery.announce(spec.inner_name, spec.mac, host, spec.is_router)
        else:
            arp.announce(spec.inner_name, spec.mac, host)


def _wait_for_carrier(device: str) -> None:
    """A device that was just set up drops frames for a few milliseconds."""
    request = struct.pack("16sH22x", device.encode(), 0)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
        end = time.monotonic() + _CARRIER_SECONDS
        while time.monotonic() < end:
            flags = struct.unpack_from("=H", fcntl.ioctl(sock, _SIOCGIFFLAGS, request), 16)[0]
            if flags & _RUNNING:
                return
            time.sleep(0.002)


def _settle_neighbours(spec: NamespaceSpec, links: dict[str, Link], report: Report) -> None:
    """Runs after the devices: entries end when a device goes down or gets another MAC address."""
    wanted = _neighbours(spec, links)
    report.kept = frozenset(wanted)
    with _Noted(report, "neighbours"):
        neighbours.settle(wanted)


def _settle_routes(ip: Any, spec: NamespaceSpec, links: dict[str, Link], report: Report) -> None:
    devices = {(route.destination, route.nexthop): route.device for route in spec.routes}
    present = netlink.routes()
    current = {(route.destination, route.nexthop) for route in present}
    wanted = {(route.destination, route.nexthop) for route in spec.routes}
    elected = spec.election.routes if spec.election is not None else ()
    kept = wanted | {(route.destination, route.nexthop) for route in elected}
    for destination, nexthop in sorted(current - kept):
        if destination.startswith(("fe80:", "ff00:")) or (":" in destination and not nexthop):
            continue  # the kernel's own
        with _Noted(report, f"route {destination}"):
            ip.route("del", dst=destination, **({"gateway": nexthop} if nexthop else {}))
    for destination, nexthop in sorted(wanted - current):
        with _Noted(report, f"route {destination} via {nexthop}"):
            device = devices.get((destination, nexthop))
            oif = {"oif": links[device].index} if device in links else {}
            ip.route("replace", dst=destination, gateway=nexthop, **oif)


def fill_in_checksums(device: str) -> None:
    """Turn checksum offload off: the frames are read by a guest, not by a network card."""
    value = bytearray(struct.pack("=II", _ETHTOOL_STXCSUM, 0))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        buffer = (ctypes.c_char * len(value)).from_buffer(value)
        request = struct.pack("16sP16x", device.encode(), ctypes.addressof(buffer))
        with contextlib.suppress(OSError):
            fcntl.ioctl(sock, _SIOCETHTOOL, request)


class _Noted(contextlib.AbstractContextManager[None]):
    """Records the failure of a step, so that the next steps are still tried."""

    def __init__(self, report: Report, what: str) -> None:
        self.report, self.what = report, what

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        if isinstance(error, NetlinkError | NetworkDriverError | OSError):
            text = os.strerror(error.code) if isinstance(error, NetlinkError) else str(error)
            self.report.errors.append(f"{self.what}: {text}")
            return True
        return False
