"""The owners of addresses on a bridge, so that namespaces need no ARP requests for them.

An address belongs to the port that has it, even if other ports have it as an allowed address
pair. Addresses without an owner on the bridge are resolved by ARP and neighbour discovery: guests
may move them (VRRP), also when an unbound port reserves the address.
"""

from __future__ import annotations

import ipaddress
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from stratolith.network.drivers import checks
from stratolith.network.drivers.base import PortView
from stratolith.network.drivers.linux import guard, names
from stratolith.network.drivers.linux.facts import FilteredPort
from stratolith.network.drivers.linux.objects import NamespaceSpec, VethSpec

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Owners = dict[str, dict[Address, str]]  # bridge -> address -> MAC


def with_neighbours(
    namespaces: Sequence[NamespaceSpec],
    ports: Iterable[FilteredPort],
    routed: set[str],
    remote: Owners,
) -> list[NamespaceSpec]:
    """The namespaces, with the neighbours of each device on its network.

    ``remote``: the owners on other hosts, which are out of reach of this host's DHCP servers.
    Without ``routed`` bridges, those of the external network: only an administrator may set allowed
    address pairs there, and each router would need an entry for every other.
    """
    here = of_bridges(namespaces, ports, routed)
    everywhere = {bridge: {**here.get(bridge, {}), **known} for bridge, known in remote.items()}
    of_routers = {**here, **everywhere}
    return [
        msgspec.structs.replace(
            space,
            devices=tuple(
                _with_neighbours(
                    device, here if device.host_name.startswith(names.DHCP_END) else of_routers
                )
                for device in space.devices
            ),
        )
        for space in namespaces
    ]


def of_bridges(
    namespaces: Sequence[NamespaceSpec], ports: Iterable[FilteredPort], routed: set[str]
) -> Owners:
    """The owners on this host, without those on ``routed`` bridges."""
    guests = [port for port in ports if not port.bridge_is_routed]
    devices = [
        device for space in namespaces for device in space.devices if device.bridge not in routed
    ]
    return _owners(guests, devices)


def _owners(guests: Iterable[FilteredPort], devices: Iterable[VethSpec]) -> Owners:
    """Owner of each address; an address claimed twice (not possible in the database) has none."""
    claims: dict[str, dict[Address, set[str]]] = defaultdict(lambda: defaultdict(set))
    for port in guests:
        for address in _own(port.view):
            claims[port.bridge][address].add(checks.mac(port.view.mac))
    for device in devices:
        for text in device.addresses:
            claims[device.bridge][ipaddress.ip_interface(text).ip].add(device.mac)
    return {
        bridge: {address: min(macs) for address, macs in addresses.items() if len(macs) == 1}
        for bridge, addresses in claims.items()
    }


def _own(port: PortView) -> Iterator[Address]:
    """The fixed addresses, without those that an address pair of the port gives another MAC, and
    the link-local address, from which a guest asks for metadata and addresses.
    """
    elsewhere = {
        checks.network(pair.ip_address)
        for pair in port.allowed_address_pairs
        if checks.mac(pair.mac_address) != checks.mac(port.mac)
    }
    own = [guard.link_local(checks.mac(port.mac)), *(ip.ip_address for ip in port.fixed_ips)]
    for text in own:
        net = checks.network(text)
        if net.prefixlen == net.max_prefixlen and net not in elsewhere:
            yield net.network_address


def _with_neighbours(device: VethSpec, owners: Owners) -> VethSpec:
    ends = [ipaddress.ip_interface(text) for text in device.addresses]
    own = {end.ip for end in ends}
    neighbours = sorted(
        (str(address), mac)
        for address, mac in owners.get(device.bridge, {}).items()
        if address not in own and any(address in end.network for end in ends)
    )
    return msgspec.structs.replace(device, neighbours=tuple(neighbours))
