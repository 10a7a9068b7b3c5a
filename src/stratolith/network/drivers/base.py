"""The interface of network drivers, and the view of one host that they realise.

The control plane compiles the complete desired view of one host from the database; the driver
applies the difference to the kernel. A view is a state, not an event: applying the same view twice
changes nothing, and applying it again repairs what somebody changed by hand. The structs are
msgspec structs because the view is sent as JSON over the agent API.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Annotated, Protocol, runtime_checkable

import msgspec

from stratolith.network.drivers.capacity import Capacity
from stratolith.network.drivers.hops import Asked, Hop
from stratolith.network.drivers.routing import RouterView, RouteView


class NetworkDriverError(Exception):
    """The host's network cannot be brought to the view; the text says what and why."""


class RuleView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One security group rule.

    remote_group: id of a security group whose addresses are in the view's ``groups``.
    address_group: id of an address group in its ``address_groups``.
    Rules with either have an empty ``remote_cidrs``, so that an agent that does not know the field
    allows no address.
    """

    direction: str  # ingress, egress
    ethertype: str  # IPv4, IPv6
    protocol: str | None = None  # tcp, udp, icmp, ipv6-icmp, or a number as text; None: any
    port_range_min: int | None = None  # for ICMP: type
    port_range_max: int | None = None  # for ICMP: code
    remote_cidrs: list[str] | None = None  # None: any address; []: no address
    remote_group: str = ""
    address_group: str = ""

    @property
    def peers(self) -> str:
        """Id of the security group or address group that the rule names; "" for none."""
        return self.remote_group or self.address_group


class QosRuleView(msgspec.Struct, frozen=True, kw_only=True):
    """A rule of a QoS policy that hosts enforce, in one direction as seen by the guest."""

    type: str  # bandwidth_limit, packet_rate_limit, dscp_marking
    direction: str  # ingress, egress; DSCP marks are egress
    amount: int  # kbit/s, thousand packets/s, or the mark; a limit of 0 is none
    burst: int = 0  # kbit or thousand packets; 0: chosen by the driver


class AddressPair(msgspec.Struct, frozen=True, kw_only=True):
    ip_address: str  # address or CIDR
    mac_address: str


class FixedIpView(msgspec.Struct, frozen=True, kw_only=True):
    subnet_id: str
    ip_address: str


class LogView(msgspec.Struct, frozen=True, kw_only=True):
    """A log: packets of its ports that rules accept or drop are written to the host's log.

    group: only the ports of this security group, and of accepted packets only those that its rules
    accept; port: only this port. Without both: all ports of the project.
    """

    id: str
    project_id: str
    event: str  # ACCEPT, DROP, ALL
    group: str = ""
    port: str = ""

    def is_about(self, port: PortView) -> bool:
        if self.port:
            return self.port == port.id
        return self.group in port.groups if self.group else self.project_id == port.project_id


class LocalIpView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An address that the guests of the port's network on this host reach as this port.

    passthrough: the guest has the address itself; else the packets are sent to ``fixed_ip``.
    """

    id: str
    address: str
    fixed_ip: str
    passthrough: bool = False


