"""DHCPv6 of a network: arguments, options and reservations of its dnsmasq."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence

from stratolith.network.drivers import checks
from stratolith.network.drivers.base import DhcpHostView, SubnetView
from stratolith.network.drivers.linux import names

_SLAAC, _STATELESS, _STATEFUL = "slaac", "dhcpv6-stateless", "dhcpv6-stateful"
_LEAST_PREFIX = 64  # dnsmasq refuses shorter ones


def served(subnets: Iterable[SubnetView]) -> list[SubnetView]:
    """The IPv6 subnets for which our DHCP server answers.

    Without any mode, as before there were modes, addresses come from DHCP. A subnet that only has a
    mode of advertisements gets its addresses from elsewhere.
    """
    return [
        subnet
        for subnet in subnets
        if subnet.ip_version == 6
        and subnet.enable_dhcp
        and subnet.dhcp_ip
        and (_mode(subnet) in (_STATELESS, _STATEFUL))
        and ipaddress.IPv6Network(subnet.cidr).prefixlen >= _LEAST_PREFIX
    ]


def has_reservations(subnet: SubnetView) -> bool:
    """Whether guests get their addresses in this subnet from DHCPv6."""
    return _mode(subnet) == _STATEFUL


def _mode(subnet: SubnetView) -> str:
    if subnet.ipv6_address_mode or subnet.ipv6_ra_mode:
        return subnet.ipv6_address_mode or ""
    return _STATEFUL


def arguments(subnets: Iterable[SubnetView], lease_seconds: int) -> Iterable[str]:
    for subnet in subnets:
        net = ipaddress.IPv6Network(subnet.cidr)
        yield (
            f"--dhcp-range=set:subnet-{names.checked_id(subnet.id)},"
            f"{net.network_address},static,{net.prefixlen},{lease_seconds}s"
        )


def options(subnet: SubnetView, domain: str) -> list[str]:
    """The lines of a subnet in the file of options; without name servers, the DHCP server is it."""
    tag = f"tag:subnet-{names.checked_id(subnet.id)}"
    servers = [checks.address(text, 6) for text in subnet.dns_nameservers]
    servers = servers or [checks.address(str(subnet.dhcp_ip), 6)]
    lines = [f"{tag},option6:domain-search,{domain}"]
    if servers == ["::"]:  # "no name server"
        return [f"{tag},option6:dns-server", *lines]
    text = ",".join(f"[{server}]" for server in servers)
    return [f"{tag},option6:dns-server,{text}", *lines]


def host_line(hosts: Sequence[DhcpHostView], tags: Sequence[str], name: str) -> str:
    """The reservation of a port: all of its addresses, for any client id of its MAC address."""
    addresses = [f"[{checks.address(host.ip_address, 6)}]" for host in hosts]
    return ",".join([checks.mac(hosts[0].mac), *tags, *addresses, name])
