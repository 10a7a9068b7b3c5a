"""External gateways of a router: ports with the hosts that may have them, default routes, and
translations of addresses.

The first gateway has the default route. A guest with a floating IP of a further gateway leaves by
that one, also with replies: OVN knows a packet's way back by its source only.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from stratolith.network.drivers import checks
from stratolith.network.drivers.linux import names
from stratolith.network.drivers.ovn.northbound import scopes
from stratolith.network.drivers.ovn.northbound.ports import port_name, port_rows
from stratolith.network.drivers.ovn.northbound.rows import Link, Ref, Row
from stratolith.network.drivers.routing import FloatingIpView, RouterPortView, RouterView

_FIRST_PRIORITY = 100  # of hosts
_VIA = 300  # before the policies of address scopes


class Gateway(msgspec.Struct, frozen=True):
    port: RouterPortView
    nexthops: list[str]

    @property
    def address(self) -> str:
        """The first IPv4 address; "" for none."""
        interfaces = [ipaddress.ip_interface(text) for text in self.port.addresses]
        return next((str(each.ip) for each in interfaces if each.version == 4), "")

    def nexthop(self, version: int) -> str:
        """The first next hop of this IP version; "" for none."""
        return next((hop for hop in self.nexthops if (":" in hop) == (version == 6)), "")


def of_router(router: RouterView) -> list[Gateway]:
    """That with the default route, and the further ones."""
    if router.gateway is None:
        return []
    further = [Gateway(extra.port, extra.nexthops) for extra in router.extra_gateways]
    further.sort(key=lambda gateway: gateway.port.port_id)
    return [Gateway(router.gateway, router.gateway_nexthops), *further]


def at(gateways: Sequence[Gateway], network_id: str) -> Gateway:
    """The first gateway in this external network; "" is that of the first one."""
    in_network = (gateway for gateway in gateways if gateway.port.network_id == network_id)
    return next(in_network, gateways[0])


def gateway_rows(
    router: RouterView, owner: str, chassis: Sequence[str]
) -> tuple[list[Row], list[str]]:
    """Rows, and why some of it is left out. ``chassis``: the hosts for gateways, the best first.

    Raises ``ValueError``.
    """
    gateways = of_router(router)
    rows: list[Row] = []
    for gateway in gateways:
        rows += _ports(router, owner, gateway, gateways)
        rows += _chassis(owner, gateway.port.port_id, chassis)
        rows += _source_translations(router, owner, gateway, len(gateways) > 1)
    rows += _default_routes(router, owner, gateways)
    for floating in router.floating_ips:
        gateway = at(gateways, floating.network_id)
        rows.append(_floating(router.id, owner, floating, gateway, len(gateways) > 1))
    ways, reasons = _ways(router, owner, gateways)
    return [*rows, *ways], reasons


def route(router_id: str, owner: str, destination: str, hop: str, port: str = "") -> Row:
    """``port``: the name of the router's port that it leaves by; "": chosen by the next hop."""
    network = str(checks.network(destination))
    columns: dict[str, object] = {"ip_prefix": network, "nexthop": checks.address(hop)}
    if port:
        columns["output_port"] = port
    return Row(
        table="Logical_Router_Static_Route",
        key=f"{router_id}/{network}/{hop}",
        owner=owner,
        columns=columns,
        links=(Link("Logical_Router", router_id, "static_routes"),),
    )


def _ports(
    router: RouterView, owner: str, gateway: Gateway, gateways: Sequence[Gateway]
) -> list[Row]:
    """Of gateways in one network only the first one has the route to it: OVN knows one port for a
    destination.
    """
    before = gateways[: gateways.index(gateway)]
    known = {ipaddress.ip_interface(text).network for g in before for text in g.port.addresses}
    addresses = [
        str(interface.ip) if interface.network in known else text
        for text in gateway.port.addresses
        for interface in [ipaddress.ip_interface(text)]
    ]
    port = msgspec.structs.replace(gateway.port, addresses=addresses)
    return port_rows(router.id, owner, port, {"nat-addresses": "router"})


def _chassis(owner: str, port_id: str, chassis: Sequence[str]) -> Iterator[Row]:
    for number, name in enumerate(chassis):
        yield Row(
            table="Gateway_Chassis",
            key=f"{port_id}/{name}",
            owner=owner,
            columns={
                "name": f"{port_name(port_id)}_{name}",
                "chassis_name": name,
                "priority": max(0, _FIRST_PRIORITY - number),
            },
            links=(Link("Logical_Router_Port", port_id, "gateway_chassis"),),
        )


