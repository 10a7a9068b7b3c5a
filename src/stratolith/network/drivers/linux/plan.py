"""Compile the desired view of a host into kernel objects: pure functions, no side effects.

Objects that cannot be realised (an invalid address, a name that is too long) are left out and
recorded in ``broken``; the rest is planned all the same.
"""

from __future__ import annotations

import ipaddress
import itertools
from collections.abc import Callable, Mapping
from functools import partial
from typing import TypeVar

from stratolith.network.drivers import checks
from stratolith.network.drivers.base import HostNetworkView, NetworkView
from stratolith.network.drivers.checks import mac as checked_mac
from stratolith.network.drivers.linux import (
    dhcp,
    filters,
    metadata_mark,
    names,
    nat,
    owners,
    rules,
    traffic,
)
from stratolith.network.drivers.linux.bridging import branches, flat, resolution
from stratolith.network.drivers.linux.bridging import tunnels as tunnel_devices
from stratolith.network.drivers.linux.facts import FactBook, FilteredPort
from stratolith.network.drivers.linux.filtering.local_ips import LocalIps
from stratolith.network.drivers.linux.ipv6 import advertising
from stratolith.network.drivers.linux.ipv6 import metadata as metadata6
from stratolith.network.drivers.linux.ipv6 import settings as settings6
from stratolith.network.drivers.linux.limits import Limits
from stratolith.network.drivers.linux.objects import (
    BranchSpec,
    BridgeSpec,
    CardSpec,
    DhcpSpec,
    HostPlan,
    NamespaceSpec,
    PatchSpec,
    TapSpec,
    TunnelSpec,
    VethSpec,
)
from stratolith.network.drivers.linux.qos import enforcement as qos
from stratolith.network.drivers.linux.routers import compile_router
from stratolith.network.drivers.linux.routing import conntrack_helpers
from stratolith.network.drivers.linux.tables import Ruleset, Table
from stratolith.network.drivers.routing import RouterView

T = TypeVar("T")
REALISED = ("local", "flat", "vlan", "vxlan")


def build_plan(
    view: HostNetworkView,
    zones: Mapping[str, int],
    instance: str,
    native: bool,
    refused: frozenset[str] = frozenset(),
    limit: Limits | None = None,
    book: FactBook | None = None,
    can_limit: bool = True,
    can_lead: bool = True,
    can_answer: bool = True,
    devices: Mapping[str, flat.Device] | None = None,
) -> HostPlan:
    """The kernel objects of a host. ``zones``: network id -> conntrack zone, one for each.

    ``refused``: ports without tap and rules in this plan. ``limit``: on connections.
    ``book``: values that were computed for the previous plan. ``can_limit``: whether this kernel
    can enforce QoS policies; ``can_lead``: whether it leads questions for
    addresses to their owners; ``can_answer``: whether it can answer for local IPs, of which the
    view has none otherwise. ``devices``: those of the machine that flat networks need.
    """
    planner = _Planner(view, zones, instance, native)
    planner.refused, planner.limit, planner.can_answer = refused, limit, can_answer
    planner.book = planner.book if book is None else book
    planner.can_lead, planner.devices = can_lead, devices or {}
    if not can_limit:
        planner.qos = {}
        planner.broken |= dict.fromkeys(view.qos, qos.CANNOT)
    return planner.plan()


def zone_owners(view: HostNetworkView) -> list[str]:
    """Networks that need a conntrack zone: all that do not share the host's own addresses."""
    routed = {external.bridge for external in view.externals}
    return [
        network.id
        for network in view.networks
        if not network.external and network.bridge not in routed
    ]


def _bridge_of(network: NetworkView) -> str:
    """The bridge of a network; raises ``ValueError`` for a network that this driver cannot make."""
    checks.realised(network, REALISED, "linux")
    return names.checked_device(network.bridge)


