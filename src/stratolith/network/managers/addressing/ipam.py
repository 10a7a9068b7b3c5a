"""IP address management: deterministic choice of free addresses; the table's key is unique."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

from sqlalchemy import bindparam, insert, select
from sqlalchemy.orm import aliased

from stratolith.kernel import addresses
from stratolith.kernel.context import Context
from stratolith.network.exceptions.general import InvalidInput
from stratolith.network.exceptions.networks import SubnetNotFound
from stratolith.network.exceptions.ports import (
    AllocationOnAutoAddressSubnet,
    InvalidIpForNetwork,
    InvalidIpForSubnet,
    IpAddressAlreadyAllocated,
    IpAddressGenerationFailure,
)
from stratolith.network.managers import batches, visibility
from stratolith.network.models import FixedIp, Subnet

AUTOMATIC = ("slaac", "dhcpv6-stateless")
LARGEST = 2**63 - 1
INTERFACE_OWNERS = (
    "network:router_interface",
    "network:ha_router_replicated_interface",
    "network:router_interface_distributed",
)
# Owners of ports that may request any address of a subnet with automatic addresses.
ROUTER_OWNERS = (
    "network:router_interface",
    "network:router_gateway",
    "network:ha_router_replicated_interface",
)

# Built once, because every new port needs them.
_STORE = insert(FixedIp.metadata.tables[FixedIp.__tablename__])
_HIGHEST = (
    select(FixedIp.offset)
    .where(
        FixedIp.subnet_id == bindparam("subnet"),
        FixedIp.offset.between(bindparam("low"), bindparam("high")),
    )
    .order_by(FixedIp.offset.desc())
    .limit(1)
)

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Net = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True)
class Chosen:
    """An address that was chosen for a port but is not stored yet."""

    subnet: Subnet
    ip_address: str
    offset: int | None


@lru_cache(maxsize=4096)
def network_of(cidr: str) -> Net:
    return ipaddress.ip_network(cidr)


def is_automatic(subnet: Subnet) -> bool:
    """Whether guests derive their address from the prefix and their MAC address."""
    modes = (subnet.ipv6_address_mode, subnet.ipv6_ra_mode)
    return subnet.ip_version == 6 and any(mode in AUTOMATIC for mode in modes)


def offset_of(subnet: Subnet, address: Address) -> int | None:
    offset = int(address) - int(network_of(subnet.cidr).network_address)
    return offset if 0 <= offset <= LARGEST else None


def eui64(cidr: str, mac: str) -> str:
    """The modified EUI-64 address (RFC 4291, appendix A) of ``mac`` in a /64."""
    digits = mac.replace(":", "")
    low = int(digits[:6] + "fffe" + digits[6:], 16) ^ (1 << 57)
    return str(ipaddress.IPv6Address(int(network_of(cidr).network_address) | low))


def choose(
    ctx: Context,
    network_id: str,
    subnets: Sequence[Subnet],
    mac: str,
    device_owner: str,
    requested: Sequence[Mapping[str, Any]] | None,
    keep: Iterable[str] = (),
) -> list[Chosen]:
    """Choose addresses for a port: the requested ones, else one of each IP version.

    requested: [{"subnet_id"?, "ip_address"?}], None for any. ``keep``: existing addresses of
    the port, which may be requested again. Raises InvalidIpForNetwork, InvalidIpForSubnet,
    IpAddressAlreadyAllocated, IpAddressGenerationFailure, InvalidInput.
    """
    chooser = _Chooser(ctx, network_id, subnets, mac, device_owner, set(keep))
    if requested is None:
        return chooser.any()
    return chooser.requested(requested)


class _Chooser:
    def __init__(
        self,
        ctx: Context,
        network_id: str,
        subnets: Sequence[Subnet],
        mac: str,
        device_owner: str,
        keep: set[str],
    ) -> None:
        self.ctx, self.network_id, self.subnets = ctx, network_id, subnets
        self.mac, self.owner, self.keep = mac, device_owner, keep
        self.by_id = {subnet.id: subnet for subnet in subnets}
        self.found: list[Chosen] = []

    def any(self) -> list[Chosen]:
        usable = [s for s in self.subnets if not s.service_types or self.owner in s.service_types]
        if self.subnets and not usable:
            raise IpAddressGenerationFailure(net_id=self.network_id)
        for version in (4, 6):
            plain = [s for s in usable if s.ip_version == version and not is_automatic(s)]
            if plain:
                self._first_free(plain)
        self._automatic()
        return self.found

    def requested(self, requested: Sequence[Mapping[str, Any]]) -> list[Chosen]:
        for fixed_ip in requested:
            if fixed_ip.get("ip_address"):
                self._explicit(fixed_ip)
        for fixed_ip in requested:
            if not fixed_ip.get("ip_address"):
                subnet = self._subnet(fixed_ip.get("subnet_id"))
                if not is_automatic(subnet) or self.owner in ROUTER_OWNERS:
                    self._first_free([subnet])
        if self.owner not in ROUTER_OWNERS:
            self._automatic()
        return self.found

    def _subnet(self, subnet_id: str | None) -> Subnet:
        subnet = self.by_id.get(subnet_id or "")
        if subnet is None:
            other_subnet = self.ctx.session.get(Subnet, subnet_id or "")
            is_visible = other_subnet is not None and visibility.may_see(
                self.ctx, other_subnet.network
            )
            if subnet_id and not is_visible:
                raise SubnetNotFound(subnet_id=subnet_id)
            raise InvalidInput(
                error_message=f"Failed to create port on network {self.network_id}, because "
                f"fixed_ips included invalid subnet {subnet_id}"
            )
        return subnet

    def _explicit(self, fixed_ip: Mapping[str, Any]) -> None:
        try:
            address = addresses.address(fixed_ip["ip_address"])
        except ValueError:
            raise InvalidInput(
                error_message=f"'{fixed_ip['ip_address']}' is not a valid IP address"
            ) from None
        subnet = (
            self._subnet(fixed_ip["subnet_id"])
            if fixed_ip.get("subnet_id")
            else self._holding(address)
        )
        if address not in network_of(subnet.cidr) or _is_edge(subnet, address, self.owner):
            wrong = InvalidIpForSubnet if fixed_ip.get("subnet_id") else InvalidIpForNetwork
            raise wrong(ip_address=str(address))
        text = str(address)
        automatic = is_automatic(subnet) and self.owner not in ROUTER_OWNERS
        if automatic and text not in self.keep and text != eui64(subnet.cidr, self.mac):
            raise AllocationOnAutoAddressSubnet(ip=text, subnet_id=subnet.id)
        if any(c.subnet is subnet and c.ip_address == text for c in self.found):
            raise InvalidInput(error_message=f"Duplicate IP address '{text}'")
        if text not in self.keep and _is_taken(self.ctx, subnet, text):
            raise IpAddressAlreadyAllocated(ip=text, subnet_id=subnet.id)
        self.found.append(Chosen(subnet, text, offset_of(subnet, address)))

    def _holding(self, address: Address) -> Subnet:
        for subnet in self.subnets:
            if address in network_of(subnet.cidr):
                return subnet
        raise InvalidIpForNetwork(ip_address=str(address))

    def _first_free(self, subnets: Sequence[Subnet]) -> None:
        for subnet in subnets:
            chosen_offsets = [
                c.offset for c in self.found if c.subnet is subnet and c.offset is not None
            ]
            offset = first_free(self.ctx, subnet, chosen_offsets)
            if offset is not None:
                base = network_of(subnet.cidr).network_address
                self.found.append(Chosen(subnet, str(base + offset), offset))
                return
        raise IpAddressGenerationFailure(net_id=self.network_id)

    def _automatic(self) -> None:
        subnet_ids = {chosen.subnet.id for chosen in self.found}
        for subnet in self.subnets:
            if is_automatic(subnet) and subnet.id not in subnet_ids:
                text = eui64(subnet.cidr, self.mac)
                if text not in self.keep and _is_taken(self.ctx, subnet, text):
                    raise IpAddressAlreadyAllocated(ip=text, subnet_id=subnet.id)
                offset = offset_of(subnet, ipaddress.ip_address(text))
                self.found.append(Chosen(subnet, text, offset))


def _is_edge(subnet: Subnet, address: Address, owner: str) -> bool:
    """Whether it is the network address or the broadcast address.

    Of IPv6, the network address is for routers, and for ports that do not say whose they are.
    """
    if subnet.ip_version == 6 and owner in ("", *ROUTER_OWNERS):
        return False
    net = network_of(subnet.cidr)
    if net.prefixlen >= net.max_prefixlen - 1:
        return False
    if address == net.network_address:
        return True
    return subnet.ip_version == 4 and address == net.broadcast_address


def _is_taken(ctx: Context, subnet: Subnet, address: str) -> bool:
    return (
        ctx.session.scalar(
            select(FixedIp.port_id).where(
                FixedIp.subnet_id == subnet.id, FixedIp.ip_address == address
            )
        )
        is not None
    )


def first_free(ctx: Context, subnet: Subnet, chosen: Iterable[int] = ()) -> int | None:
    """The offset of a free address in the pools, None when they are exhausted.

    This is the address above the highest used one, which one index lookup finds; when a pool is
    used to its end, its lowest gap. ``chosen``: offsets that were chosen but are not stored yet.
    """
    taken = set(chosen)
    for pool in subnet.allocation_pools:
        low = offset_of(subnet, ipaddress.ip_address(pool["start"]))
        high = offset_of(subnet, ipaddress.ip_address(pool["end"]))
        if low is None:
            continue
        high = LARGEST if high is None else high
        offset = _in_range(ctx, subnet.id, low, high, taken)
        if offset is not None:
            return offset
    return None


def _in_range(ctx: Context, subnet_id: str, low: int, high: int, taken: set[int]) -> int | None:
    values = {"subnet": subnet_id, "low": low, "high": high}
    read = partial(ctx.session.scalar, _HIGHEST, values)
    top = batches.once(ctx, "top", (subnet_id, low, high), read)
    offset = low if top is None else top + 1
    while offset in taken:
        offset += 1
    if offset <= high:
        return int(offset)
    return _lowest_gap(ctx, subnet_id, low, high, taken)


def _lowest_gap(ctx: Context, subnet_id: str, low: int, high: int, chosen: set[int]) -> int | None:
    inside = (FixedIp.subnet_id == subnet_id, FixedIp.offset.between(low, high))
    first = ctx.session.scalar(
        select(FixedIp.offset).where(*inside).order_by(FixedIp.offset).limit(1)
    )
    if (first is None or first > low) and low not in chosen:
        return low
    above = aliased(FixedIp)
    gaps = (
        select(FixedIp.offset)
        .where(*inside, FixedIp.offset < high)
        .where(
            ~select(above.port_id)
            .where(above.subnet_id == subnet_id, above.offset == FixedIp.offset + 1)
            .exists()
        )
        .order_by(FixedIp.offset)
        .limit(len(chosen) + 1)
    )
    for offset in ctx.session.scalars(gaps):
        if offset is not None and offset + 1 not in chosen:
            return int(offset) + 1
    taken = set(ctx.session.scalars(select(FixedIp.offset).where(*inside))) if chosen else set()
    free = (o for o in range(low, high + 1) if o not in taken and o not in chosen) if chosen else ()
    return next(iter(free), None)


def store(ctx: Context, port_id: str, network_id: str, chosen: Sequence[Chosen]) -> None:
    """Store a port's addresses."""
    batches.stored(ctx, [(address.subnet.id, address.offset) for address in chosen])
    rows = [
        {
            "subnet_id": address.subnet.id,
            "ip_address": address.ip_address,
            "port_id": port_id,
            "network_id": network_id,
            "offset": address.offset,
            "position": position,
        }
        for position, address in enumerate(chosen)
    ]
    if rows:
        ctx.session.execute(_STORE, rows)
