"""The rules of QoS policies for hosts."""

from __future__ import annotations

from collections.abc import Iterable

from stratolith.kernel.context import Context
from stratolith.kernel.readable import LeftOut
from stratolith.network.drivers import checks
from stratolith.network.drivers.base import NetworkView, QosRuleView
from stratolith.network.drivers.routing import RouterView, outside
from stratolith.network.managers import host_hints
from stratolith.network.models import QosRule
from stratolith.network.reconcilers.view_rows import QosRuleRow, columns

Rules = dict[str, list[QosRuleView]]  # by policy


def of_policies(ctx: Context, policies: Iterable[str], left_out: LeftOut) -> Rules:
    """The rules that hosts enforce, for each of the policies."""
    by_policy: Rules = {policy: [] for policy in sorted(policies)}
    if not by_policy:
        return by_policy
    wanted = (
        columns(QosRuleRow, QosRule)
        .where(QosRule.policy_id.in_(list(by_policy)), QosRule.type.in_(checks.QOS_DIRECTIONS))
        .order_by(QosRule.type, QosRule.direction, QosRule.id)
    )
    for row in left_out.rows(ctx.session, wanted, QosRule.id, QosRuleRow):
        rule = QosRuleView(
            type=row.type,
            direction=row.direction or "egress",
            amount=row.amount,
            burst=row.burst,
        )
        by_policy[row.policy_id].append(rule)
    return by_policy


def used_on(ctx: Context, host: str, policies: Iterable[str]) -> list[str]:
    """Those of the policies that something on the host may have."""
    return [policy for policy in policies if host in host_hints.hosts_of_qos_policy(ctx, policy)]


def named_in(networks: Iterable[NetworkView], routers: Iterable[RouterView]) -> set[str]:
    """The policies of the ports, floating IPs and gateways of a view."""
    named = {port.qos_policy for network in networks for port in network.ports}
    for router in routers:
        named |= {floating.qos_policy for floating in router.floating_ips}
        named |= {forwarding.qos_policy for forwarding in router.port_forwardings}
        named |= {port.qos_policy for port in outside(router)}
    return named - {""}
