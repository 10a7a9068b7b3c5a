"""Which policy a port, network, floating IP or gateway has, and what drivers enforce."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import or_, select

from stratolith.kernel.context import Context
from stratolith.network.exceptions.qos import (
    PolicyRemoveAuthorizationError,
    QosPolicyNotFound,
    QosRuleNotSupported,
    QosRuleNotSupportedByNetwork,
    TrackedInPlacement,
)
from stratolith.network.managers import holders
from stratolith.network.managers.qos import policies, rule_types
from stratolith.network.models import FloatingIp, Network, Port, QosPolicy, QosRule, Router


def usable(ctx: Context, policy_id: str | None) -> str | None:
    """The id of a policy that the caller may use; raises QosPolicyNotFound."""
    if not policy_id:
        return None
    policy = policies.get(ctx, policy_id)
    _hold(ctx, policy)
    return policy.id


def for_new_network(ctx: Context, project_id: str, policy_id: str | None) -> str | None:
    """The given policy, or the default of the network's project."""
    if policy_id:
        return usable(ctx, policy_id)
    default = policies.default_of(ctx, project_id)
    if default is not None:
        _hold(ctx, ctx.session.get_one(QosPolicy, default))
    return default


def replaced(ctx: Context, former_id: str | None, policy_id: str | None) -> str | None:
    """The new policy of a port or network that had another.

    Raises QosPolicyNotFound, and PolicyRemoveAuthorizationError when the caller may not see the
    former one: an administrator's limit stays.
    """
    if former_id:
        former = ctx.session.get(QosPolicy, former_id)
        if former is not None and not policies.may_see(ctx, former):
            raise PolicyRemoveAuthorizationError(policy_id=former_id)
    return usable(ctx, policy_id)


def replaced_of_gateway(ctx: Context, former_id: str | None, policy_id: str | None) -> str | None:
    """The same for a router's gateway; the former policy must be visible to change it."""
    if former_id and former_id != policy_id:
        policies.get(ctx, former_id)
    return usable(ctx, policy_id) if former_id != policy_id else former_id


def check_port(ctx: Context, port_id: str, policy_id: str | None) -> None:
    """Raise QosRuleNotSupported for a rule of the policy that no driver enforces for ports."""
    unsupported = _unsupported(ctx, policy_id)
    if unsupported is not None:
        raise QosRuleNotSupported(rule_type=unsupported, port_id=port_id)


def check_network(ctx: Context, network_id: str, policy_id: str | None) -> None:
    """Raise QosRuleNotSupportedByNetwork in the same case."""
    unsupported = _unsupported(ctx, policy_id)
    if unsupported is not None:
        raise QosRuleNotSupportedByNetwork(rule_type=unsupported, network_id=network_id)


def check_ports_of(ctx: Context, policy: QosPolicy, kind: str) -> None:
    """Raise QosRuleNotSupported when a port, floating IP or gateway has the policy and no driver
    enforces such rules.
    """
    if kind in rule_types.enforced(ctx):
        return
    of_networks = select(Network.id).where(Network.qos_policy_id == policy.id)
    ports = select(Port.id).where(
        or_(
            Port.qos_policy_id == policy.id,
            Port.qos_policy_id.is_(None) & Port.network_id.in_(of_networks),
        )
    )
    of_addresses = (
        select(FloatingIp.floating_port_id).where(FloatingIp.qos_policy_id == policy.id),
        select(Router.gateway_port_id).where(
            Router.qos_policy_id == policy.id, Router.gateway_port_id.is_not(None)
        ),
    )
    for statement in (ports, *of_addresses):
        port_id = ctx.session.scalar(statement.limit(1))
        if port_id is not None:
            raise QosRuleNotSupported(rule_type=kind, port_id=port_id)


def check_not_tracked(ctx: Context, policy: QosPolicy, kind: str) -> None:
    """Raise TrackedInPlacement for a minimum rule of a policy that ports of servers have: their
    allocations were made for the rules as they are.
    """
    if kind not in rule_types.MINIMUMS:
        return
    of_networks = select(Network.id).where(Network.qos_policy_id == policy.id)
    ports = select(Port.id).where(
        or_(
            Port.qos_policy_id == policy.id,
            Port.qos_policy_id.is_(None) & Port.network_id.in_(of_networks),
        ),
        or_(Port.holder == holders.SERVER, Port.device_owner.startswith("compute:")),
    )
    if ctx.session.scalar(ports.limit(1)) is not None:
        raise TrackedInPlacement


def effective(row: Any, network: Any) -> str | None:
    """The policy in force for a port: its own, or its network's unless the port is one of the
    cloud's own (of a router's interface or a DHCP server); a gateway has its network's.
    """
    if row.qos_policy_id or row.holder in (
        holders.INTERFACE,
        holders.DHCP,
        holders.FLOATING_IP,
        holders.LOCAL_IP,
    ):
        own: str | None = row.qos_policy_id
        return own
    inherited: str | None = network.qos_policy_id
    return inherited


def _unsupported(ctx: Context, policy_id: str | None) -> str | None:
    if not policy_id:
        return None
    types = select(QosRule.type).where(QosRule.policy_id == policy_id).order_by(QosRule.type)
    return next(_without(ctx.session.scalars(types), rule_types.enforced(ctx)), None)


def _without(kinds: Iterable[str], enforced: Iterable[str]) -> Any:
    known = set(enforced)
    return (kind for kind in kinds if kind not in known)


def _hold(ctx: Context, policy: QosPolicy) -> None:
    """Keep the policy from being deleted before this transaction is committed."""
    if not ctx.transaction.write:
        return
    locked = select(QosPolicy.id).where(QosPolicy.id == policy.id).with_for_update(read=True)
    if ctx.session.scalar(locked) is None:
        raise QosPolicyNotFound(policy_id=policy.id)