class _Planner:
    def __init__(
        self, view: HostNetworkView, zones: Mapping[str, int], instance: str, native: bool
    ) -> None:
        self.view, self.zones, self.instance, self.native = view, zones, instance, native
        self.routed = {external.bridge for external in view.externals}
        self.broken: dict[str, str] = {}
        self.qos = {
            policy: rules
            for policy, rules in view.qos.items()
            if self._try(policy, partial(qos.checked, rules)) is not None
        }
        self.refused: frozenset[str] = frozenset()
        self.limit: Limits | None = None
        self.can_lead = True
        self.can_answer = True
        self.devices: Mapping[str, flat.Device] = {}
        self.book = FactBook()
        self.groups = {
            group: rules.members(itertools.chain.from_iterable(ports.values()))
            for group, ports in view.groups.items()
        }
        self.groups |= {group: rules.members(of) for group, of in view.address_groups.items()}
        self.networks = [
            network
            for network in view.networks
            if self._try(network.id, partial(_bridge_of, network)) is not None
        ]

    def _try(self, owner: str, make: Callable[[], T]) -> T | None:
        try:
            return make()
        except (ValueError, TypeError) as error:
            self.broken[owner] = str(error)
            return None

    def plan(self) -> HostPlan:
        servers: list[DhcpSpec] = []
        namespaces = self._routers(servers)
        for network in self.networks:
            self._dhcp(network, namespaces, servers)
        ports = self._ports()
        remote = resolution.elsewhere(self.networks)
        namespaces = owners.with_neighbours(namespaces, ports, self.routed, remote)
        tunnels, uplinks = self._tunnels(), self._uplinks()
        led = [*self._sub_ports(ports), *uplinks]
        cards, patches = self._flat()
        beyond = {uplink.name: uplink.owner for uplink in uplinks}
        beyond |= {card.card: card.network_id for card in cards}
        beyond |= {patch.name: patch.network_id for patch in patches}
        return HostPlan(
            bridges=tuple(self._bridges()),
            taps=tuple(self._taps(ports)),
            namespaces=tuple(namespaces),
            dhcp=tuple(servers),
            ruleset=self._ruleset(ports, namespaces, tunnels, beyond, remote),
            answers=self._answers(ports),
            sysctls=self._sysctls(),
            flows=traffic.flows(ports),
            logged=traffic.logged(ports),
            groups=self.groups,
            tunnels=tuple(tunnels),
            branches=tuple(led),
            splits=branches.splits(led),
            cards=tuple(cards),
            patches=tuple(patches),
            mapped=tuple(flat.devices(self.view)),
            broken=self.broken,
        )

    def _tunnels(self) -> list[TunnelSpec]:
        specs = []
        for network in self.networks:
            spec = self._try(
                network.id,
                partial(tunnel_devices.compile_tunnel, network, self.view.tunnel_address),
            )
            if spec is not None:
                specs.append(spec)
        return specs

    def _uplinks(self) -> list[BranchSpec]:
        made = [self._try(n.id, partial(branches.uplink, n)) for n in self.networks]
        return [spec for spec in made if spec is not None]

    def _flat(self) -> tuple[list[CardSpec], list[PatchSpec]]:
        cards: dict[str, CardSpec] = {}
        patches: dict[str, PatchSpec] = {}
        for network in self.networks:
            taken = {*cards, *patches}
            make = partial(flat.compile_port, network, self.devices, taken)
            spec = self._try(network.id, make)
            if isinstance(spec, CardSpec):
                cards[spec.card] = spec
            elif spec is not None:
                patches[spec.shared] = spec
        return list(cards.values()), list(patches.values())

    def _sub_ports(self, ports: list[FilteredPort]) -> list[BranchSpec]:
        carried = [port for port in ports if port.view.parent]
        if not carried:
            return []
        taps = {port.view.id: port.view.tap for port in ports if not port.view.parent}
        mtu = {network.bridge: network.mtu for network in reversed(self.networks)}
        specs = []
        for port in carried:
            mac = checked_mac(port.view.mac)
            make = partial(branches.of_sub_port, port, taps, mtu[port.bridge], mac)
            spec = self._try(port.view.id, make)
            if spec is not None:
                specs.append(spec)
        return specs

    def _sysctls(self) -> tuple[tuple[str, str], ...]:
        """Settings of the host: it forwards packets of its external networks."""
        externals = self.view.externals
        gateways = [cidr for external in externals for cidr in external.gateway_cidrs]
        settings = [("net/ipv4/ip_forward", "1")] if externals else []
        if any(":" in cidr for cidr in gateways):
            settings.append((settings6.FORWARDING, "1"))
        return tuple(settings)

    def _routers(self, servers: list[DhcpSpec]) -> list[NamespaceSpec]:
        """The namespaces of routers; adds the daemons that advertise them to ``servers``."""
        specs = []
        ends = metadata6.router_ends(self.view)
        for router in self.view.routers:
            spec = self._try(router.id, partial(self._router, router, ends))
            if spec is None:
                continue
            specs.append(spec)
            daemon = self._try(router.id, partial(advertising.compile_advertiser, router, spec))
            if daemon is not None:
                servers.append(daemon)
        return specs

    def _router(self, router: RouterView, ends: frozenset[str]) -> NamespaceSpec | None:
        known = conntrack_helpers.known(router, self.broken)
        return compile_router(known, self.instance, ends, self.qos)

    def _dhcp(
        self, network: NetworkView, namespaces: list[NamespaceSpec], servers: list[DhcpSpec]
    ) -> None:
        namespace = self._try(network.id, lambda: dhcp.compile_namespace(network))
        if namespace is None:
            return
        namespaces.append(namespace)
        answering = self._router_addresses(network.id)
        server = self._try(
            network.id,
            lambda: dhcp.compile_dhcp(network, namespace, answering, self.broken),
        )
        if server is not None:
            servers.append(server)

    def _router_addresses(self, network_id: str) -> frozenset[str]:
        return frozenset(
            address.split("/")[0]
            for router in self.view.routers
            if router.admin_state_up and router.metadata
            for port in router.interfaces
            if port.network_id == network_id
            for address in port.addresses
        )

    def _ports(self) -> list[FilteredPort]:
        filtered_ports = []
        for network in self.networks:
            routed = network.bridge in self.routed
            zone = None if network.external or routed else self.zones.get(network.id)
            for port in network.ports:
                if port.id in self.refused:
                    continue
                facts = self.book.of(port)
                if facts.problem:
                    self.broken[port.id] = facts.problem
                    continue
                filtered_ports.append(
                    FilteredPort(
                        facts=facts, bridge=network.bridge, zone=zone, bridge_is_routed=routed
                    )
                )
        self.book.keep(port.id for network in self.networks for port in network.ports)
        return filtered_ports

    def _bridges(self) -> list[BridgeSpec]:
        specs: dict[str, BridgeSpec] = {}
        for external in self.view.externals:
            spec = self._try(
                external.physical_network,
                lambda e=external: BridgeSpec(  # type: ignore[misc]
                    name=names.checked_device(e.bridge),
                    owner=e.physical_network,
                    mtu=self._mtu_on(e.bridge, 1500),
                    mac=names.bridge_mac(e.bridge),
                    addresses=tuple(str(ipaddress.ip_interface(c)) for c in e.gateway_cidrs),
                ),
            )
            if spec is not None:
                specs[spec.name] = spec
        for network in self.networks:
            specs.setdefault(
                network.bridge,
                BridgeSpec(
                    name=network.bridge,
                    owner=network.id,
                    mtu=network.mtu,
                    mac=names.bridge_mac(network.bridge),
                ),
            )
        return list(specs.values())

    def _mtu_on(self, bridge: str, default: int) -> int:
        return next((net.mtu for net in self.networks if net.bridge == bridge), default)

    def _taps(self, ports: list[FilteredPort]) -> list[TapSpec]:
        mtu = {network.bridge: network.mtu for network in reversed(self.networks)}
        return [
            TapSpec(
                name=port.view.tap,
                port_id=port.view.id,
                bridge=port.bridge,
                mac=checked_mac(port.view.mac),
                mtu=mtu[port.bridge],
                is_here=not port.view.is_prepared,
            )
            for port in ports
            if not port.view.parent
        ]

    def _ruleset(
        self,
        ports: list[FilteredPort],
        namespaces: list[NamespaceSpec],
        tunnels: list[TunnelSpec],
        uplinks: Mapping[str, str],
        remote: owners.Owners,
    ) -> Ruleset:
        """``uplinks``: devices on bridges that lead to physical networks -> the network."""
        bridges = {network.id: network.bridge for network in self.networks}
        by_bridge = {
            network.bridge: self.zones[network.id]
            for network in self.networks
            if network.id in self.zones and network.bridge not in self.routed
        }
        ends = {
            device.host_name: device.bridge
            for device in _devices(namespaces)
            if device.bridge not in self.routed
        }
        ends |= {tunnel.name: tunnel.bridge for tunnel in tunnels}
        ends |= {name: bridges[network_id] for name, network_id in uplinks.items()}
        served = {network.id for network in self.networks if network.dhcp_port_id}
        silent = [tunnel.name for tunnel in tunnels]
        silent += [name for name, network_id in uplinks.items() if network_id in served]
        servers = [
            end
            for end in (device.host_name for device in _devices(namespaces))
            if end.startswith(names.DHCP_END)
        ]
        plugged = filters.Ends(
            zones=by_bridge,
            host_ends=ends,
            dhcp_ends=servers,
            without_dhcp=silent,
            untagged=list(uplinks),
            far=metadata_mark.far_addresses(self.networks, tunnels),
        )
        filter_tables = filters.compile_tables(
            self.instance,
            ports,
            plugged,
            self.native,
            self.groups,
            self.limit,
            self.view.logging,
        )
        limits = qos.compile_table(self.instance, ports, self.qos)
        owners_table = self._questions(ports, namespaces, remote)
        return (*filter_tables, self._nat(tunnels), limits, owners_table)

    def _nat(self, tunnels: list[TunnelSpec]) -> Table:
        made = [e for e in self.view.externals if e.physical_network not in self.broken]
        tenants = {n.bridge for n in self.networks if n.bridge not in self.routed}
        seen = set() if self.native else tenants
        return nat.compile_table(self.instance, made, seen, tunnel_devices.rules(tunnels))

    def _questions(
        self, ports: list[FilteredPort], namespaces: list[NamespaceSpec], remote: owners.Owners
    ) -> Table:
        """Where questions for addresses go, on the networks that other hosts have, too."""
        known = remote if self.can_lead else {}
        here = owners.of_bridges(namespaces, ports, self.routed) if known else {}
        known = {bridge: {**here.get(bridge, {}), **of} for bridge, of in known.items()}
        ends = {port.view.tap: port.bridge for port in ports}
        ends |= {device.host_name: device.bridge for device in _devices(namespaces)}
        return resolution.compile_table(self.instance, ends, known)

    def _answers(self, ports: list[FilteredPort]) -> Ruleset:
        if not self.can_answer:
            return ()
        up = [port for port in ports if port.view.admin_state_up]
        return (LocalIps(up).answers(self.instance),)


def _devices(namespaces: list[NamespaceSpec]) -> list[VethSpec]:
    return [device for namespace in namespaces for device in namespace.devices]