def _default_routes(router: RouterView, owner: str, gateways: Sequence[Gateway]) -> Iterator[Row]:
    """Of each IP version those of the first gateway that has a next hop; none where the router has
    a default route of its owner's: OVN would take them in turn.
    """
    own = {str(checks.network(each.destination)) for each in router.routes}
    for version, everywhere in ((4, "0.0.0.0/0"), (6, "::/0")):
        if everywhere in own:
            continue
        for gateway in [each for each in gateways if each.nexthop(version)][:1]:
            name = port_name(gateway.port.port_id)
            for hop in gateway.nexthops:
                if (":" in hop) == (version == 6):
                    yield route(router.id, owner, everywhere, hop, name)


# -- translations --------------------------------------------------------------------------------


def _source_translations(
    router: RouterView, owner: str, gateway: Gateway, has_several: bool
) -> list[Row]:
    if not (router.enable_snat and gateway.address):
        return []
    inside = {
        str(ipaddress.ip_interface(text).network)
        for port in router.interfaces
        for text in port.addresses
        if ":" not in text and scopes.is_translated(port, gateway.port)
    }
    return [
        _nat(router.id, owner, "snat", gateway.address, network, gateway, has_several)
        for network in sorted(inside)
    ]


def _floating(
    router_id: str, owner: str, floating: FloatingIpView, gateway: Gateway, has_several: bool
) -> Row:
    """Translated on the router's host, or on that of the port which has the floating IP."""
    outer, inner = checks.address(floating.floating_ip, 4), checks.address(floating.fixed_ip, 4)
    row = _nat(router_id, owner, "dnat_and_snat", outer, inner, gateway, has_several)
    if floating.port_id:
        row.columns["logical_port"] = names.checked_id(floating.port_id)
        row.columns["external_mac"] = checks.mac(floating.mac)
    return row


def _nat(
    router_id: str,
    owner: str,
    kind: str,
    outer: str,
    inner: str,
    gateway: Gateway,
    has_several: bool,
) -> Row:
    columns: dict[str, object] = {"type": kind, "external_ip": outer, "logical_ip": inner}
    if has_several:
        columns["gateway_port"] = Ref("Logical_Router_Port", gateway.port.port_id)
    return Row(
        table="NAT",
        key=f"{router_id}/{kind}/{outer}/{inner}",
        owner=owner,
        columns=columns,
        links=(Link("Logical_Router", router_id, "nat"),),
    )


# -- ways by further gateways --------------------------------------------------------------------


def _ways(
    router: RouterView, owner: str, gateways: Sequence[Gateway]
) -> tuple[list[Row], list[str]]:
    """What leaves by a further gateway, and reasons for fixed addresses that cannot."""
    near = _near(router, gateways)
    rows, reasons = [], []
    used: set[str] = set()
    for gateway in gateways:
        fixed = {
            checks.address(floating.fixed_ip, 4)
            for floating in router.floating_ips
            if at(gateways, floating.network_id) is gateway
        }
        reasons += [
            f"{address} has floating IPs of several gateways, and OVN sends its replies by one"
            for address in sorted(fixed & used)
        ]
        hop = gateway.nexthop(4)
        if gateway is not gateways[0] and hop and fixed - used:
            rows.append(_way(router.id, owner, sorted(fixed - used), near, checks.address(hop)))
        used |= fixed
    return rows, reasons


def _near(router: RouterView, gateways: Iterable[Gateway]) -> list[str]:
    """The networks that the router reaches by another port than that of a default route."""
    texts = [text for port in router.interfaces for text in port.addresses]
    texts += [text for gateway in gateways for text in gateway.port.addresses]
    networks = {ipaddress.ip_interface(text).network for text in texts}
    networks |= {checks.network(each.destination) for each in router.routes}
    return sorted(str(n) for n in networks if n.version == 4 and n.prefixlen)


def _way(router_id: str, owner: str, fixed: list[str], near: list[str], hop: str) -> Row:
    match = f"ip4.src == {{{', '.join(fixed)}}} && ip4.dst != {{{', '.join(near)}}}"
    return Row(
        table="Logical_Router_Policy",
        key=f"{router_id}/{_VIA}/{hop}",
        owner=owner,
        columns={
            "priority": _VIA, "match": match, "action": "reroute", "nexthops": frozenset((hop,))
        },
        links=(Link("Logical_Router", router_id, "policies"),),
    )  # fmt: skip
