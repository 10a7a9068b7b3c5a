"""Routers as logical routers."""

from __future__ import annotations

from collections.abc import Sequence

from stratolith.network.drivers.ovn.northbound import (
    advertising,
    forwarding,
    gateways,
    ports,
    qos,
    scopes,
)
from stratolith.network.drivers.ovn.northbound.rows import Partial, Row
from stratolith.network.drivers.routing import RouterView, outside

# A machine outside that has another MAC address at the same IP address is found again after this
# many seconds, also when it does not announce itself. By default OVN keeps addresses for ever.
NEIGHBOUR_SECONDS = 300


def router_rows(router: RouterView, chassis: Sequence[str], rules: qos.Rules) -> list[Row]:
    """``chassis``: the hosts for its gateways, the best first. ``rules``: of QoS policies.

    Raises ``ValueError``.
    """
    owner = f"router/{router.id}"
    options = {"mac_binding_age_threshold": str(NEIGHBOUR_SECONDS)}
    columns = {"name": router.id, "enabled": router.admin_state_up, "options": options}
    rows = [Row(table="Logical_Router", key=router.id, owner=owner, columns=columns)]
    for port in router.interfaces:
        rows += ports.port_rows(router.id, owner, port, {})
    for route in router.routes:
        rows.append(gateways.route(router.id, owner, route.destination, route.nexthop))
    outer, reasons = gateways.gateway_rows(router, owner, chassis)
    rows += [*outer, *qos.router_rows(router, owner, rules)]
    ends = [*router.interfaces, *outside(router)]
    port_names = {port.port_id: ports.port_name(port.port_id) for port in ends}
    rows += scopes.policy_rows(router, owner, port_names)
    reasons += [text for port in router.interfaces for text in advertising.reasons(port)]
    if router.conntrack_helpers or router.ndp_proxies:
        reasons.append("OVN has no conntrack helpers and no NDP proxies")
    forwards, more = forwarding.forwarding_rows(router, owner)
    rows += forwards
    reasons += more
    if reasons:
        raise Partial(rows, "; ".join(reasons))
    return rows
