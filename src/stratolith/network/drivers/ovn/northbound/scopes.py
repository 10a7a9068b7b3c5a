"""Address scopes as policies of a router: nothing is routed between two scopes but replies, what a
floating IP or forwarded port leads in, and what leaves translated.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from stratolith.network.drivers import checks
from stratolith.network.drivers.ovn.northbound.rows import Link, Row
from stratolith.network.drivers.routing import RouterPortView, RouterView, outside

_ALLOW, _DROP = 200, 100


def policy_rows(router: RouterView, owner: str, names: dict[str, str]) -> list[Row]:
    """``names``: port -> its name in OVN. Empty where there is one scope only."""
    ends = [*router.interfaces, *outside(router)]
    drops = [
        f"ip{version} && inport == {json.dumps(names[end.port_id])} && "
        f"outport == {{{_listed(names, farther)}}}"
        for version in (4, 6)
        for end in ends
        if (farther := list(_farther(router, end, ends, version)))
    ]
    if not drops:
        return []
    allowed = ["ct.rpl", "ct.dnat"]
    if router.gateway is not None and router.floating_ips:
        own = sorted({checks.address(floating.fixed_ip, 4) for floating in router.floating_ips})
        gateways = _listed(names, outside(router))
        allowed.append(f"outport == {{{gateways}}} && ip4.src == {{{', '.join(own)}}}")
    listed = [(_ALLOW, match, "allow") for match in allowed]
    listed += [(_DROP, match, "drop") for match in drops]
    return [_policy(router.id, owner, *each) for each in listed]


def is_translated(port: RouterPortView, gateway: RouterPortView) -> bool:
    """Whether sources behind the interface are translated outside, where the router does that."""
    return not gateway.scope_v4 or port.scope_v4 != gateway.scope_v4


def _farther(
    router: RouterView, end: RouterPortView, ends: Iterable[RouterPortView], version: int
) -> Iterable[RouterPortView]:
    """The router's ports in other scopes than this one, which it may not reach."""
    for other in ends:
        leaves = other in outside(router) and version == 4 and router.enable_snat
        if _scope(other, version) != _scope(end, version) and not leaves:
            yield other


def _scope(port: RouterPortView, version: int) -> str:
    return port.scope_v4 if version == 4 else port.scope_v6


def _listed(names: dict[str, str], ports: Iterable[RouterPortView]) -> str:
    return ", ".join(sorted(json.dumps(names[port.port_id]) for port in ports))


def _policy(router_id: str, owner: str, priority: int, match: str, action: str) -> Row:
    return Row(
        table="Logical_Router_Policy",
        key=f"{router_id}/{priority}/{match}",
        owner=owner,
        columns={"priority": priority, "match": match, "action": action},
        links=(Link("Logical_Router", router_id, "policies"),),
    )
