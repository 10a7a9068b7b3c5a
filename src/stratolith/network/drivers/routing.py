"""What a host is told of routers: their ports, gateways, addresses, and what is done to packets.

Parts of the view of a host (``base.py``).
"""

from __future__ import annotations

import msgspec


class RouteView(msgspec.Struct, frozen=True, kw_only=True):
    destination: str  # CIDR
    nexthop: str


class AdvertisedView(msgspec.Struct, frozen=True, kw_only=True):
    """An IPv6 subnet that a router advertises to the guests of a network."""

    subnet_id: str
    cidr: str
    mode: str  # slaac, dhcpv6-stateless, dhcpv6-stateful
    dns_nameservers: list[str] = []


class RouterPortView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``scope_v4``, ``scope_v6``: address scopes of its subnets, "" for none."""

    port_id: str
    network_id: str
    bridge: str
    mac: str
    addresses: list[str]  # "10.0.0.1/24"
    mtu: int = 1450
    advertised: list[AdvertisedView] = []
    qos_policy: str = ""  # of a gateway: for traffic of its own addresses
    scope_v4: str = ""
    scope_v6: str = ""


class FloatingIpView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``port_id``, ``mac``: the port whose host translates the address, and the MAC address with
    which it does; empty: the router's host does.
    """

    id: str
    floating_ip: str
    fixed_ip: str
    qos_policy: str = ""
    network_id: str = ""  # external network of a further gateway; "": of the first one
    port_id: str = ""
    mac: str = ""


class PortForwardingView(msgspec.Struct, frozen=True, kw_only=True):
    """Ports of a floating IP that lead to a fixed address: to as many ports, or to one."""

    id: str
    floating_ip_id: str
    floating_ip: str
    protocol: str  # tcp, udp, sctp, dccp
    external_ports: tuple[int, int]  # first and last
    fixed_ip: str
    internal_ports: tuple[int, int]
    qos_policy: str = ""  # of the floating IP
    network_id: str = ""  # as that of the floating IP


class MeterRuleView(msgspec.Struct, frozen=True, kw_only=True):
    """Traffic between a router's inside and outside; addresses are those of the inside."""

    direction: str  # ingress, egress
    source: str = ""  # CIDR, "": any
    destination: str = ""
    excluded: bool = False  # the traffic is not counted, whatever other rules say


class MeterView(msgspec.Struct, frozen=True, kw_only=True):
    """What a metering label counts of a router's traffic."""

    label: str
    rules: list[MeterRuleView] = []


class ConntrackHelperView(msgspec.Struct, frozen=True, kw_only=True):
    """A helper of the kernel for connections to a port, by Neutron's name."""

    id: str
    protocol: str
    port: int
    helper: str


class NdpProxyView(msgspec.Struct, frozen=True, kw_only=True):
    """An IPv6 address behind a router for which it answers on its external network."""

    id: str
    ip_address: str


HIGHEST_PRIORITY = 100  # of a router's first host


class ElectionView(msgspec.Struct, frozen=True, kw_only=True):
    """How the hosts of a router choose the one that is active.

    port: of this host, on a network on which the hosts send each other messages.
    """

    port: RouterPortView
    number: int  # of the router, 1 to 255; other routers on that network have others
    priority: int = 50  # 1 to 254; when two hosts are active, the one with the higher stays so


class ExtraGatewayView(msgspec.Struct, frozen=True, kw_only=True):
    """A further gateway of a router: what comes in by it leaves by it."""

    port: RouterPortView
    nexthops: list[str] = []  # gateway_ip of its external subnets


class RouterView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``election``: set when several hosts have the router, of which one is active at a time."""

    id: str
    election: ElectionView | None = None
    admin_state_up: bool = True
    enable_snat: bool = True
    interfaces: list[RouterPortView] = []
    gateway: RouterPortView | None = None
    gateway_nexthops: list[str] = []  # gateway_ip of the external subnets
    extra_gateways: list[ExtraGatewayView] = []
    floating_ips: list[FloatingIpView] = []
    port_forwardings: list[PortForwardingView] = []
    conntrack_helpers: list[ConntrackHelperView] = []
    # whether the outside reaches IPv6 addresses by proxies only
    enable_ndp_proxy: bool = False
    ndp_proxies: list[NdpProxyView] = []
    routes: list[RouteView] = []
    # Metadata through the router finds the server by (network_id, address), for isolated networks
    metadata: bool = True
    project_id: str = ""
    meters: list[MeterView] = []


def outside(router: RouterView) -> list[RouterPortView]:
    """The ports of all gateways, that with the default route first."""
    first = [router.gateway] if router.gateway is not None else []
    return [*first, *(extra.port for extra in router.extra_gateways)]