class PortView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A guest's port on this host: it gets a tap on the network's bridge, filters, a lease.

    parent: the port whose tap carries its frames, with the VLAN tag ``tag``; "" for a port of its
    own.  is_prepared: the port is active on another host and may move here; its tap and filters
    are ready, and no frame passes (``admin_state_up`` is False).
    """

    id: str
    mac: str
    tap: str  # tap name for the guest: "tap" + first 11 characters of the id
    fixed_ips: list[FixedIpView] = []
    admin_state_up: bool = True
    is_prepared: bool = False
    port_security: bool = True
    groups: list[str] = []  # security groups, in the order in which ``rules`` has theirs
    rules: list[RuleView] = []
    rule_counts: list[int] = []  # how many of ``rules`` are of each of the groups
    stateful: bool = True  # False: the rules apply to each packet alone, without conntrack
    logs: list[LogView] = []  # those about this port, by id
    allowed_address_pairs: list[AddressPair] = []
    hostname: str = ""
    extra_dhcp_opts: list[tuple[str, str]] = []
    server_id: str = ""  # for the metadata proxy
    project_id: str = ""
    qos_policy: str = ""  # in force for the port: its own, or its network's
    local_ips: list[LocalIpView] = []  # those associated with this port, by id
    parent: str = ""
    tag: int = 0


class SubnetView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    id: str
    cidr: str
    ip_version: int
    gateway_ip: str | None
    enable_dhcp: bool
    dns_nameservers: list[str] = []
    host_routes: list[RouteView] = []
    dhcp_ip: str | None = None  # address of the DHCP port in this subnet, when DHCP is on
    ipv6_address_mode: str | None = None  # slaac, dhcpv6-stateless, dhcpv6-stateful
    ipv6_ra_mode: str | None = None  # the same; None: no router of ours advertises the subnet


class DhcpHostView(msgspec.Struct, frozen=True, kw_only=True):
    """A DHCP reservation: DHCP answers every port of the network, on any host."""

    port_id: str
    mac: str
    ip_address: str
    subnet_id: str
    hostname: str  # relative to the domain of the network
    server_id: str = ""
    project_id: str = ""
    extra_dhcp_opts: list[tuple[str, str]] = []


class TunnelPeerView(msgspec.Struct, frozen=True, kw_only=True):
    """Another host with a part of the network, and the network's ports on that host."""

    address: str  # of the host's end of tunnels
    ports: dict[str, str] = {}  # port -> its MAC address; "": one of the network's ``moving``
    addresses: dict[str, list[str]] = {}  # port -> addresses that no pair gives another MAC
    servers: dict[str, tuple[str, str]] = {}  # port of a server -> the server and the project


class NetworkView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    id: str
    bridge: str  # "brq" + first 11 characters of the id; the external bridge for external ones
    network_type: str  # local, flat, vlan, vxlan, gre, geneve; of its segment on this host
    physical_network: str | None = None
    uplink: str = ""  # device of the host that is connected to the physical network; "": none
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
    peers: list[TunnelPeerView] = []  # empty: the network is on this host only
    # of routers that are on several hosts: MAC address -> the addresses there
    moving: dict[str, list[str]] = {}


class ExternalNetworkView(msgspec.Struct, frozen=True, kw_only=True):
    """The host-local external network: a bridge with the gateway address and NAT."""

    physical_network: str
    bridge: str
    gateway_cidrs: list[str]  # ["172.24.4.1/24"]: addresses of the host on the bridge
    nat: bool = True


class ConnectionLimits(msgspec.Struct, frozen=True, kw_only=True):
    """The largest numbers of tracked connections that a port, or all ports of a project on the host
    together, may have open, and that others may have open to them.
    """

    port: int = 16384
    project: int = 32768


class LogLimits(msgspec.Struct, frozen=True, kw_only=True):
    """The most packets of a port that are logged in a second, and at once after a pause."""

    rate: int = 100
    burst: int = 25


class SouthboundView(msgspec.Struct, frozen=True, kw_only=True):
    """Where a host on another machine than the server finds OVN's southbound database.

    admitted: identifies the certificate that the server knows of the host, "" for none.
    """

    port: int
    admitted: str = ""


