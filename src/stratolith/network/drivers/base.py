"""The network driver interface and the view of one host that it realises.

The control plane compiles, from the database, the complete desired view of one host; the
driver applies the difference to the kernel. The view is level, not edge: applying the same
view twice changes nothing, applying it after somebody tampered repairs. Structs are msgspec
because the view travels as JSON over the agent API.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol

import msgspec


class NetworkDriverError(Exception):
    """The host's network could not be brought to the view; the text says what and why."""


class RouteView(msgspec.Struct, frozen=True, kw_only=True):
    destination: str  # CIDR
    nexthop: str


class RuleView(msgspec.Struct, frozen=True, kw_only=True):
    """One security group rule.

    remote_group: id of a security group whose addresses are in the view's ``groups``; such a rule
    has no ``remote_cidrs`` but an empty list, so that who does not know it lets nobody through.
    """

    direction: str  # ingress, egress
    ethertype: str  # IPv4, IPv6
    protocol: str | None = None  # tcp, udp, icmp, ipv6-icmp, or a number as text; None: any
    port_range_min: int | None = None  # for ICMP: type
    port_range_max: int | None = None  # for ICMP: code
    remote_cidrs: list[str] | None = None  # None: anywhere; []: nobody
    remote_group: str = ""


class AddressPair(msgspec.Struct, frozen=True, kw_only=True):
    ip_address: str  # address or CIDR
    mac_address: str


class FixedIpView(msgspec.Struct, frozen=True, kw_only=True):
    subnet_id: str
    ip_address: str


class PortView(msgspec.Struct, frozen=True, kw_only=True):
    """A guest's port on this host: gets a tap on the network's bridge, filters, a lease."""

    id: str
    mac: str
    tap: str  # tap name for the guest: "tap" + first 11 characters of the id
    fixed_ips: list[FixedIpView] = []
    admin_state_up: bool = True
    port_security: bool = True
    rules: list[RuleView] = []
    allowed_address_pairs: list[AddressPair] = []
    hostname: str = ""
    extra_dhcp_opts: list[tuple[str, str]] = []
    server_id: str = ""  # for the metadata proxy
    project_id: str = ""


class SubnetView(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    cidr: str
    ip_version: int
    gateway_ip: str | None
    enable_dhcp: bool
    dns_nameservers: list[str] = []
    host_routes: list[RouteView] = []
    dhcp_ip: str | None = None  # address of the DHCP port in this subnet, when DHCP is on


class DhcpHostView(msgspec.Struct, frozen=True, kw_only=True):
    """A reservation: every port of the network, on whatever host, is answered."""

    port_id: str
    mac: str
    ip_address: str
    subnet_id: str
    hostname: str
    server_id: str = ""
    project_id: str = ""
    extra_dhcp_opts: list[tuple[str, str]] = []


class TunnelPeerView(msgspec.Struct, frozen=True, kw_only=True):
    """Another host with a part of the network, and the ports that are there."""

    address: str  # for tunnels
    ports: dict[str, str] = {}  # port -> its MAC address


class NetworkView(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    bridge: str  # "brq" + first 11 characters of the id; the external bridge for external ones
    network_type: str  # vxlan, flat, vlan, local
    physical_network: str | None = None
    segmentation_id: int | None = None
    mtu: int = 1450
    external: bool = False
    dns_domain: str = ""
    subnets: list[SubnetView] = []
    ports: list[PortView] = []
    dhcp_hosts: list[DhcpHostView] = []
    dhcp_port_id: str | None = None  # None: no DHCP namespace on this host
    dhcp_lease_seconds: int = 86400
    dhcp_mac: str | None = None
    peers: list[TunnelPeerView] = []  # empty: the network is on this host alone


class RouterPortView(msgspec.Struct, frozen=True, kw_only=True):
    port_id: str
    network_id: str
    bridge: str
    mac: str
    addresses: list[str]  # "10.0.0.1/24"
    mtu: int = 1450


class FloatingIpView(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    floating_ip: str
    fixed_ip: str


class RouterView(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    admin_state_up: bool = True
    enable_snat: bool = True
    interfaces: list[RouterPortView] = []
    gateway: RouterPortView | None = None
    gateway_nexthops: list[str] = []  # gateway_ip of the external subnets
    floating_ips: list[FloatingIpView] = []
    routes: list[RouteView] = []
    # Metadata through the router: (network_id, address) -> server, for isolated lookups
    metadata: bool = True


class ExternalNetworkView(msgspec.Struct, frozen=True, kw_only=True):
    """The host-local external network: a bridge with the gateway address and NAT."""

    physical_network: str
    bridge: str
    gateway_cidrs: list[str]  # ["172.24.4.1/24"]: addresses of the host on the bridge
    nat: bool = True


class HostNetworkView(msgspec.Struct, frozen=True, kw_only=True):
    """Everything one host must realise. ``generation`` grows with every change.

    groups: security group that a rule names -> port -> its addresses (and CIDRs of its pairs).
    left_out: object id -> why it cannot even be described. Drivers ignore it; the agent reports
    it with what its driver could not realise.
    """

    host: str
    generation: int
    tunnel_address: str = ""  # of this host; "": it has none, and no network has peers
    externals: list[ExternalNetworkView] = []
    networks: list[NetworkView] = []
    routers: list[RouterView] = []
    groups: dict[str, dict[str, list[str]]] = {}
    left_out: dict[str, str] = {}


class PortPart(msgspec.Struct, frozen=True, kw_only=True):
    """What a host has of one port; all empty: nothing.

    network_id: "" when the host has no part of the port's network.  port: where it is bound here.
    dhcp_hosts: its reservations.  peer: address of the host that it is at, for tunnels, "" for
    none.  members: its addresses by security group, for groups that rules of the host's ports name.
    """

    network_id: str = ""
    port: PortView | None = None
    dhcp_hosts: list[DhcpHostView] = []
    peer: str = ""
    mac: str = ""
    members: dict[str, list[str]] = {}


class HostNetworkPart(msgspec.Struct, frozen=True, kw_only=True):
    """Answer to a question for a few ports; ``whole`` instead where these are not enough."""

    generation: int
    ports: dict[str, PortPart] = {}  # every port that was asked for
    whole: HostNetworkView | None = None


class Applied(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an apply, per object; a failure of one never stops the others."""

    generation: int
    ports: list[str] = []  # port ids that are wired and filtered
    networks: list[str] = []
    routers: list[str] = []
    floating_ips: list[str] = []
    errors: dict[str, str] = {}  # object id -> reason


class NetworkDriver(Protocol):
    """What an agent needs to realise networks. Methods raise ``NetworkDriverError``."""

    name: str

    def check(self) -> list[str]:
        """What the host lacks, one sentence each; empty when everything is there."""

    def apply(self, view: HostNetworkView) -> Applied:
        """Bring the host to the view, removing whatever of ours is not in it."""

    def keep_watch(
        self, stopping: threading.Event, mended: Callable[[], None] = lambda: None
    ) -> None:
        """Bring back within a second what ends or is taken away; calls ``mended`` afterwards.

        Works from the last view, so it needs no control plane. Returns when ``stopping`` is set.
        """

    def remove_all(self) -> None:
        """Remove every namespace, bridge, tap, table, process and file of ours; nothing else."""
