"""Check a subnet's values: CIDR, gateway, allocation pools, IPv6 modes. Pure functions, except
for the check of overlaps.
"""

from __future__ import annotations

import ipaddress
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from stratolith.kernel.context import Context
from stratolith.network.exceptions.general import InvalidInput
from stratolith.network.exceptions.networks import (
    DNSNameServersExhausted,
    GatewayConflictWithAllocationPools,
    HostRoutesExhausted,
    InvalidAllocationPool,
    IpamValueInvalid,
    OutOfBoundsAllocationPool,
    OverlappingAllocationPools,
)
from stratolith.network.managers.addressing.ipam import AUTOMATIC, Address, Net
from stratolith.network.models import Subnet
from stratolith.network.settings import NetworkSettings

UNSET = object()


@dataclass(frozen=True)
class Plan:
    """The checked addresses of a subnet."""

    cidr: str
    ip_version: int
    gateway_ip: str | None
    pools: list[dict[str, str]]


def plan(values: Mapping[str, Any], *, is_update: bool = False) -> Plan:
    """Check and complete the values; without ``gateway_ip`` it is the first address, None: none.

    Raises InvalidInput, OutOfBoundsAllocationPool, OverlappingAllocationPools and similar errors.
    """
    net = ipaddress.ip_network(values["cidr"], strict=False)
    version = values["ip_version"]
    if net.version != version:
        raise InvalidInput(
            error_message=f"cidr '{values['cidr']}' does not match the ip_version '{version}'"
        )
    dhcp = values.get("enable_dhcp", True)
    _check_cidr(net, bool(dhcp))
    if is_update and not dhcp and (values.get("ipv6_ra_mode") or values.get("ipv6_address_mode")):
        raise InvalidInput(error_message="Cannot disable enable_dhcp with ipv6 attributes set")
    _check_modes(values, net, bool(dhcp), is_update)
    gateway = _gateway(values, net)
    pools = values.get("allocation_pools")
    checked_pools = (
        _pools_around(net, gateway) if pools is None else _checked_pools(net, pools, gateway)
    )
    return Plan(str(net), net.version, str(gateway) if gateway else None, checked_pools)


def _check_cidr(net: Net, dhcp: bool) -> None:
    if net.prefixlen == 0:
        raise InvalidInput(error_message=f"0 is not allowed as CIDR prefix length, but got {net}")
    if net.version == 6 and int(net.network_address) == 0:
        raise InvalidInput(error_message="IPv6 subnet '::' is not supported")
    # without DHCP, upstream accepts ranges in which no host can realise a port
    with_dhcp = " if enable_dhcp is True" if dhcp else ""
    if net.is_multicast:
        raise InvalidInput(error_message="Multicast IP subnet is not supported" + with_dhcp)
    if net.is_loopback:
        raise InvalidInput(error_message="Loopback IP subnet is not supported" + with_dhcp)
    if dhcp and net.prefixlen >= net.max_prefixlen - 1:
        raise InvalidInput(
            error_message="Subnet has a prefix length that is incompatible with DHCP service "
            "enabled"
        )


def _check_modes(values: Mapping[str, Any], net: Net, dhcp: bool, is_update: bool) -> None:
    ra, address = values.get("ipv6_ra_mode"), values.get("ipv6_address_mode")
    if net.version == 4:
        for name, mode in (("ipv6_ra_mode", ra), ("ipv6_address_mode", address)):
            if mode is not None:
                raise InvalidInput(error_message=f"{name} is not valid when ip_version is 4")
        return
    if (ra or address) and not dhcp and not is_update:
        raise InvalidInput(
            error_message="ipv6_ra_mode or ipv6_address_mode cannot be set when enable_dhcp is "
            "set to False"
        )
    if ra and address and ra != address:
        raise InvalidInput(
            error_message=f"ipv6_ra_mode set to '{ra}' with ipv6_address_mode set to '{address}' "
            "is not valid. If both attributes are set, they must be the same value"
        )
    if net.prefixlen != 64 and (ra in AUTOMATIC or address in AUTOMATIC):
        raise InvalidInput(
            error_message=f"Invalid CIDR {net} for IPv6 address mode. OpenStack uses the EUI-64 "
            "address format, which requires the prefix to be /64"
        )


