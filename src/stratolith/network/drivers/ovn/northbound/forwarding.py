"""Port forwarding of floating IPs: a load balancer for each forwarding, as it is now.

OVN ends the connections of a load balancer that is removed, but not those of single entries. It is
the router's, for the outside, and that of the networks behind it, for guests that use the
floating IP: there OVN translates before the router, and knows a guest that calls itself.
"""

from __future__ import annotations

from collections import defaultdict

from stratolith.network.drivers import checks
from stratolith.network.drivers.linux import names
from stratolith.network.drivers.ovn.northbound import gateways
from stratolith.network.drivers.ovn.northbound.rows import Link, Row
from stratolith.network.drivers.routing import PortForwardingView, RouterView

MOST = 4096  # ports of a floating IP: each is an entry of its own
_PROTOCOLS = {6: "tcp", 17: "udp", 132: "sctp"}


def forwarding_rows(router: RouterView, owner: str) -> tuple[list[Row], list[str]]:
    """Rows, and why forwardings are left out. Raises ``ValueError``."""
    ends = gateways.of_router(router)
    if not ends or not ends[0].address or not router.port_forwardings:
        return [], []
    if len(ends) > 1:
        return [], ["OVN forwards no ports on a router with several gateways"]
    vips: dict[str, tuple[str, dict[str, str]]] = {}
    sizes: dict[str, int] = defaultdict(int)
    reasons = []
    for view in router.port_forwardings:
        number = checks.forwarded(view.protocol, view.external_ports, view.internal_ports)
        sizes[view.floating_ip_id] += view.external_ports[1] - view.external_ports[0] + 1
        if number not in _PROTOCOLS:
            reasons.append(f"OVN forwards no ports of {view.protocol}")
        elif sizes[view.floating_ip_id] > MOST:
            reasons.append(f"OVN forwards {MOST} ports of {view.floating_ip} only")
        else:
            protocol, entries = _PROTOCOLS[number], _entries(view)
            vips[f"{view.id}/{names.digest([protocol, entries])}"] = protocol, entries
    links = [Link("Logical_Router", router.id, "load_balancer")]
    networks = dict.fromkeys(port.network_id for port in router.interfaces)
    if router.admin_state_up:
        links += [Link("Logical_Switch", network, "load_balancer") for network in networks]
    rows = [
        Row(
            table="Load_Balancer",
            key=key,
            owner=owner,
            columns={
                "name": key,
                "protocol": protocol,
                "vips": entries,
                # a guest that calls itself sees the router's address
                "options": {
                    "hairpin_snat_ip": ends[0].address,
                    "neighbor_responder": "all",
                    "ct_flush": "true",
                },
            },
            links=tuple(links),
        )
        for key, (protocol, entries) in vips.items()
    ]  # fmt: skip
    return rows, list(dict.fromkeys(reasons))


def _entries(view: PortForwardingView) -> dict[str, str]:
    outer, inner = checks.address(view.floating_ip, 4), checks.address(view.fixed_ip, 4)
    (first, last), (low, high) = view.external_ports, view.internal_ports
    step = 1 if high > low else 0
    return {
        f"{outer}:{port}": f"{inner}:{low + step * (port - first)}"
        for port in range(first, last + 1)
    }
