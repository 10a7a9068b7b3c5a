"""The ways to physical networks other than the external one: a bridge for each card of the host.

A switch that is a process shares the card with the kernel; one in the kernel takes it altogether.
"""

from __future__ import annotations

from collections.abc import Iterable

from stratolith.network.drivers.base import HostNetworkView, NetworkView
from stratolith.network.drivers.linux import names
from stratolith.network.drivers.linux.host_kernel import netlink
from stratolith.network.drivers.ovn.switch import Switch


def bridges(view: HostNetworkView) -> dict[str, str]:
    """Physical network -> the bridge of its card."""
    return {
        network.physical_network: _bridge(network.uplink)
        for network in _connected(view)
        if network.physical_network
    }


def settle(view: HostNetworkView, switch: Switch) -> dict[str, str]:
    """Make the bridges; returns network -> reason for failures."""
    errors: dict[str, str] = {}
    for network in view.networks:
        if network.physical_network and not network.uplink:
            name = network.physical_network
            errors[network.id] = f"this host is not connected to the physical network {name}"
    for network in _connected(view):
        try:
            device = names.checked_device(network.uplink)
            _check(network, device, switch.datapath)
            switch.ensure_bridge(_bridge(device))
            switch.give_port(_bridge(device), device)
        except ValueError as error:
            errors[network.id] = str(error)
    return errors


def _connected(view: HostNetworkView) -> Iterable[NetworkView]:
    external = {each.bridge for each in view.externals}
    return (n for n in view.networks if n.uplink and n.uplink not in external)


def _bridge(device: str) -> str:
    return f"br-up-{names.digest(device)[:8]}"


def _check(network: NetworkView, device: str, datapath: str) -> None:
    """Raises ``ValueError`` for a device that cannot carry the network."""
    link = netlink.link(device)
    if link is None:
        raise ValueError(f"there is no device {device}")
    if link.kind == "bridge":
        raise ValueError(f"{device} is a bridge: driver ovn needs a card")
    if link.mtu < network.mtu:
        raise ValueError(
            f"{device} carries frames of {link.mtu} bytes, its network needs {network.mtu}"
        )
    own = (a.text for a in netlink.addresses() if a.index == link.index)
    if datapath == "system" and any(not text.startswith("fe80:") for text in own):
        raise ValueError(f"{device} has addresses of this host, whose traffic would end")
