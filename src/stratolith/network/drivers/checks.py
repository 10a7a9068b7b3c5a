"""Check the values of a view before they become names, addresses and rules of a host.

Used twice: where a view is compiled, so that one bad row is left out of it, and where it is
applied, because a host trusts no input. Each function returns the value in its usual form or
raises ``ValueError`` with a sentence.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection
from functools import lru_cache

import msgspec

from stratolith.network.drivers.base import LocalIpView, NetworkView, RuleView

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

PROTOCOLS = {
    "ah": 51, "dccp": 33, "egp": 8, "esp": 50, "gre": 47, "icmp": 1, "icmpv6": 58,
    "igmp": 2, "ip": 0, "ipip": 4, "ipv6-encap": 41, "ipv6-frag": 44, "ipv6-icmp": 58,
    "ipv6-nonxt": 59, "ipv6-opts": 60, "ipv6-route": 43, "ospf": 89, "pgm": 113, "rsvp": 46,
    "sctp": 132, "tcp": 6, "udp": 17, "udplite": 136, "vrrp": 112,
}  # fmt: skip
# (Neutron's name of a conntrack helper, its protocol) -> its name in the kernel
HELPERS = {
    ("amanda", "udp"): "amanda", ("ftp", "tcp"): "ftp", ("h323", "udp"): "RAS",
    ("h323", "tcp"): "Q.931", ("irc", "tcp"): "irc", ("netbios-ns", "udp"): "netbios-ns",
    ("pptp", "tcp"): "pptp", ("sane", "tcp"): "sane", ("sip", "udp"): "sip",
    ("sip", "tcp"): "sip", ("snmp", "udp"): "snmp", ("tftp", "udp"): "tftp",
}  # fmt: skip
ICMP, ICMPV6 = 1, 58
WITH_PORTS = {6, 17, 33, 132, 136}
# What hosts enforce, with the directions in the database ("": there is only one)
QOS_DIRECTIONS = {
    "bandwidth_limit": ("ingress", "egress"),
    "dscp_marking": ("", "egress"),
    "packet_rate_limit": ("ingress", "egress"),
}
_MAC = re.compile(r"([0-9a-f]{2}:){5}[0-9a-f]{2}\Z")
_MTU = range(68, 65536)


# A view contains the same addresses after each change of anything on the host.
@lru_cache(maxsize=1 << 14)
def mac(text: str) -> str:
    lower = text.lower()
    if not _MAC.match(lower):
        raise ValueError(f"{text!r} is not a MAC address")
    return lower


@lru_cache(maxsize=1 << 14)
def network(text: str) -> Network:
    """An address or CIDR with the host bits cleared; zone ids ("fe80::%eth0") are refused."""
    return ipaddress.ip_network(_plain(text), strict=False)


@lru_cache(maxsize=1 << 14)
def address(text: str, version: int | None = None) -> str:
    parsed = ipaddress.ip_address(_plain(text))
    if version is not None and parsed.version != version:
        raise ValueError(f"{text!r} is not an IPv{version} address")
    return str(parsed)


def local_ip(view: LocalIpView) -> LocalIpView:
    return msgspec.structs.replace(
        view, address=address(view.address, 4), fixed_ip=address(view.fixed_ip, 4)
    )


def interface(text: str) -> str:
    """An address with its prefix length."""
    return str(ipaddress.ip_interface(_plain(text)))


def realised(network: NetworkView, types: Collection[str], driver: str) -> str:
    """The network's type, if the driver makes networks of ``types`` and the host has its uplink."""
    if network.network_type not in types:
        if not network.network_type:
            raise ValueError("this host is connected to no segment of the network")
        raise ValueError(
            f"the driver {driver} makes no {network.network_type} networks on this host, only "
            + ", ".join(types)
        )
    if network.physical_network and not network.uplink:
        raise ValueError(
            f"this host is not connected to the physical network {network.physical_network}"
        )
    return network.network_type


def mtu(value: int) -> int:
    if value not in _MTU:
        raise ValueError(f"{value} is not an MTU")
    return value


def tag(value: int | None) -> int:
    if value is None or not 1 <= value <= 4094:
        raise ValueError(f"{value} is not a VLAN tag")
    return value


def _plain(text: str) -> str:
    if "%" in text:
        raise ValueError(f"{text!r} has a zone id, which means nothing on a network")
    return text


def qos_rule(kind: str, direction: str, amount: int, burst: int) -> None:
    """Raises ``ValueError`` for a QoS rule that no host can enforce."""
    if kind not in QOS_DIRECTIONS:
        raise ValueError(f"no host can enforce a QoS rule of type {kind!r}")
    if direction not in QOS_DIRECTIONS[kind]:
        raise ValueError(f"{direction!r} is not a direction of {kind}")
    top = 63 if kind == "dscp_marking" else 2**31 - 1
    if not (0 <= amount <= top and 0 <= burst < 2**31):
        raise ValueError(f"{amount} with burst {burst} is not a value of {kind}")


def protocol_number(rule: RuleView) -> int | None:
    """The IP protocol of a security group rule, None for any."""
    if rule.protocol is None or rule.protocol in {"any", "0"}:
        return None
    text = rule.protocol.lower()
    number = PROTOCOLS.get(text, -1) if not re.fullmatch("[0-9]{1,3}", text) else int(text)
    if not 0 <= number <= 255:
        raise ValueError(f"unknown protocol {rule.protocol!r} in a security group rule")
    if number == ICMP and rule.ethertype == "IPv6":
        return ICMPV6
    return number or None


def rule(view: RuleView) -> RuleView:
    """The security group rule, if it can be realised; raises ``ValueError``."""
    if view.direction not in ("ingress", "egress"):
        raise ValueError(f"{view.direction!r} is not a direction of a rule")
    if view.ethertype not in ("IPv4", "IPv6"):
        raise ValueError(f"{view.ethertype!r} is not an ethertype of a rule")
    for cidr in view.remote_cidrs or ():
        network(cidr)
    number = protocol_number(view)
    low, high = view.port_range_min, view.port_range_max
    top = 255 if number in (ICMP, ICMPV6) else 65535
    for value in (low, high):
        if value is not None and not 0 <= value <= top:
            raise ValueError(f"{value} is not a port or ICMP type of a rule")
    if number in WITH_PORTS and low is not None and high is not None and low > high:
        raise ValueError(f"the range of ports {low} to {high} of a rule is empty")
    return view


def forwarded(protocol: str, external: tuple[int, int], internal: tuple[int, int]) -> int:
    """The number of the protocol of a port forwarding, if it can be realised."""
    number = PROTOCOLS.get(protocol, 0)
    if number not in WITH_PORTS:
        raise ValueError(f"{protocol!r} is no protocol with ports")
    for first, last in (external, internal):
        if not 1 <= first <= last <= 65535:
            raise ValueError(f"{first} to {last} is no range of ports")
    width = internal[1] - internal[0]
    if width and width != external[1] - external[0]:
        raise ValueError(f"the ranges of ports {external} and {internal} have other lengths")
    return number
