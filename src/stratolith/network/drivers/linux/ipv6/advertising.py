"""Router advertisements: the arguments of the dnsmasq in a router's namespace.

A process of its own, because guests lose their default route when advertisements end: it outlives
the agent, as DHCP servers do. It only advertises: the router's tables drop DHCPv6 requests to it
(``rules``), which are for the DHCP servers of the networks.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from stratolith.network.drivers import checks
from stratolith.network.drivers.linux import names
from stratolith.network.drivers.linux.objects import DhcpSpec, NamespaceSpec
from stratolith.network.drivers.routing import AdvertisedView, RouterPortView, RouterView

# Seconds between advertisements, and for how long a guest may use the router after the last one
INTERVAL, LIFETIME = 60, 1800
MOST_NAME_SERVERS = 3  # in one advertisement
LEAST_MTU = 1280  # of IPv6; guests ignore smaller ones
LEAST_PREFIX = 64
_PREFIX_SECONDS = 86400
_MODES = {"slaac": "ra-only", "dhcpv6-stateless": "ra-stateless", "dhcpv6-stateful": "static"}


def compile_advertiser(router: RouterView, namespace: NamespaceSpec) -> DhcpSpec | None:
    """The daemon of a router; None for a router without subnets to advertise.

    Subnets shorter than /64 are left out, because dnsmasq refuses them.
    Raises ``ValueError`` that names an unusable value.
    """
    ports = [port for port in router.interfaces if _advertised(port)]
    if not ports:
        return None
    devices = [names.inner_interface(port.port_id) for port in ports]
    options = ["--port=0", "--enable-ra"]
    options += [f"--interface={device}" for device in devices[1:]]
    for device, port in zip(devices, ports, strict=True):
        options += [*_arguments(device, port), *_name_servers(device, port)]
    return DhcpSpec(
        owner=names.checked_id(router.id),
        namespace=namespace.name,
        interface=devices[0],
        options=tuple(options),
    )


def rules() -> list[str]:
    """What a router's namespace must not answer; for a chain of packets to itself."""
    return ["udp dport { 53, 547 } drop"]


def _advertised(port: RouterPortView) -> list[AdvertisedView]:
    return [
        subnet
        for subnet in port.advertised
        if ipaddress.IPv6Network(subnet.cidr).prefixlen >= LEAST_PREFIX
    ]


def _arguments(device: str, port: RouterPortView) -> Iterable[str]:
    mtu = f"mtu:{port.mtu}," if port.mtu >= LEAST_MTU else ""
    yield f"--ra-param={device},{mtu}{INTERVAL},{LIFETIME}"
    for subnet in _advertised(port):
        net = ipaddress.IPv6Network(subnet.cidr)
        yield (
            f"--dhcp-range=set:{device},{net.network_address},{_mode(subnet)},{net.prefixlen},"
            f"{_PREFIX_SECONDS}s"
        )


def _mode(subnet: AdvertisedView) -> str:
    mode = _MODES.get(subnet.mode)
    if mode is None:
        raise ValueError(f"{subnet.mode!r} is not a mode of router advertisements")
    return mode


def _name_servers(device: str, port: RouterPortView) -> Iterable[str]:
    """Guests without DHCPv6 learn the name servers of their subnets from advertisements.

    As arguments: dnsmasq reads its file of options only for DHCP.
    """
    servers = dict.fromkeys(
        checks.address(server, 6)
        for subnet in _advertised(port)
        if subnet.mode == "slaac"
        for server in subnet.dns_nameservers
    )
    usable = [f"[{server}]" for server in servers if server != "::"][:MOST_NAME_SERVERS]
    if usable:
        yield f"--dhcp-option=tag:{device},option6:dns-server,{','.join(usable)}"