class HostNetworkView(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that one host must realise. ``generation`` grows with every change.

    groups: security group that a rule names -> port -> its addresses (and CIDRs of its pairs).
    qos: policy that a port, floating IP or gateway of the view has -> its rules.
    address_groups: address group that a rule names -> its CIDRs, sorted.
    connections, logging: limits from the cloud's settings; joined hosts have no copy of its
    settings file.
    left_out: object id -> reason why it cannot be described. Drivers ignore it; the agent reports
    it together with the driver's errors.
    """

    host: str
    generation: int
    driver: str = ""  # of the cloud's settings; hosts without a setting of their own follow it
    southbound: SouthboundView | None = None  # with driver ovn, on other machines
    tunnel_address: str = ""  # of this host; "": none, and no network has peers
    externals: list[ExternalNetworkView] = []
    networks: list[NetworkView] = []
    routers: list[RouterView] = []
    groups: dict[str, dict[str, list[str]]] = {}
    qos: dict[str, list[QosRuleView]] = {}
    address_groups: dict[str, list[str]] = {}
    connections: ConnectionLimits = ConnectionLimits()
    logging: LogLimits = LogLimits()
    left_out: dict[str, str] = {}


class PortPart(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a host has of one port; all fields are empty when it has nothing.

    network_id: "" when the host has no part of the port's network.  port: when it is bound here.
    dhcp_hosts: its reservations.  peer: tunnel address of the other host that it is bound to,
    "" for none.  addresses, server: for that peer.  members: its addresses by security group, for
    groups that rules of the host's ports name.
    """

    network_id: str = ""
    port: PortView | None = None
    dhcp_hosts: list[DhcpHostView] = []
    peer: str = ""
    mac: str = ""
    addresses: list[str] = []
    server: tuple[str, str] | None = None
    members: dict[str, list[str]] = {}


class HostNetworkPart(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The answer to a request for a few keys; ``whole`` is set instead where a part is not enough.

    ports: all requested ports.  networks, routers: all requested ones, None for those of which the
    host has no part; also the host's routers that connect the requested networks.
    externals: None if neither networks nor routers were requested.
    rules: by security group, for the requested groups of the host's ports; other_rules: for the
    other groups of these ports.
    members: like ``groups`` of the view, for requested groups that rules of the host's ports name.
    qos: like ``qos`` of the view, for requested policies and those that the other parts name.
    address_groups: the same for requested address groups.
    addresses: address group -> requested address -> whether the group has it.
    logs: the requested logs, None for those about none of the host's ports.
    """

    generation: int
    ports: dict[str, PortPart] = {}
    networks: dict[str, NetworkView | None] = {}
    routers: dict[str, RouterView | None] = {}
    externals: list[ExternalNetworkView] | None = None
    rules: dict[str, list[RuleView]] = {}
    other_rules: dict[str, list[RuleView]] = {}
    members: dict[str, dict[str, list[str]]] = {}
    qos: dict[str, list[QosRuleView]] = {}
    address_groups: dict[str, list[str]] = {}
    addresses: dict[str, dict[str, bool]] = {}
    logs: dict[str, LogView | None] = {}
    whole: HostNetworkView | None = None


class Applied(msgspec.Struct, frozen=True, kw_only=True):
    """The result of an apply, per object; the failure of one object does not stop the others."""

    generation: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
    ports: list[str] = []  # port ids that are wired and filtered
    networks: list[str] = []
    routers: list[str] = []
    floating_ips: list[str] = []
    errors: dict[str, str] = {}  # object id -> reason
    # routers that several hosts have -> whether this host is the active one now
    elections: dict[str, bool] = {}
    # physical network -> device, of the host's own settings; the agent adds them to the report
    physical_networks: Annotated[
        dict[
            Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$")],
            Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,14}$")],
        ],
        msgspec.Meta(max_length=256),
    ] = {}
    capacity: Capacity = Capacity()  # of the same settings


class MeterReading(msgspec.Struct, frozen=True, kw_only=True):
    """What a label has counted since the router came to this host."""

    label: str
    router: str
    project: str
    direction: str
    packets: int = 0
    bytes: int = 0


@runtime_checkable
class CountsTraffic(Protocol):
    """A driver that realises the meters of routers."""

    def meter_readings(self) -> list[MeterReading]:
        """The counters of all labels, two for each router; raises nothing."""


@runtime_checkable
class AsksForAdmission(Protocol):
    """A driver that needs a certificate of the server for something beside the agent API."""

    ask_admission: Callable[[str], bytes] | None  # a signing request (PEM) -> the server's answer


@runtime_checkable
class NetworkDriver(Protocol):
    """What an agent needs to realise networks. The methods raise ``NetworkDriverError``."""

    name: str

    def check(self) -> list[str]:
        """What the host lacks, one sentence each; empty when nothing is missing."""

    def apply(self, view: HostNetworkView) -> Applied:
        """Bring the host to the view and remove our objects that are not in it."""

    def keep_watch(
        self, stopping: threading.Event, repaired: Callable[[], None] = lambda: None
    ) -> None:
        """Restore within a second what ends or is removed; calls ``repaired`` afterwards.

        Works from the last view, without the control plane. Returns when ``stopping`` is set.
        """

    def diagnose(self, view: HostNetworkView, asked: Asked) -> list[Hop]:
        """Look at the way of a port's packets on this host; ``view`` is what should be there."""

    def remove_all(self) -> None:
        """Remove all our namespaces, bridges, taps, tables, processes and files; nothing else."""
