"""Routers as logical routers, with translations of addresses and routes."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from stratolith.network.drivers import checks
from stratolith.network.drivers.base import FloatingIpView, RouterPortView, RouterView
from stratolith.network.drivers.linux import names
from stratolith.network.drivers.ovn.northbound import advertising, forwarding, qos, scopes
from stratolith.network.drivers.ovn.northbound.rows import Link, Partial, Row

_FIRST_PRIORITY = 100


def router_rows(router: RouterView, chassis: Sequence[str], rules: qos.Rules) -> list[Row]:
    """``chassis``: the hosts for its gateway, the best first. ``rules``: of QoS policies.

    Raises ``ValueError``.
    """
    owner = f"router/{router.id}"
    columns = {"name": router.id, "enabled": router.admin_state_up}
    rows = [Row(table="Logical_Router", key=router.id, owner=owner, columns=columns)]
    for port in router.interfaces:
        rows += _port_rows(router.id, owner, port, {})
    for route in router.routes:
        rows.append(_route(router.id, owner, route.destination, route.nexthop, ""))
    if router.gateway is not None:
        rows += _gateway_rows(router, owner, router.gateway, chassis)
        rows += qos.router_rows(router, owner, rules)
    ends = [*router.interfaces, *([router.gateway] if router.gateway else [])]
    port_names = {port.port_id: port_name(port.port_id) for port in ends}
    rows += scopes.policy_rows(router, owner, port_names)
    reasons = [text for port in router.interfaces for text in advertising.reasons(port)]
    if router.conntrack_helpers or router.ndp_proxies:
        reasons.append("OVN has no conntrack helpers and no NDP proxies")
    if router.extra_gateways:
        reasons.append("the driver ovn gives a router one gateway")
    if outer := _outer_address(router.gateway):
        forwards, more = forwarding.forwarding_rows(router, owner, outer)
        rows += forwards
        reasons += more
    if reasons:
        raise Partial(rows, "; ".join(reasons))
    return rows


def _port_rows(
    router_id: str, owner: str, port: RouterPortView, options: dict[str, str]
) -> list[Row]:
    """A port of the router and its other end on the switch."""
    name = port_name(port.port_id)
    return [
        Row(
            table="Logical_Router_Port",
            key=port.port_id,
            owner=owner,
            columns={
                "name": name,
                "mac": checks.mac(port.mac),
                "networks": frozenset(checks.interface(text) for text in port.addresses),
                "ipv6_ra_configs": advertising.configuration(port),
            },
            links=(Link("Logical_Router", router_id, "ports"),),
        ),
        Row(
            table="Logical_Switch_Port",
            key=port.port_id,
            owner=owner,
            columns={
                "name": port.port_id,
                "type": "router",
                "addresses": "router",
                "options": {"router-port": name, **options},
            },
            links=(Link("Logical_Switch", port.network_id, "ports"),),
        ),
    ]


def port_name(port_id: str) -> str:
    return f"lrp-{names.checked_id(port_id)}"


def _gateway_rows(
    router: RouterView, owner: str, gateway: RouterPortView, chassis: Sequence[str]
) -> list[Row]:
    rows = _port_rows(router.id, owner, gateway, {"nat-addresses": "router"})
    for number, name in enumerate(chassis):
        rows.append(
            Row(
                table="Gateway_Chassis",
                key=f"{gateway.port_id}/{name}",
                owner=owner,
                columns={
                    "name": f"{port_name(gateway.port_id)}_{name}",
                    "chassis_name": name,
                    "priority": max(0, _FIRST_PRIORITY - number),
                },
                links=(Link("Logical_Router_Port", gateway.port_id, "gateway_chassis"),),
            )
        )
    for hop in router.gateway_nexthops:
        everywhere = "::/0" if ":" in hop else "0.0.0.0/0"
        rows.append(_route(router.id, owner, everywhere, hop, port_name(gateway.port_id)))
    own_address = _outer_address(gateway)
    if router.enable_snat and own_address:
        inside = {
            str(ipaddress.ip_interface(text).network)
            for port in router.interfaces
            for text in port.addresses
            if ":" not in text and scopes.is_translated(router, port)
        }
        rows += [_nat(router.id, owner, "snat", own_address, network) for network in sorted(inside)]
    for floating in router.floating_ips:
        rows.append(_floating(router.id, owner, floating))
    return rows


def _floating(router_id: str, owner: str, floating: FloatingIpView) -> Row:
    """Translated on the router's host, or on that of the port which has the floating IP."""
    outer, inner = checks.address(floating.floating_ip, 4), checks.address(floating.fixed_ip, 4)
    row = _nat(router_id, owner, "dnat_and_snat", outer, inner)
    if floating.port_id:
        row.columns["logical_port"] = names.checked_id(floating.port_id)
        row.columns["external_mac"] = checks.mac(floating.mac)
    return row


def _outer_address(gateway: RouterPortView | None) -> str:
    """The IPv4 address of a router outside; "" for none."""
    addresses = gateway.addresses if gateway is not None else []
    return next((str(ipaddress.ip_interface(t).ip) for t in addresses if ":" not in t), "")


def _route(router_id: str, owner: str, destination: str, hop: str, port: str) -> Row:
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


def _nat(router_id: str, owner: str, kind: str, outer: str, inner: str) -> Row:
    return Row(
        table="NAT",
        key=f"{router_id}/{kind}/{outer}/{inner}",
        owner=owner,
        columns={"type": kind, "external_ip": outer, "logical_ip": inner},
        links=(Link("Logical_Router", router_id, "nat"),),
    )
