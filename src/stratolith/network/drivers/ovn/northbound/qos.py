"""QoS policies as rules of switches: limits of bandwidth drop what is over them; DSCP marks.

Directions are the guest's. What comes from a guest or from a router's gateway enters the switch
("from-lport"), what goes to them leaves it ("to-lport").
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

from stratolith.network.drivers import checks
from stratolith.network.drivers.base import PortView, QosRuleView
from stratolith.network.drivers.ovn.northbound import gateways
from stratolith.network.drivers.ovn.northbound.rows import Link, Row
from stratolith.network.drivers.routing import FloatingIpView, PortForwardingView, RouterView

Rules = Mapping[str, Sequence[QosRuleView]]  # by policy

PRIORITY = 100
NO_PACKETS = "OVN limits no packet rates"
# Of a limit whose burst the policy does not choose: the part of a second's traffic that Neutron
# takes, which TCP needs to reach the limit; and kbit of the largest frame of a guest.
_BURST, _LEAST_BURST = 0.8, 525
_MOST = 2**32 - 1
_SIDES = {"egress": ("from-lport", "inport", "src"), "ingress": ("to-lport", "outport", "dst")}


def usable(policies: Rules) -> tuple[Rules, dict[str, str]]:
    """The rules that OVN enforces, and policy -> why others are left out."""
    rules: dict[str, list[QosRuleView]] = {}
    errors: dict[str, str] = {}
    for policy, wished in policies.items():
        rules[policy] = []
        for rule in wished:
            try:
                checks.qos_rule(rule.type, rule.direction, rule.amount, rule.burst)
            except ValueError as error:
                errors[policy] = str(error)
                continue
            if rule.type == "packet_rate_limit":
                errors[policy] = NO_PACKETS
            else:
                rules[policy].append(rule)
    return rules, errors


def port_rows(port: PortView, owner: str, network_id: str, rules: Rules) -> list[Row]:
    """The rules of a guest's port."""
    return list(_rows(owner, network_id, port.id, "", rules.get(port.qos_policy, ())))


def router_rows(router: RouterView, owner: str, rules: Rules) -> list[Row]:
    """The rules of floating IPs and of the gateways' own addresses, on the external networks."""
    ends = gateways.of_router(router)
    if not ends:
        return []
    views: list[FloatingIpView | PortForwardingView] = [*router.floating_ips]
    policies = {
        view.floating_ip: (gateways.at(ends, view.network_id).port, view.qos_policy)
        for view in [*views, *router.port_forwardings]
    }
    for end in ends:
        own = (text.split("/")[0] for text in end.port.addresses)
        policies |= dict.fromkeys(own, (end.port, end.port.qos_policy))
    rows: list[Row] = []
    for text, (port, policy) in policies.items():
        address, wished = checks.address(text), rules.get(policy, ())
        rows += _rows(owner, port.network_id, port.port_id, address, wished)
    return rows


def _rows(
    owner: str, network_id: str, port_id: str, address: str, rules: Iterable[QosRuleView]
) -> Iterable[Row]:
    for rule in rules:
        direction, end, side = _SIDES[rule.direction]
        family = ("ip6" if ":" in address else "ip4") if address else "ip"
        match = f"{end} == {json.dumps(port_id)} && {family}"
        match += f" && {family}.{side} == {address}" if address else ""
        columns: dict[str, object] = {
            "priority": PRIORITY, "direction": direction, "match": match
        }  # fmt: skip
        if rule.type == "dscp_marking":
            columns["action"] = {"dscp": rule.amount}
        elif rule.amount:
            burst = rule.burst or max(int(rule.amount * _BURST), _LEAST_BURST)
            columns["bandwidth"] = {"rate": rule.amount, "burst": min(burst, _MOST)}
        else:
            continue
        yield Row(
            table="QoS",
            key=f"{port_id}/{address}/{rule.type}/{rule.direction}",
            owner=owner,
            columns=columns,
            links=(Link("Logical_Switch", network_id, "qos_rules"),),
        )
