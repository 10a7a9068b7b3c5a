"""A router's external gateways: the first one has the default route, connections that came in by
another one leave by it again.

Each further gateway has a routing table of its own and a mark for connections, which choose the
table. The same number is both.
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from stratolith.network.drivers import checks
from stratolith.network.drivers.linux import names
from stratolith.network.drivers.linux.objects import RouteSpec, WaySpec
from stratolith.network.drivers.linux.tables import chain
from stratolith.network.drivers.routing import (
    FloatingIpView,
    PortForwardingView,
    RouterPortView,
    RouterView,
)

TABLES = range(0x10000, 0x20000)  # routing tables of further gateways, and of nothing else
_BEFORE_ROUTING = -150  # after connections are tracked, before addresses are translated


@dataclass(frozen=True)
class Gateway:
    """``table``: 0 for the first gateway."""

    port: RouterPortView
    device: str
    nexthops: tuple[str, ...]
    table: int = 0

    def nexthop(self, version: int) -> str:
        """The next hop of this IP version, "" if there is none."""
        of_version = (hop for hop in self.nexthops if (6 if ":" in hop else 4) == version)
        return next(of_version, "")

    def address(self) -> str:
        """The first IPv4 address, "" if there is none: the source of what leaves here."""
        for text in self.port.addresses:
            interface = ipaddress.ip_interface(text)
            if interface.version == 4:
                return str(interface.ip)
        return ""


def of_router(router: RouterView) -> list[Gateway]:
    """The first gateway, and further ones. Raises ``ValueError`` for an unusable address."""
    if router.gateway is None:
        return []
    hops = tuple(checks.address(hop) for hop in router.gateway_nexthops)
    gateways = [Gateway(router.gateway, names.inner_gateway(router.gateway.port_id), hops)]
    used: set[int] = set()
    for extra in sorted(router.extra_gateways, key=lambda extra: extra.port.port_id):
        table = _table(extra.port.port_id, used)
        used.add(table)
        hops = tuple(checks.address(hop) for hop in extra.nexthops)
        device = names.inner_gateway(extra.port.port_id)
        gateways.append(Gateway(extra.port, device, hops, table))
    return gateways


def _table(port_id: str, used: set[int]) -> int:
    """A number that a port keeps while others come and go."""
    digest = hashlib.sha256(port_id.encode()).digest()
    place = int.from_bytes(digest[:2])
    while TABLES[place] in used:
        place = (place + 1) % len(TABLES)
    return TABLES[place]


def fixed_behind(
    gateways: Sequence[Gateway], gateway: Gateway, floating: Iterable[FloatingIpView]
) -> set[str]:
    """The fixed addresses with a floating IP that the gateway answers for."""
    return {_v4(f.fixed_ip) for f in floating if at(gateways, f.network_id) is gateway}


def at(gateways: Sequence[Gateway], network_id: str) -> Gateway:
    """The first gateway in this external network, "" for that of the first one."""
    in_network = (gateway for gateway in gateways if gateway.port.network_id == network_id)
    return next(in_network, gateways[0])


def is_at(
    gateways: Sequence[Gateway],
    gateway: Gateway,
    address: FloatingIpView | PortForwardingView,
) -> bool:
    """Whether the gateway answers for the address of a floating IP."""
    return at(gateways, address.network_id) is gateway


def default_routes(gateways: Sequence[Gateway]) -> Iterator[RouteSpec]:
    """Of each IP version, by the first gateway that has a next hop."""
    for version, anywhere in ((4, "0.0.0.0/0"), (6, "::/0")):
        for gateway in gateways:
            hop = gateway.nexthop(version)
            if hop:
                on_link = version == 6 and ipaddress.ip_address(hop).is_link_local
                device = gateway.device if on_link else ""
                yield RouteSpec(destination=anywhere, nexthop=hop, device=device)
                break


def ways(gateways: Sequence[Gateway]) -> tuple[WaySpec, ...]:
    """The routing tables of the further gateways."""
    return tuple(
        WaySpec(
            table=gateway.table,
            device=gateway.device,
            prefixes=tuple(
                sorted({str(ipaddress.ip_interface(a).network) for a in gateway.port.addresses})
            ),
            nexthops=tuple(hop for hop in (gateway.nexthop(4), gateway.nexthop(6)) if hop),
        )
        for gateway in gateways
        if gateway.table
    )


def sysctls(gateways: Sequence[Gateway]) -> tuple[tuple[str, str], ...]:
    """With several gateways a packet may come from where no route leads back: our own rules check
    sources.
    """
    if len(gateways) < 2:
        return ()
    devices = ("all", *(gateway.device for gateway in gateways))
    return tuple((f"net/ipv4/conf/{device}/rp_filter", "0") for device in devices)


def marking(gateways: Sequence[Gateway], floating: Sequence[FloatingIpView]) -> str:
    """Chains that keep connections on the gateway they came in by, and let guests with a floating
    IP leave by the gateway in its network.
    """
    if len(gateways) < 2:
        return ""
    devices = ", ".join(f'"{gateway.device}"' for gateway in gateways)
    arriving, chosen, back, own = [], [], [], []
    taken = fixed_behind(gateways, gateways[0], floating)  # a guest leaves by one gateway
    for gateway in gateways[1:]:
        mark = f"{gateway.table:#x}"
        arriving.append(f'iifname "{gateway.device}" ct state new ct mark set {mark}')
        back.append(f'iifname "qr-*" ct mark {mark} meta mark set {mark}')
        own.append(f"ct mark {mark} ct direction reply meta mark set {mark}")
        leaving = sorted(fixed_behind(gateways, gateway, floating) - taken)
        taken |= set(leaving)
        if leaving:
            chosen.append(
                f'iifname "qr-*" ct state new ip saddr {{ {", ".join(leaving)} }} '
                f"fib daddr oifname {{ {devices} }} ct mark set {mark}"
            )
    head = f"type filter hook prerouting priority {_BEFORE_ROUTING}; policy accept;"
    body = chain("ways", [head, *arriving, *chosen, *back])
    head = f"type route hook output priority {_BEFORE_ROUTING}; policy accept;"
    return body + chain("own_ways", [head, *own])


def _v4(text: str) -> str:
    return str(ipaddress.IPv4Address(text))
