"""The rows of which a host's view is made; their types check the values."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from sqlalchemy import Select, select

from stratolith.network.drivers import checks
from stratolith.network.drivers.base import AddressPair
from stratolith.network.drivers.routing import RouteView
from stratolith.network.models import (
    FixedIp,
    Network,
    Port,
    Router,
    Segment,
    Subnet,
    SubPort,
    Trunk,
)

# Types of networks that there are; "": a network without a segment. Drivers say which they realise.
KNOWN_TYPES = ("local", "flat", "vlan", "vxlan", "gre", "geneve", "")


Mode = Literal["slaac", "dhcpv6-stateless", "dhcpv6-stateful"] | None


class NetworkRow(msgspec.Struct, frozen=True):
    id: str
    project_id: str
    admin_state_up: bool
    external: bool
    mtu: int
    network_type: str
    physical_network: str
    segmentation_id: int | None
    several_segments: bool
    qos_policy_id: str | None

    def __post_init__(self) -> None:
        checks.mtu(self.mtu)
        if self.network_type not in KNOWN_TYPES:
            raise ValueError(f"no host can realise a network of type {self.network_type!r}")


class SubnetRow(msgspec.Struct, frozen=True):
    id: str
    network_id: str
    cidr: str
    ip_version: int
    gateway_ip: str | None
    enable_dhcp: bool
    dns_nameservers: list[str]
    host_routes: list[RouteView]
    segment_id: str | None
    ipv6_address_mode: Mode
    ipv6_ra_mode: Mode

    def __post_init__(self) -> None:
        if checks.network(self.cidr).version != self.ip_version:
            raise ValueError(f"{self.cidr!r} is not an IPv{self.ip_version} range")
        if self.gateway_ip is not None:
            checks.address(self.gateway_ip, self.ip_version)
        for server in self.dns_nameservers:
            checks.address(server)
        check_routes(self.host_routes, self.ip_version)


class PortOption(msgspec.Struct, frozen=True):
    opt_name: str
    opt_value: str | int | None = None
    ip_version: int | str = 4


class PortRow(msgspec.Struct, frozen=True):
    """A port, with its place in a trunk; its addresses are in separate rows."""

    id: str
    network_id: str
    project_id: str
    mac_address: str
    admin_state_up: bool
    holder: str
    holder_id: str
    port_security_enabled: bool
    binding_host: str
    hostname: str
    dns_name: str
    vnic_type: str
    allowed_address_pairs: list[AddressPair]
    extra_dhcp_opts: list[PortOption]
    qos_policy_id: str | None
    parent: str | None  # the parent of its trunk
    tag: int | None

    def __post_init__(self) -> None:
        check_vnic(self.vnic_type)
        checks.mac(self.mac_address)
        for pair in self.allowed_address_pairs:
            checks.mac(pair.mac_address)
            checks.network(pair.ip_address)

    def options(self) -> list[tuple[str, str]]:
        """Names and values; the names of options for DHCPv6 begin with ``option6:``."""
        return [
            (_option_name(option), str(option.opt_value))
            for option in self.extra_dhcp_opts
            if option.opt_value
        ]


def _option_name(option: PortOption) -> str:
    return f"option6:{option.opt_name}" if str(option.ip_version) == "6" else option.opt_name


class StatusRow(msgspec.Struct, frozen=True):
    """The columns for a status change by a host's report, and for its event."""

    id: str
    status: str
    admin_state_up: bool
    holder: str
    holder_id: str
    network_id: str
    vnic_type: str = "normal"
    binding_error: str = ""

    def __post_init__(self) -> None:
        check_vnic(self.vnic_type)


class SegmentRow(msgspec.Struct, frozen=True):
    """A segment of a network that has several."""

    id: str
    network_id: str
    network_type: str
    physical_network: str
    segmentation_id: int | None
    position: int


class AddressRow(msgspec.Struct, frozen=True):
    port_id: str
    subnet_id: str
    ip_address: str

    def __post_init__(self) -> None:
        checks.address(self.ip_address)


class RouterRow(msgspec.Struct, frozen=True):
    id: str
    project_id: str
    admin_state_up: bool
    enable_snat: bool
    enable_ndp_proxy: bool
    gateway_port_id: str | None
    gateway_network_id: str | None
    routes: list[RouteView]
    qos_policy_id: str | None
    ha_number: int | None

    def __post_init__(self) -> None:
        check_routes(self.routes)


