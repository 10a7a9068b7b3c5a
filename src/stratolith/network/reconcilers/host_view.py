"""Compiles the desired networks of one host from the database.

It reads columns, not objects: a view of 1,000 ports needs a dozen statements. Every router is
realised on one host, which ``managers/placement.py`` records. A row that is unreadable or invalid
removes only its own object from the view, with the reason in ``left_out``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cached_property

from sqlalchemy import ColumnElement

from stratolith.kernel.context import Context
from stratolith.kernel.readable import LeftOut
from stratolith.network.drivers import checks
from stratolith.network.drivers.base import (
    ConnectionLimits,
    DhcpHostView,
    ExternalNetworkView,
    FixedIpView,
    HostNetworkView,
    LocalIpView,
    LogLimits,
    NetworkView,
    PortView,
    SubnetView,
    TunnelPeerView,
)
from stratolith.network.drivers.routing import AdvertisedView, RouterPortView, RouterView
from stratolith.network.managers import address_scopes, holders, placement
from stratolith.network.managers.binding import inactive
from stratolith.network.managers.qos import bindings
from stratolith.network.managers.routing import elections
from stratolith.network.managers.segments import hosts
from stratolith.network.managers.servers.server_ports import tap_name
from stratolith.network.models import FixedIp, Network, Port, Router, Subnet
from stratolith.network.reconcilers import (
    filter_rules,
    guest_names,
    host_segments,
    local_ip_views,
    ovn_hosts,
    qos_rules,
    view_rows,
)
from stratolith.network.reconcilers.filter_rules import RuleBook
from stratolith.network.reconcilers.log_views import LogBook
from stratolith.network.reconcilers.router_views import router_views
from stratolith.network.reconcilers.view_rows import (
    AddressRow,
    NetworkRow,
    PortRow,
    RouterRow,
    SubnetRow,
)
from stratolith.network.segment_settings import TUNNELS
from stratolith.network.settings import NetworkSettings

Addresses = dict[str, list[tuple[str, str]]]  # port id -> [(subnet id, address)]


def compile_view(ctx: Context, host: str) -> HostNetworkView:
    """Everything that ``host`` must realise."""
    return Compiler(ctx, host).view()


class Compiler:
    """Reads rows and compiles the view of a host; view_parts.py does so for a few keys."""

    def __init__(self, ctx: Context, host: str) -> None:
        self.ctx, self.session, self.host = ctx, ctx.session, host
        self.segments: dict[str, str] = {}  # of networks that have several: the one on this host
        self.settings = ctx.env.settings.of(NetworkSettings)
        self.left_out = LeftOut()
        self.generation = int(ctx.env.clock.now().timestamp() * 1_000_000)

    def view(self) -> HostNetworkView:
        routers = self._routers(placement.on_host(self.ctx, placement.ROUTER, self.host))
        wanted = view_rows.NETWORKS.where(
            Network.id.in_(placement.networks_of(self.ctx, self.host))
        )
        rows = self.left_out.rows(self.session, wanted, Network.id, NetworkRow)
        self._take_networks(sorted(rows, key=_by_id))
        self._read_ports()
        self._read_subnets()
        port_ids = [port.id for port in self.guests if self._is_bound(port)]
        book = RuleBook(self.ctx, port_ids, self.left_out)
        networks = [self._network(network, book) for network in self.networks.values()]
        views_of_routers = self._router_views_of(routers)
        policies = qos_rules.named_in(networks, views_of_routers)
        return HostNetworkView(
            host=self.host,
            generation=self.generation,
            driver=self.settings.driver or ("fake" if self.ctx.env.settings.fake else "linux"),
            southbound=ovn_hosts.southbound(self.ctx, self.host),
            tunnel_address=self.tunnels.get(self.host, ""),
            externals=self._externals(),
            networks=networks,
            routers=views_of_routers,
            groups=filter_rules.members(self.ctx, book.remote, self.left_out),
            qos=qos_rules.of_policies(self.ctx, policies, self.left_out),
            address_groups=filter_rules.address_groups(
                self.ctx, book.address_groups, self.left_out
            ),
            connections=ConnectionLimits(
                port=self.settings.max_port_connections,
                project=self.settings.max_project_connections,
            ),
            logging=LogLimits(
                rate=self.settings.log_rate_limit, burst=self.settings.log_burst_limit
            ),
            left_out=self.left_out.reasons,
        )

    @cached_property
    def uplinks(self) -> dict[str, str]:
        """Physical network -> the device of the host that is connected to it."""
        return hosts.of_host(self.ctx, self.host)

    def _take_networks(self, rows: Sequence[NetworkRow]) -> None:
        rows, self.segments = host_segments.on_host(
            self.session, rows, lambda: self.uplinks, self.left_out
        )
        self.networks = {row.id: ovn_hosts.fitting(self.settings, row) for row in rows}

    def _uplink(self, network: NetworkRow) -> str:
        """The device of the host for the network's physical network; "" for none."""
        if not network.physical_network:
            return ""
        if network.physical_network == self.settings.physical_network:
            return self.settings.external_bridge
        return self.uplinks.get(network.physical_network, "")

    @cached_property
    def tunnels(self) -> dict[str, str]:
        return placement.tunnel_addresses(self.ctx)

    @cached_property
    def scopes(self) -> dict[str, str]:
        """Subnets of routers' ports that have an address scope -> the scope."""
        subnet_ids = {
            subnet_id for port_id in self.router_ports for subnet_id, _ in self.addresses[port_id]
        }
        return address_scopes.of_subnets(self.ctx, subnet_ids)

    @cached_property
    def router_hosts(self) -> dict[str, str]:
        """The hosts of the routers that connect the networks."""
        routers = (row.holder_id for row in self.router_ports.values())
        return placement.hosts_of(self.ctx, routers)

    @cached_property
    def elected(self) -> dict[str, list[str]]:
        """The hosts of routers that several have, of those that connect the networks."""
        routers = (row.holder_id for row in self.router_ports.values())
        return elections.hosts_of(self.ctx, routers)

    @cached_property
    def logs(self) -> LogBook:
        """The logs about the host's guests."""
        port_ids = [
            row.id for row in self.guests if row.binding_host == self.host or self._is_prepared(row)
        ]
        return LogBook(self.ctx, port_ids, self.left_out)

    @cached_property
    def local_ips(self) -> dict[str, list[LocalIpView]]:
        """The local IPs of the host's guests, by port."""
        bound = [row.id for row in self.guests if self._is_bound(row)]
        return local_ip_views.of_ports(self.ctx, bound, self.left_out)

    def _routers(self, ids: Sequence[str]) -> list[RouterRow]:
        if not ids:
            return []
        wanted = view_rows.ROUTERS.where(Router.id.in_(ids))
        rows = self.left_out.rows(self.session, wanted, Router.id, RouterRow)
        return sorted(rows, key=_by_id)

    def _read_ports(self) -> None:
        network_ids = list(self.networks)
        rows = self._port_rows(Port.network_id.in_(network_ids))
        self._take_ports(rows, FixedIp.network_id.in_(network_ids))

    def _port_rows(self, which: ColumnElement[bool]) -> list[PortRow]:
        by_age = view_rows.PORTS.where(which).order_by(Port.created_at, Port.id)
        return self.left_out.rows(self.session, by_age, Port.id, PortRow)

    def _take_ports(self, rows: Sequence[PortRow], addresses: ColumnElement[bool]) -> None:
        """Ports by their holder, with their addresses. ``addresses``: a condition on FixedIp."""
        fixed = view_rows.ADDRESSES.where(addresses).order_by(FixedIp.port_id, FixedIp.position)
        self.addresses: Addresses = defaultdict(list)
        for address in self.left_out.rows(self.session, fixed, FixedIp.port_id, AddressRow):
            self.addresses[address.port_id].append((address.subnet_id, address.ip_address))
        # a port of which an address is unreadable is left out completely
        rows = [row for row in rows if row.id not in self.left_out.reasons]
        self.guests = [row for row in rows if row.holder not in holders.SERVICES]
        self.by_network: dict[str, list[PortRow]] = defaultdict(list)
        for row in self.guests:
            self.by_network[row.network_id].append(row)
        self.dhcp = {row.network_id: row for row in rows if row.holder == holders.DHCP}
        self.router_ports = {row.id: row for row in rows if row.holder in holders.ROUTER}
        self.election_ports = {row.id: row for row in rows if row.holder == holders.ELECTION}

    def _read_subnets(self) -> None:
        wanted = view_rows.SUBNETS.where(Subnet.network_id.in_(list(self.networks)))
        rows = self.left_out.rows(
            self.session, wanted.order_by(Subnet.created_at, Subnet.id), Subnet.id, SubnetRow
        )
        self.subnets = {subnet.id: subnet for subnet in rows if self._is_here(subnet)}

    def _is_here(self, subnet: SubnetRow) -> bool:
        """Whether the subnet belongs to the network's segment on this host."""
        segment_id = self.segments.get(subnet.network_id)
        return segment_id is None or subnet.segment_id in (None, segment_id)

    # -- parts of the view -----------------------------------------------------------------------

    def _externals(self) -> list[ExternalNetworkView]:
        """The external bridge with the gateways' addresses, when a network of this host uses it."""
        if self.settings.driver == "ovn":
            return ovn_hosts.externals(self.ctx)
        network_ids = placement.gateways_on(self.ctx, self.host)
        cidrs = [
            f"{subnet.gateway_ip}/{checks.network(subnet.cidr).prefixlen}"
            for subnet in self.subnets.values()
            if subnet.gateway_ip
            and subnet.network_id in network_ids
            and self._is_flat(self.networks[subnet.network_id])
        ]
        if not any(self._is_flat(network) for network in self.networks.values()):
            return []
        return [
            ExternalNetworkView(
                physical_network=self.settings.physical_network,
                bridge=self.settings.external_bridge,
                gateway_cidrs=cidrs,
                nat=self.settings.external_nat and not network_ids.isdisjoint(self.networks),
            )
        ]

    def _is_flat(self, network: NetworkRow) -> bool:
        return (
            network.network_type == "flat"
            and network.physical_network == self.settings.physical_network
        )

    def bridge(self, network: NetworkRow) -> str:
        if self._is_flat(network):
            return self.settings.external_bridge
        return f"brq{network.id[:11]}"

    def _network(self, network: NetworkRow, book: RuleBook) -> NetworkView:
        guests = self.by_network[network.id]
        own_guests = [guest for guest in guests if self._is_bound(guest)]
        dhcp, served = self.dhcp.get(network.id), self._served(network.id)
        subnets = [s for s in self.subnets.values() if s.network_id == network.id]
        return NetworkView(
            id=network.id,
            bridge=self.bridge(network),
            network_type=network.network_type,
            physical_network=network.physical_network or None,
            uplink=self._uplink(network),
            segmentation_id=network.segmentation_id,
            mtu=network.mtu,
            external=network.external,
            dns_domain=self.settings.dhcp_domain,
            dhcp_lease_seconds=self.settings.dhcp_lease_seconds,
            subnets=[self._subnet(subnet, served) for subnet in subnets],
            ports=[self._port(port, book, network) for port in sorted(own_guests, key=_by_id)],
            dhcp_hosts=self._dhcp_hosts(guests, served, network.project_id) if served else [],
            dhcp_port_id=dhcp.id if dhcp is not None and served else None,
            dhcp_mac=dhcp.mac_address if dhcp is not None and served else None,
            peers=self._peers(network),
            moving=self._moving(network),
        )

    def _is_bound(self, row: PortRow) -> bool:
        if self.host == placement.EVERY:
            return bool(row.binding_host)
        return row.binding_host == self.host or self._is_prepared(row)

    def _is_prepared(self, row: PortRow) -> bool:
        """Whether the port is bound to another host, and has an inactive binding to this one."""
        return row.binding_host not in ("", self.host) and row.id in self.prepared

    @cached_property
    def prepared(self) -> set[str]:
        """The ports with an inactive binding to this host."""
        return inactive.on_host(self.ctx, self.host)

    def _served(self, network_id: str) -> dict[str, str]:
        """Subnet -> address of its DHCP server; none while its port or the network is off."""
        dhcp = self.dhcp.get(network_id)
        if dhcp is None or not dhcp.admin_state_up or not self.networks[network_id].admin_state_up:
            return {}
        served = dict(self.addresses[dhcp.id])
        return {key: address for key, address in served.items() if key in self.subnets}

    def _peers(self, network: NetworkRow) -> list[TunnelPeerView]:
        """The other hosts with guests or a router of the network, by address."""
        places = [
            (row.id, row.binding_host, row.mac_address)
            for row in (*self.by_network[network.id], *self.election_ports.values())
            if row.network_id == network.id
        ]
        for row in self.router_ports.values():
            if row.network_id == network.id and row.holder_id in self.elected:
                places += [(row.id, host, "") for host in self.elected[row.holder_id]]
            elif row.network_id == network.id:
                places.append((row.id, self.router_hosts.get(row.holder_id, ""), row.mac_address))
        by_address: dict[str, dict[str, str]] = defaultdict(dict)
        for port_id, host, mac in places:
            address = self._peer_address(network, host)
            if address:
                by_address[address][port_id] = mac
        rows = {row.id: row for row in self.by_network[network.id]}
        rows |= {**self.router_ports, **self.election_ports}
        return [
            TunnelPeerView(
                address=address,
                ports=ports,
                addresses={
                    port_id: known
                    for port_id, mac in ports.items()
                    if mac and (known := self._known_addresses(rows[port_id]))
                },
                servers={
                    port_id: server
                    for port_id in ports
                    if (server := server_of(rows[port_id])) is not None
                },
            )
            for address, ports in sorted(by_address.items())
        ]

    def _known_addresses(self, row: PortRow) -> list[str]:
        """The addresses for which the port itself answers: without those that one of its address
        pairs gives another MAC address."""
        moved = {
            checks.network(pair.ip_address)
            for pair in row.allowed_address_pairs
            if checks.mac(pair.mac_address) != checks.mac(row.mac_address)
        }
        return [text for _, text in self.addresses[row.id] if checks.network(text) not in moved]

    def _moving(self, network: NetworkRow) -> dict[str, list[str]]:
        """MAC addresses and addresses of the routers that several hosts have."""
        if network.network_type not in TUNNELS:
            return {}
        rows = [row for row in self.router_ports.values() if row.network_id == network.id]
        moving = [row for row in rows if row.holder_id in self.elected]
        return {row.mac_address: self._known_addresses(row) for row in moving}

    def _peer_address(self, network: NetworkRow, host: str) -> str:
        """The tunnel address of another host for frames of the network; "" for none."""
        if network.network_type not in TUNNELS or host in ("", self.host):
            return ""
        own_address, address = self.tunnels.get(self.host), self.tunnels.get(host, "")
        return "" if own_address is None or address == own_address else address

    def _subnet(self, subnet: SubnetRow, served: Mapping[str, str]) -> SubnetView:
        return SubnetView(
            id=subnet.id,
            cidr=subnet.cidr,
            ip_version=subnet.ip_version,
            gateway_ip=subnet.gateway_ip,
            enable_dhcp=subnet.enable_dhcp,
            dns_nameservers=subnet.dns_nameservers
            or (self.settings.dns_nameservers if subnet.ip_version == 4 else []),
            host_routes=subnet.host_routes,
            dhcp_ip=served.get(subnet.id) if subnet.enable_dhcp else None,
            ipv6_address_mode=subnet.ipv6_address_mode,
            ipv6_ra_mode=subnet.ipv6_ra_mode,
        )

    def _port(self, row: PortRow, book: RuleBook, network: NetworkRow) -> PortView:
        is_prepared = self._is_prepared(row)
        groups = book.groups(row.id) if row.port_security_enabled else []
        return PortView(
            id=row.id,
            mac=row.mac_address,
            tap=tap_name(row.id),
            fixed_ips=[
                FixedIpView(subnet_id=subnet_id, ip_address=address)
                for subnet_id, address in self.addresses[row.id]
            ],
            admin_state_up=row.admin_state_up and network.admin_state_up and not is_prepared,
            is_prepared=is_prepared,
            port_security=row.port_security_enabled,
            groups=groups,
            rules=book.rules(row.id) if groups else [],
            rule_counts=book.counts(row.id) if groups else [],
            stateful=book.is_stateful(row.id) if groups else True,
            logs=(
                self.logs.of(row.id, groups, row.project_id) if row.port_security_enabled else []
            ),
            allowed_address_pairs=row.allowed_address_pairs,
            hostname=row.hostname,
            extra_dhcp_opts=row.options(),
            server_id=row.holder_id,
            project_id=row.project_id,
            qos_policy=bindings.effective(row, network) or "",
            local_ips=self.local_ips.get(row.id, []),
            parent=row.parent or "",
            tag=row.tag or 0,
        )

    def _dhcp_hosts(
        self, guests: Sequence[PortRow], served: Mapping[str, str], owner: str
    ) -> list[DhcpHostView]:
        names = guest_names.names_of(guests, owner, self.settings.dhcp_domain)
        return [
            DhcpHostView(
                port_id=row.id,
                mac=row.mac_address,
                ip_address=address,
                subnet_id=subnet_id,
                hostname=names[row.id] or _host_name(address),
                server_id=row.holder_id,
                project_id=row.project_id,
                extra_dhcp_opts=row.options(),
            )
            for row in sorted(guests, key=_by_id)
            for subnet_id, address in self.addresses[row.id]
            if subnet_id in served
        ]

    def _router_views_of(self, routers: Sequence[RouterRow]) -> list[RouterView]:
        ids = [router.id for router in routers]
        here = elections.on_host(self.ctx, self.host, ids)
        ends = ovn_hosts.local_ends(self.ctx, ids) if self.host == placement.EVERY else {}
        return router_views(self.ctx, routers, self._router_port, self.left_out, here, ends)

    def _router_port(self, port_id: str) -> RouterPortView | None:
        """The view of a router's port; None when it, or its network, is gone or switched off."""
        row = self.router_ports.get(port_id) or self.election_ports.get(port_id)
        if row is None or row.network_id not in self.networks:
            return None
        network = self.networks[row.network_id]
        if not (row.admin_state_up and network.admin_state_up):
            return None
        scopes = {
            self.subnets[subnet_id].ip_version: self.scopes.get(subnet_id, "")
            for subnet_id, _ in self.addresses[row.id]
            if subnet_id in self.subnets
        }
        return RouterPortView(
            port_id=row.id,
            network_id=network.id,
            bridge=self.bridge(network),
            mac=row.mac_address,
            addresses=[
                f"{address}/{checks.network(self.subnets[subnet_id].cidr).prefixlen}"
                for subnet_id, address in self.addresses[row.id]
                if subnet_id in self.subnets
            ],
            mtu=network.mtu,
            advertised=self._advertised(row),
            qos_policy=bindings.effective(row, network) or "",
            scope_v4=scopes.get(4, ""),
            scope_v6=scopes.get(6, ""),
        )

    def _advertised(self, row: PortRow) -> list[AdvertisedView]:
        """The IPv6 subnets that a router advertises from its interface ``row``."""
        if row.holder != holders.INTERFACE:
            return []
        subnet_ids = dict.fromkeys(subnet_id for subnet_id, _ in self.addresses[row.id])
        subnets = [self.subnets[key] for key in subnet_ids if key in self.subnets]
        return [
            AdvertisedView(
                subnet_id=subnet.id,
                cidr=subnet.cidr,
                mode=subnet.ipv6_ra_mode,
                dns_nameservers=subnet.dns_nameservers,
            )
            for subnet in subnets
            if subnet.ipv6_ra_mode is not None
        ]


def server_of(row: PortRow) -> tuple[str, str] | None:
    """The server of a port and the port's project; None for a port without server."""
    has_server = row.holder not in holders.SERVICES and row.holder_id
    return (row.holder_id, row.project_id) if has_server else None


def _by_id(row: PortRow | NetworkRow | RouterRow) -> str:
    """The sort key of objects in a view; parts are merged in this order."""
    return row.id


def _host_name(address: str) -> str:
    """The host name of a guest without a name: ``host-10-0-0-5``."""
    return "host-" + address.replace(".", "-").replace(":", "-")
