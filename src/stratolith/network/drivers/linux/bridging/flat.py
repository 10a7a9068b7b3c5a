"""Flat networks on physical networks of the machine: all frames without a tag.

A card becomes a port of the network's bridge. What arrives there does not reach the host any
more, so a card with addresses or routes of the host is refused. A bridge of the machine keeps its
ports and addresses, and gets one end of a pair of devices, of which the network's bridge has the
other end.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Collection, Mapping

import msgspec

from stratolith.network.drivers.base import HostNetworkView, NetworkView
from stratolith.network.drivers.linux import names
from stratolith.network.drivers.linux.host_kernel import netlink
from stratolith.network.drivers.linux.host_kernel.netlink import Link
from stratolith.network.drivers.linux.objects import CardSpec, PatchSpec


class Device(msgspec.Struct, frozen=True, kw_only=True):
    """A device of the machine that a flat network needs. ``problem``: why it cannot be used."""

    is_bridge: bool = False
    mtu: int = 0
    problem: str = ""


def devices(view: HostNetworkView) -> list[str]:
    """Names of the devices that flat networks need, without the external bridge."""
    return sorted({n.uplink for n in view.networks if _is_ours(n) and names.is_device(n.uplink)})


def survey(wanted: Collection[str], is_ours: Callable[[Link], bool]) -> dict[str, Device]:
    """What these devices are, by name; changes nothing. ``is_ours``: whether we made a link.

    Raises ``OSError``.
    """
    if not wanted:
        return {}
    used = _used()
    return {name: _look(name, netlink.link(name), used, is_ours) for name in wanted}


def _used() -> dict[int, str]:
    """Index of a device -> what it carries of the host's own traffic."""
    used: dict[int, str] = {}
    for route in netlink.routes(with_connected=True):
        if not ipaddress.ip_network(route.destination).is_link_local:
            used.setdefault(route.index, f"a route of this host to {route.destination}")
    for address in netlink.addresses():
        if not address.text.startswith("fe80:"):
            used[address.index] = f"the address {address.text} of this host"
    return used


def _look(
    name: str, link: Link | None, used: Mapping[int, str], is_ours: Callable[[Link], bool]
) -> Device:
    if link is None:
        return Device(problem=f"there is no device {name}")
    is_bridge = link.kind == "bridge"
    master = netlink.link(netlink.name_of(link.master)) if link.master else None
    problem = ""
    if is_ours(link):
        problem = f"{name} is a device of this cloud"
    elif not link.up:
        problem = f"{name} is down"
    elif not is_bridge and link.index in used:
        problem = (
            f"{name} has {used[link.index]}, whose traffic would end: map a bridge, or another card"
        )
    elif master is not None and not is_ours(master):
        problem = f"{name} is a port of {master.name}: map that if it is a bridge"
    return Device(is_bridge=is_bridge, mtu=link.mtu, problem=problem)


def compile_port(
    network: NetworkView, known: Mapping[str, Device], taken: Collection[str]
) -> CardSpec | PatchSpec | None:
    """The port of a flat network's bridge; None for other networks, and on the external bridge.

    ``taken``: devices of other flat networks. Raises ``ValueError``.
    """
    if not _is_ours(network):
        return None
    name = names.checked_device(network.uplink)
    device = known.get(name, Device(problem=f"there is no device {name}"))
    if device.problem:
        raise ValueError(device.problem)
    if name in taken:
        raise ValueError(f"{name} carries another flat network of this host")
    if device.mtu < network.mtu:
        raise ValueError(
            f"{name} carries frames of {device.mtu} bytes, its network needs {network.mtu}"
        )
    if not device.is_bridge:
        return CardSpec(card=name, network_id=network.id, bridge=network.bridge)
    return PatchSpec(
        name=names.uplink(network.id),
        end=names.patch_end(network.id),
        network_id=network.id,
        bridge=network.bridge,
        shared=name,
        mac=names.highest_mac(network.id),
        mtu=network.mtu,
        shared_mtu=device.mtu,
    )


def _is_ours(network: NetworkView) -> bool:
    """Whether it needs a device that is not the external bridge."""
    on_other_bridge = network.uplink not in ("", network.bridge)
    return network.network_type == "flat" and on_other_bridge