class MeterRow(msgspec.Struct, frozen=True):
    """A rule of a metering label."""

    id: str
    metering_label_id: str
    direction: str
    excluded: bool
    remote_ip_prefix: str | None
    source_ip_prefix: str | None
    destination_ip_prefix: str | None

    def __post_init__(self) -> None:
        if self.direction not in ("ingress", "egress"):
            raise ValueError(f"{self.direction!r} is not a direction")
        for prefix in (self.remote_ip_prefix, self.source_ip_prefix, self.destination_ip_prefix):
            if prefix is not None:
                checks.network(prefix)


class FloatingIpRow(msgspec.Struct, frozen=True):
    id: str
    router_id: str
    floating_ip_address: str
    floating_network_id: str
    fixed_ip_address: str
    qos_policy_id: str | None

    def __post_init__(self) -> None:
        checks.address(self.floating_ip_address, 4)
        checks.address(self.fixed_ip_address, 4)


class PortForwardingRow(msgspec.Struct, frozen=True):
    id: str
    floatingip_id: str
    protocol: str
    external_first: int
    external_last: int
    internal_ip_address: str
    internal_first: int
    internal_last: int
    router_id: str
    floating_ip_address: str
    floating_network_id: str
    qos_policy_id: str | None

    def __post_init__(self) -> None:
        checks.address(self.floating_ip_address, 4)
        checks.address(self.internal_ip_address, 4)
        checks.forwarded(
            self.protocol,
            (self.external_first, self.external_last),
            (self.internal_first, self.internal_last),
        )


class QosRuleRow(msgspec.Struct, frozen=True):
    id: str
    policy_id: str
    type: str
    direction: str
    amount: int
    burst: int

    def __post_init__(self) -> None:
        checks.qos_rule(self.type, self.direction, self.amount, self.burst)


class ConntrackHelperRow(msgspec.Struct, frozen=True):
    id: str
    router_id: str
    protocol: str
    port: int
    helper: str

    def __post_init__(self) -> None:
        if (self.helper, self.protocol) not in checks.HELPERS or not 1 <= self.port <= 65535:
            raise ValueError(f"no conntrack helper {self.helper!r} for {self.protocol!r}")


class NdpProxyRow(msgspec.Struct, frozen=True):
    id: str
    router_id: str
    ip_address: str

    def __post_init__(self) -> None:
        checks.address(self.ip_address, 6)


class RuleRow(msgspec.Struct, frozen=True):
    id: str
    security_group_id: str
    direction: str
    ethertype: str
    protocol: str | None
    port_range_min: int | None
    port_range_max: int | None
    remote_ip_prefix: str | None
    remote_group_id: str | None
    remote_address_group_id: str | None


class LogRow(msgspec.Struct, frozen=True):
    id: str
    project_id: str
    event: str
    resource_id: str | None
    target_id: str | None


class GroupAddressRow(msgspec.Struct, frozen=True):
    address_group_id: str
    address: str

    def __post_init__(self) -> None:
        checks.network(self.address)


class MemberRow(msgspec.Struct, frozen=True):
    port_id: str
    security_group_id: str
    ip_address: str


class PairsRow(msgspec.Struct, frozen=True):
    id: str
    security_group_id: str
    allowed_address_pairs: list[AddressPair]


def check_vnic(vnic_type: str) -> None:
    """Raises ``ValueError`` for interfaces that need hardware without a driver."""
    if vnic_type != "normal":
        raise ValueError(f"no host can bind a port of vnic type {vnic_type!r}")


def check_routes(routes: list[RouteView], version: int | None = None) -> None:
    """Raises ``ValueError`` that names an unusable destination or next hop."""
    for route in routes:
        target = checks.network(route.destination)
        checks.address(route.nexthop, target.version)
        if version is not None and target.version != version:
            raise ValueError(f"{route.destination!r} is not an IPv{version} range")


def columns(kind: type[msgspec.Struct], model: type[Any]) -> Select[Any]:
    """Select all fields of the kind from the model's columns with the same names."""
    return select(*(getattr(model, name) for name in kind.__struct_fields__))


NETWORKS = columns(NetworkRow, Network)
SEGMENTS = columns(SegmentRow, Segment)
SUBNETS = columns(SubnetRow, Subnet)
PORTS = (
    select(
        *(getattr(Port, name) for name in PortRow.__struct_fields__ if hasattr(Port, name)),
        Trunk.port_id.label("parent"),
        SubPort.segmentation_id.label("tag"),
    )
    .outerjoin(SubPort, SubPort.port_id == Port.id)
    .outerjoin(Trunk, Trunk.id == SubPort.trunk_id)
)
ADDRESSES = columns(AddressRow, FixedIp)
ROUTERS = columns(RouterRow, Router)