def _gateway(values: Mapping[str, Any], net: Net) -> Address | None:
    requested = values.get("gateway_ip", UNSET)
    if requested is None:
        return None
    if requested is UNSET:
        # of IPv6, the address of all routers (RFC 4291, 2.6.1), unless a pool gave the prefix
        is_first = net.version == 6 and (net.prefixlen >= 127 or not values.get("is_from_pool"))
        default = net.network_address + (0 if is_first else 1)
        if net.version == 4 and net.prefixlen == 31:  # its second address counts as broadcast
            raise IpamValueInvalid(gateway_ip=default, cidr=net)
        return default
    gateway = ipaddress.ip_address(str(requested))
    if gateway.version != net.version:
        raise InvalidInput(
            error_message=f"gateway_ip '{gateway}' does not match the ip_version '{net.version}'"
        )
    if net.version == 4 and gateway in (net.network_address, net.broadcast_address):
        raise InvalidInput(error_message="Gateway is not valid on subnet")
    edges: list[Address] = [net.network_address, net.broadcast_address] if net.version == 4 else []
    if net.prefixlen < net.max_prefixlen - 1 and gateway in edges:
        raise InvalidInput(error_message="Gateway is not valid on subnet")
    return gateway


def _pools_around(net: Net, gateway: Address | None) -> list[dict[str, str]]:
    """The whole range without its first and last address and the gateway; a single address is a
    range although it is the gateway.
    """
    low, high = int(net.network_address), int(net.broadcast_address)
    if net.num_addresses == 1:
        return [{"start": str(net.network_address), "end": str(net.network_address)}]
    if net.version == 6 or net.prefixlen <= 30:
        low += 1
    if net.version == 4 and net.prefixlen <= 30:
        high -= 1
    make = ipaddress.IPv4Address if net.version == 4 else ipaddress.IPv6Address
    spans = [(low, high)]
    if gateway is not None and low <= int(gateway) <= high:
        spans = [(low, int(gateway) - 1), (int(gateway) + 1, high)]
    return [{"start": str(make(a)), "end": str(make(b))} for a, b in spans if a <= b]


def _checked_pools(
    net: Net, pools: Sequence[Mapping[str, str]], gateway: Address | None
) -> list[dict[str, str]]:
    spans: list[tuple[int, int, str]] = []
    for pool in pools:
        start, end = ipaddress.ip_address(pool["start"]), ipaddress.ip_address(pool["end"])
        text = f"{start}-{end}"
        if start.version != net.version or end.version != net.version or int(end) < int(start):
            raise InvalidAllocationPool(pool={"start": str(start), "end": str(end)})
        inner = net.prefixlen >= net.max_prefixlen - 1
        low = int(net.network_address) + (0 if inner else 1)
        high = int(net.broadcast_address) - (1 if net.version == 4 and not inner else 0)
        if int(start) < low or int(end) > high:
            raise OutOfBoundsAllocationPool(pool=text, subnet_cidr=str(net))
        if gateway is not None and int(start) <= int(gateway) <= int(end):
            raise GatewayConflictWithAllocationPools(pool=text, ip_address=str(gateway))
        spans.append((int(start), int(end), text))
    spans.sort()
    for span, next_span in itertools.pairwise(spans):
        if next_span[0] <= span[1]:
            raise OverlappingAllocationPools(
                pool_1=span[2], pool_2=next_span[2], subnet_cidr=str(net)
            )
    texts = [text.split("-") for _, _, text in spans]
    return [{"start": start, "end": end} for start, end in texts]


def check_lists(
    settings: NetworkSettings, values: Mapping[str, Any], subnet_id: str, version: int
) -> None:
    """Raises HostRoutesExhausted, DNSNameServersExhausted; InvalidInput for addresses of another IP
    version than the subnet's.
    """
    if len(values.get("host_routes") or ()) > settings.max_host_routes:
        raise HostRoutesExhausted(subnet_id=subnet_id, quota=settings.max_host_routes)
    if len(values.get("dns_nameservers") or ()) > settings.max_dns_nameservers:
        raise DNSNameServersExhausted(subnet_id=subnet_id, quota=settings.max_dns_nameservers)
    for route in values.get("host_routes") or ():
        _check_version("nexthop", route["nexthop"], version)
        _check_version("destination", route["destination"], version)
    for server in values.get("dns_nameservers") or ():
        _check_version("dns_nameserver", server, version)


def _check_version(name: str, address: str, version: int) -> None:
    if ipaddress.ip_interface(address).version != version:
        raise InvalidInput(
            error_message=f"{name} '{address}' does not match the ip_version '{version}'"
        )


def check_overlap(ctx: Context, network_id: str, cidr: str) -> None:
    """Ranges may repeat in different networks, but not in one; raises InvalidInput."""
    net = ipaddress.ip_network(cidr)
    for other in ctx.session.scalars(select(Subnet.cidr).where(Subnet.network_id == network_id)):
        if net.overlaps(ipaddress.ip_network(other)):
            raise InvalidInput(
                error_message=f"Requested subnet with cidr: {cidr} for network: {network_id} "
                "overlaps with another subnet"
            )
