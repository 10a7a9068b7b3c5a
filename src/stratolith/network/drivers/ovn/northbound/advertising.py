"""Router advertisements, which OVN sends for a router's port: of all its IPv6 subnets alike."""

from __future__ import annotations

import ipaddress

from stratolith.network.drivers import checks
from stratolith.network.drivers.routing import RouterPortView

# Seconds. OVN names the name server in periodic advertisements only, so a new guest waits for one.
INTERVAL = 12
LEAST_MTU = 1280  # of IPv6
_MODES = {
    "slaac": "slaac", "dhcpv6-stateless": "dhcpv6_stateless", "dhcpv6-stateful": "dhcpv6_stateful"
}  # fmt: skip


def configuration(port: RouterPortView) -> dict[str, str]:
    """The port's ``ipv6_ra_configs``; {} when it advertises nothing."""
    if not port.advertised:
        return {}
    first = port.advertised[0]
    if first.mode not in _MODES:
        raise ValueError(f"{first.mode!r} is not a mode of router advertisements")
    options = {
        "address_mode": _MODES[first.mode],
        "send_periodic": "true",
        "max_interval": str(INTERVAL),
    }
    if port.mtu >= LEAST_MTU:
        options["mtu"] = str(checks.mtu(port.mtu))
    servers = [checks.address(server, 6) for server in first.dns_nameservers]
    if first.mode == "slaac" and servers and servers[0] != "::":
        options["rdnss"] = servers[0]
    return options


def reasons(port: RouterPortView) -> list[str]:
    """What the port's advertisements say otherwise than wished."""
    if not port.advertised:
        return []
    reasons = []
    if len({subnet.mode for subnet in port.advertised}) > 1:
        reasons.append("OVN advertises the IPv6 subnets of a network in one mode")
    six = {checks.network(text) for text in port.addresses if ":" in text}
    six = {network for network in six if not network.is_link_local}
    if six - {ipaddress.ip_network(subnet.cidr) for subnet in port.advertised}:
        reasons.append("OVN advertises all IPv6 subnets of a network or none")
    return reasons
