"""The content of a router's namespace: interfaces, routes and address translation."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from functools import partial

from stratolith.network.drivers import checks
from stratolith.network.drivers.checks import mac as checked_mac
from stratolith.network.drivers.linux import names
from stratolith.network.drivers.linux.ipv6 import advertising
from stratolith.network.drivers.linux.ipv6 import metadata as metadata6
from stratolith.network.drivers.linux.ipv6 import settings as settings6
from stratolith.network.drivers.linux.objects import ForwardSpec, NamespaceSpec, RouteSpec, VethSpec
from stratolith.network.drivers.linux.qos import enforcement as qos
from stratolith.network.drivers.linux.routing import (
    conntrack_helpers,
    elections,
    forwarding,
    gateways,
    ndp,
    scopes,
)
from stratolith.network.drivers.linux.routing.gateways import Gateway
from stratolith.network.drivers.linux.routing.meters import compile_meters
from stratolith.network.drivers.linux.tables import chain, replaced
from stratolith.network.drivers.routing import RouterPortView, RouterView

_SYSCTLS = (
    ("net/ipv4/ip_forward", "1"),
    ("net/ipv6/conf/all/forwarding", "1"),
    # an address answers only on the interface that has it: separates the router's networks
    ("net/ipv4/conf/all/arp_ignore", "1"),
    ("net/ipv4/conf/all/arp_announce", "2"),
)


def compile_router(
    router: RouterView,
    instance: str,
    metadata_ends: frozenset[str] = frozenset(),
    policies: qos.Rules | None = None,
) -> NamespaceSpec | None:
    """The namespace of a router; None while it is administratively down.

    ``metadata_ends``: ids of the interfaces that answer metadata by IPv6.
    Raises ``ValueError`` that names an unusable address or name.
    """
    if not router.admin_state_up:
        return None
    devices = [_interface(port, port.port_id in metadata_ends) for port in router.interfaces]
    networks = [port.network_id for port in router.interfaces]
    routes = [_route(route.destination, route.nexthop) for route in router.routes]
    translations = [
        (_address(fip.floating_ip), _address(fip.fixed_ip)) for fip in router.floating_ips
    ]
    forwards = forwarding.compile_forwards(router.port_forwardings)
    outer = gateways.of_router(router)
    devices += _gateways(router, outer)
    # a source may be reached by another gateway than the one it sends by: they count as one
    networks += [outer[0].port.network_id for _ in outer]
    routes += gateways.default_routes(outer)
    routes = sorted(set(routes), key=lambda route: (route.destination, route.nexthop))
    ways = gateways.ways(outer)
    election, own = None, []
    if router.election is not None:
        devices, own = elections.moving(devices), [elections.device(router.election)]
        election = elections.compile_election(router.election, devices, routes, ways)
        routes = []
    inside = [(port, names.inner_interface(port.port_id)) for port in router.interfaces]
    outside = [(gateway.port, gateway.device) for gateway in outer]
    fixed = sorted({address for _, address in translations})
    separation = scopes.separation(inside, outside, fixed, snat=router.enable_snat)
    separation += ndp.guard(router, devices) + elections.silence(devices)
    separation += gateways.marking(outer, router.floating_ips)
    return NamespaceSpec(
        name=names.router_namespace(router.id),
        owner=router.id,
        devices=(*devices, *own),
        routes=tuple(routes),
        ways=ways,
        sysctls=(
            *_SYSCTLS,
            *settings6.of_devices([*devices, *own]),
            *ndp.sysctls(devices),
            *elections.sysctls(devices),
            *gateways.sysctls(outer),
        ),
        ruleset=_translation(router, outer, forwards, instance)
        + _checks(
            list(zip(networks, devices, strict=True)),
            separation + qos.compile_router(router, policies or {}),
            instance,
        )
        + compile_meters(router, instance),
        translations=tuple(sorted(translations)),
        forwards=forwards,
        election=election,
    )


def _interface(port: RouterPortView, answers_metadata: bool) -> VethSpec:
    addresses = [str(ipaddress.ip_interface(text)) for text in port.addresses]
    if answers_metadata:
        addresses.append(metadata6.INTERFACE)
    return VethSpec(
        port_id=port.port_id,
        host_name=names.host_interface(port.port_id),
        inner_name=names.inner_interface(port.port_id),
        bridge=names.checked_device(port.bridge),
        mac=checked_mac(port.mac),
        mtu=port.mtu,
        addresses=tuple(addresses),
        is_router=True,
    )


def _gateways(router: RouterView, outer: list[Gateway]) -> list[VethSpec]:
    """The devices of all gateways, each with the floating IPs that it answers for."""
    devices = []
    for gateway in outer:
        is_here = partial(gateways.is_at, outer, gateway)
        floating = [fip.floating_ip for fip in router.floating_ips if is_here(fip)]
        floating += [port.floating_ip for port in router.port_forwardings if is_here(port)]
        proxied = () if gateway.table else [proxy.ip_address for proxy in router.ndp_proxies]
        devices.append(
            _gateway(
                gateway.port,
                [_address(address) for address in floating],
                tuple(checks.address(address, 6) for address in proxied),
            )
        )
    return devices


def _gateway(port: RouterPortView, floating: list[str], proxied: tuple[str, ...]) -> VethSpec:
    addresses = [str(ipaddress.ip_interface(text)) for text in port.addresses]
    extra = [f"{address}/32" for address in floating]
    return VethSpec(
        port_id=port.port_id,
        host_name=names.host_gateway(port.port_id),
        inner_name=names.inner_gateway(port.port_id),
        bridge=names.checked_device(port.bridge),
        mac=checked_mac(port.mac),
        mtu=port.mtu,
        addresses=tuple(dict.fromkeys([*addresses, *extra])),
        proxied=proxied,
        is_router=True,
    )


def _route(destination: str, nexthop: str, device: str = "") -> RouteSpec:
    """``device``: where a next hop with a link-local address is."""
    hop = ipaddress.ip_address(nexthop)
    is_on_link = hop.version == 6 and hop.is_link_local
    return RouteSpec(
        destination=str(ipaddress.ip_network(destination, strict=False)),
        nexthop=str(hop),
        device=device if is_on_link else "",
    )


def _address(text: str) -> str:
    return str(ipaddress.IPv4Address(text))


def _checks(devices: list[tuple[str, VethSpec]], further: str, instance: str) -> str:
    """The table that drops packets without changing any. ``further``: more chains."""
    return replaced(f"inet {instance}", (_true_sources(devices) if devices else "") + further)


def _true_sources(devices: list[tuple[str, VethSpec]]) -> str:
    """Packets from a network must have a source whose route leads back to that network.

    ``devices``: id of the network, device in it. Otherwise a guest could send with the address
    of a member of another network, where ports are not restricted to their addresses, and security
    groups would accept it. The range of another network of the router is never a valid source, even
    when a route for a part of it is added. Several devices in one network count as one: a guest
    with two addresses there has one default route.
    """
    by_network: dict[str, list[VethSpec]] = {}
    for network, device in devices:
        by_network.setdefault(network, []).append(device)
    # neighbours send to the router itself from these addresses; routers do not forward them
    lines = ["ip6 saddr { ::, fe80::/10 } accept"]
    for network, network_devices in by_network.items():
        names_ = ", ".join(f'"{device.inner_name}"' for device in network_devices)
        other_devices = [device for other_network, device in devices if other_network != network]
        for family, word in ((4, "ip"), (6, "ip6")):
            ranges = _ranges(other_devices, family)
            if ranges:
                lines.append(f"iifname {{ {names_} }} {word} saddr {{ {ranges} }} drop")
        lines.append(f"iifname {{ {names_} }} fib saddr oifname != {{ {names_} }} drop")
    body = chain("sources", ["type filter hook prerouting priority -300; policy accept;", *lines])
    guard = [*advertising.rules(), *_metadata6_only()]
    body += chain("own", ["type filter hook input priority 0; policy accept;", *guard])
    return body


def _metadata6_only() -> list[str]:
    """The proxy listens at every IPv6 address of the router, but answers at one."""
    return [
        f"meta nfproto ipv6 tcp dport {metadata6.PORT} ip6 daddr != {metadata6.ADDRESS} drop",
        f'iifname "qg-*" ip6 daddr {metadata6.ADDRESS} drop',
    ]


def _ranges(devices: list[VethSpec], version: int) -> str:
    networks = {
        ipaddress.ip_interface(text).network
        for device in devices
        for text in device.addresses
        if text != metadata6.INTERFACE
    }
    texts = {str(network) for network in networks if network.version == version}
    if version == 4:
        return _joined(ipaddress.collapse_addresses(ipaddress.IPv4Network(text) for text in texts))
    return _joined(ipaddress.collapse_addresses(ipaddress.IPv6Network(text) for text in texts))


def _joined(items: Iterable[object]) -> str:
    return ", ".join(str(item) for item in items)


def _translation(
    router: RouterView,
    outer: list[Gateway],
    forwards: tuple[ForwardSpec, ...],
    instance: str,
) -> str:
    arriving, leaving, guard = [], [], []
    if router.metadata:
        arriving.append(
            f'iifname "qr-*" ip daddr {names.METADATA_ADDRESS} tcp dport 80 '
            f"redirect to :{names.ROUTER_METADATA_PORT}"
        )
        # only redirected packets were checked by the bridge as metadata requests
        guard.append(
            f"tcp dport {names.ROUTER_METADATA_PORT} "
            f"ct original ip daddr != {names.METADATA_ADDRESS} drop"
        )
    body = ""
    if outer:
        own = outer[0].address()
        guard += [
            f'iifname "{gateway.device}" tcp dport {names.ROUTER_METADATA_PORT} drop'
            for gateway in outer
        ]
        if router.floating_ips:
            body += _maps(router, outer)
            # A guest that connects to the floating address of a neighbour must get the replies
            # from that address, not directly from the neighbour: the mark requests a new
            # source address, too.
            arriving.append('iifname "qr-*" ip daddr @floating meta mark set 0x1')
            arriving.append("dnat to ip daddr map @inward")
            leaving.append("meta mark 0x1 snat to ip saddr map @outward")
            leaving += [
                f'oifname "{gateway.device}" snat to ip saddr map @{_outward(gateway)}'
                for gateway in outer
            ]
        if forwards:
            sets, rules = forwarding.maps(forwards)
            body += sets
            arriving.append('iifname "qr-*" ip daddr @forwarded meta mark set 0x1')
            arriving += rules
        if own and (router.floating_ips or forwards):
            leaving.append(f"meta mark 0x1 snat to {own}")
        inside = [(p, names.inner_interface(p.port_id)) for p in router.interfaces]
        for gateway in outer:
            if router.enable_snat and gateway.address():
                leaving += scopes.untranslated(inside, (gateway.port, gateway.device))
                leaving.append(f'oifname "{gateway.device}" snat to {gateway.address()}')
    body += conntrack_helpers.rules(router.conntrack_helpers)
    if not arriving and not leaving and not guard and not body:
        return replaced(f"ip {instance}", "")
    body += chain("guard", ["type filter hook input priority 0; policy accept;", *guard])
    body += chain("arriving", ["type nat hook prerouting priority -100;", *arriving])
    body += chain("leaving", ["type nat hook postrouting priority 100;", *leaving])
    return replaced(f"ip {instance}", body)


def _outward(gateway: Gateway) -> str:
    return f"outward_{gateway.table:x}" if gateway.table else "outward"


def _maps(router: RouterView, outer: list[Gateway]) -> str:
    """``floating`` and ``inward`` of all floating IPs; for each gateway those that it answers for,
    from inside to outside.
    """
    pairs = sorted((_address(f.floating_ip), _address(f.fixed_ip)) for f in router.floating_ips)
    inward = ", ".join(f"{outside} : {inside}" for outside, inside in pairs)
    floating = ", ".join(outside for outside, _ in pairs)
    body = f"  set floating {{\n    type ipv4_addr\n    elements = {{ {floating} }}\n  }}\n"
    body += _map("inward", inward)
    for gateway in outer:
        own = {
            _address(fip.floating_ip)
            for fip in router.floating_ips
            if gateways.is_at(outer, gateway, fip)
        }
        body += _map(_outward(gateway), _back([pair for pair in pairs if pair[0] in own]))
    return body


def _back(pairs: list[tuple[str, str]]) -> str:
    outside_of = {inside: outside for outside, inside in reversed(pairs)}
    return ", ".join(f"{inside} : {outside_of[inside]}" for inside in sorted(outside_of))


def _map(name: str, elements: str) -> str:
    filled = f"    elements = {{ {elements} }}\n" if elements else ""
    return f"  map {name} {{\n    type ipv4_addr : ipv4_addr\n{filled}  }}\n"
