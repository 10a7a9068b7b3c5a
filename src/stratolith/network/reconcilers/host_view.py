"""Compiles the desired network of one host from the database.

Columns, not objects, are read: a view of 1,000 ports is a dozen statements. Every router is
realised on one host, chosen by ``network_host``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import select

from stratolith.kernel.agent.hub import AgentRecord, is_alive
from stratolith.kernel.context import Context
from stratolith.network.drivers.base import (
    AddressPair,
    DhcpHostView,
    ExternalNetworkView,
    FixedIpView,
    HostNetworkView,
    NetworkView,
    PortView,
    RouterPortView,
    RouteView,
    SubnetView,
)
from stratolith.network.managers import holders, ipam
from stratolith.network.managers.events import VIEW
from stratolith.network.managers.server_ports import tap_name
from stratolith.network.models import FixedIp, Network, Port, Router, Subnet
from stratolith.network.reconcilers.filter_rules import RuleBook
from stratolith.network.reconcilers.router_views import router_views
from stratolith.network.settings import NetworkSettings

Addresses = dict[str, list[tuple[str, str]]]  # port id -> [(subnet id, address)]


def network_host(ctx: Context) -> str:
    """The host that realises routers: the first alive by name, else the first ever seen."""
    records = [r for r in ctx.session.scalars(select(AgentRecord)) if VIEW in r.views]
    now = ctx.env.clock.now()
    alive = [record.host for record in records if is_alive(record, now)]
    return min(alive or [record.host for record in records], default="")


def compile_view(ctx: Context, host: str, keys: list[str] | None = None) -> HostNetworkView:
    """Everything ``host`` must realise; ``keys`` only say what changed, the view is whole."""
    return _Compiler(ctx, host).view()


class _Compiler:
    def __init__(self, ctx: Context, host: str) -> None:
        self.ctx, self.session, self.host = ctx, ctx.session, host
        self.settings = ctx.env.settings.of(NetworkSettings)
        self.is_network_host = network_host(ctx) in ("", host)

    def view(self) -> HostNetworkView:
        routers = self._routers()
        network_ids = self._network_ids(routers)
        self.networks = {
            network.id: network
            for network in self.session.scalars(select(Network).where(Network.id.in_(network_ids)))
        }
        self._read_ports()
        self._read_subnets()
        book = RuleBook(self.ctx, [p.id for p in self.guests if p.binding_host == self.host])
        return HostNetworkView(
            host=self.host,
            generation=int(self.ctx.env.clock.now().timestamp() * 1_000_000),
            externals=self._externals(),
            networks=[self._network(network, book) for network in self.networks.values()],
            routers=router_views(self.ctx, routers, self._router_port) if routers else [],
        )

    def _routers(self) -> list[Router]:
        if not self.is_network_host:
            return []
        return list(self.session.scalars(select(Router).order_by(Router.id)))

    def _network_ids(self, routers: list[Router]) -> list[str]:
        """Networks with guests here, and those its routers join."""
        here = select(Port.network_id).where(Port.binding_host == self.host)
        found = set(self.session.scalars(here.distinct()))
        if routers:
            joined = select(Port.network_id).where(Port.holder.in_(holders.ROUTER))
            found |= set(self.session.scalars(joined.distinct()))
        return sorted(found)

    def _read_ports(self) -> None:
        rows = self.session.execute(
            select(
                Port.id,
                Port.network_id,
                Port.project_id,
                Port.mac_address,
                Port.admin_state_up,
                Port.holder,
                Port.holder_id,
                Port.port_security_enabled,
                Port.binding_host,
                Port.hostname,
                Port.allowed_address_pairs,
                Port.extra_dhcp_opts,
            ).where(Port.network_id.in_(list(self.networks)))
        ).all()
        self.guests = [row for row in rows if row.holder not in holders.SERVICES]
        self.by_network: dict[str, list[Any]] = defaultdict(list)
        for row in self.guests:
            self.by_network[row.network_id].append(row)
        self.dhcp = {row.network_id: row for row in rows if row.holder == holders.DHCP}
        self.router_ports = {row.id: row for row in rows if row.holder in holders.ROUTER}
        self.addresses: Addresses = defaultdict(list)
        fixed = self.session.execute(
            select(FixedIp.port_id, FixedIp.subnet_id, FixedIp.ip_address)
            .where(FixedIp.network_id.in_(list(self.networks)))
            .order_by(FixedIp.port_id, FixedIp.position)
        )
        for port_id, subnet_id, address in fixed:
            self.addresses[port_id].append((subnet_id, address))

    def _read_subnets(self) -> None:
        rows = self.session.scalars(
            select(Subnet)
            .where(Subnet.network_id.in_(list(self.networks)))
            .order_by(Subnet.created_at, Subnet.id)
        )
        self.subnets = {subnet.id: subnet for subnet in rows}

    # -- parts of the view -----------------------------------------------------------------------

    def _externals(self) -> list[ExternalNetworkView]:
        """The external bridge with the gateway's addresses, when anything here uses it."""
        cidrs = [
            f"{subnet.gateway_ip}/{ipam.network_of(subnet.cidr).prefixlen}"
            for subnet in self.subnets.values()
            if subnet.gateway_ip and self._is_flat(self.networks[subnet.network_id])
        ]
        if not any(self._is_flat(network) for network in self.networks.values()):
            return []
        return [
            ExternalNetworkView(
                physical_network=self.settings.physical_network,
                bridge=self.settings.external_bridge,
                gateway_cidrs=cidrs if self.is_network_host else [],
                nat=self.settings.external_nat and self.is_network_host,
            )
        ]

    def _is_flat(self, network: Network) -> bool:
        return (
            network.network_type == "flat"
            and network.physical_network == self.settings.physical_network
        )

    def bridge(self, network: Network) -> str:
        if self._is_flat(network):
            return self.settings.external_bridge
        return f"brq{network.id[:11]}"

    def _network(self, network: Network, book: RuleBook) -> NetworkView:
        guests = self.by_network[network.id]
        mine = [guest for guest in guests if guest.binding_host == self.host]
        dhcp = self.dhcp.get(network.id)
        served = dict(self.addresses[dhcp.id]) if dhcp is not None else {}
        subnets = [s for s in self.subnets.values() if s.network_id == network.id]
        return NetworkView(
            id=network.id,
            bridge=self.bridge(network),
            network_type=network.network_type,
            physical_network=network.physical_network or None,
            segmentation_id=network.segmentation_id,
            mtu=network.mtu,
            external=network.external,
            dns_domain=self.settings.dhcp_domain,
            dhcp_lease_seconds=self.settings.dhcp_lease_seconds,
            subnets=[self._subnet(subnet, served) for subnet in subnets],
            ports=[self._port(port, book, network) for port in mine],
            dhcp_hosts=self._dhcp_hosts(guests, served) if served else [],
            dhcp_port_id=dhcp.id if dhcp is not None and served else None,
            dhcp_mac=dhcp.mac_address if dhcp is not None and served else None,
        )

    def _subnet(self, subnet: Subnet, served: Mapping[str, str]) -> SubnetView:
        return SubnetView(
            id=subnet.id,
            cidr=subnet.cidr,
            ip_version=subnet.ip_version,
            gateway_ip=subnet.gateway_ip,
            enable_dhcp=subnet.enable_dhcp,
            dns_nameservers=subnet.dns_nameservers
            or (self.settings.dns_nameservers if subnet.ip_version == 4 else []),
            host_routes=[RouteView(**route) for route in subnet.host_routes],
            dhcp_ip=served.get(subnet.id) if subnet.enable_dhcp else None,
        )

    def _port(self, row: Any, book: RuleBook, network: Network) -> PortView:
        return PortView(
            id=row.id,
            mac=row.mac_address,
            tap=tap_name(row.id),
            fixed_ips=[
                FixedIpView(subnet_id=subnet_id, ip_address=address)
                for subnet_id, address in self.addresses[row.id]
            ],
            admin_state_up=row.admin_state_up and network.admin_state_up,
            port_security=row.port_security_enabled,
            rules=book.rules(row.id) if row.port_security_enabled else [],
            allowed_address_pairs=[AddressPair(**pair) for pair in row.allowed_address_pairs],
            hostname=row.hostname,
            extra_dhcp_opts=_options(row.extra_dhcp_opts),
            server_id=row.holder_id,
            project_id=row.project_id,
        )

    def _dhcp_hosts(self, guests: Iterable[Any], served: Mapping[str, str]) -> list[DhcpHostView]:
        return [
            DhcpHostView(
                port_id=row.id,
                mac=row.mac_address,
                ip_address=address,
                subnet_id=subnet_id,
                hostname=row.hostname or _host_name(address),
                server_id=row.holder_id,
                project_id=row.project_id,
                extra_dhcp_opts=_options(row.extra_dhcp_opts),
            )
            for row in guests
            for subnet_id, address in self.addresses[row.id]
            if subnet_id in served
        ]

    def _router_port(self, port_id: str) -> RouterPortView | None:
        """A router's port as its router's view has it; None when it has gone."""
        row = self.router_ports.get(port_id)
        if row is None or row.network_id not in self.networks:
            return None
        network = self.networks[row.network_id]
        return RouterPortView(
            port_id=row.id,
            network_id=network.id,
            bridge=self.bridge(network),
            mac=row.mac_address,
            addresses=[
                f"{address}/{ipam.network_of(self.subnets[subnet_id].cidr).prefixlen}"
                for subnet_id, address in self.addresses[row.id]
            ],
            mtu=network.mtu,
        )


def _options(options: list[Any]) -> list[tuple[str, str]]:
    return [(one["opt_name"], str(one["opt_value"])) for one in options if one.get("opt_value")]


def _host_name(address: str) -> str:
    """What DHCP calls a guest without a name: ``host-10-0-0-5``."""
    return "host-" + address.replace(".", "-").replace(":", "-")
