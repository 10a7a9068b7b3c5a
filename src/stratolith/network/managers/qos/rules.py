"""The rules of QoS policies, with Neutron's checks between the rules of a policy."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, select

from stratolith.kernel.context import Context
from stratolith.kernel.db.rows import KeyedReader, plain_reader
from stratolith.network.exceptions.qos import (
    QosRuleNotFound,
    QoSRuleParameterConflict,
    QoSRulesConflict,
)
from stratolith.network.managers import host_hints
from stratolith.network.managers.qos import bindings, policies
from stratolith.network.models import QosPolicy, QosRule

LIMIT, MINIMUM, MINIMUM_RATE = "bandwidth_limit", "minimum_bandwidth", "minimum_packet_rate"
ANY = "any"  # a direction of minimum packet rates
_RULES = KeyedReader(
    plain_reader(QosRule),
    QosRule.policy_id,
    select(QosRule).order_by(QosRule.type, QosRule.direction, QosRule.id),
)


def of(ctx: Context, policy_ids: Iterable[str]) -> dict[str, list[QosRule]]:
    """Policy id -> its rules; one statement."""
    by_policy: dict[str, list[QosRule]] = {policy_id: [] for policy_id in policy_ids}
    for rule in _RULES(ctx.session, by_policy):
        by_policy[rule.policy_id].append(rule)
    return by_policy


def get(ctx: Context, kind: str, policy_id: str, rule_id: str) -> QosRule:
    """A rule of this type in a policy that the caller may see; raises QosRuleNotFound,
    QosPolicyNotFound.
    """
    policy = policies.get(ctx, policy_id)
    rule = ctx.session.get(QosRule, rule_id)
    if rule is None or rule.policy_id != policy.id or rule.type != kind:
        raise QosRuleNotFound(rule_id=rule_id, policy_id=policy_id)
    return rule


def by_id(ctx: Context, kind: str, rule_id: str) -> QosRule:
    """The same without the policy's id; raises QosRuleNotFound."""
    rule = ctx.session.get(QosRule, rule_id)
    if rule is None or rule.type != kind or not policies.may_see(ctx, rule.policy):
        raise QosRuleNotFound(rule_id=rule_id, policy_id="")
    return rule


def create(ctx: Context, policy: QosPolicy, kind: str, values: Mapping[str, Any]) -> QosRule:
    """``values``: by the names of columns. Raises QoSRulesConflict, QoSRuleParameterConflict,
    QosRuleNotSupported, TrackedInPlacement.
    """
    direction = values.get("direction", "")
    other_rules = _rules_of(ctx, policy)
    _check_amounts(policy, other_rules, kind, values)
    _check_directions(policy, other_rules, kind, direction)
    _check_single(policy, other_rules, kind, direction)
    bindings.check_ports_of(ctx, policy, kind)
    bindings.check_not_tracked(ctx, policy, kind)
    rule = QosRule(policy_id=policy.id, type=kind, **values)
    ctx.session.add(rule)
    _changed(ctx, policy)
    return rule


def update(ctx: Context, rule: QosRule, values: Mapping[str, Any]) -> None:
    """Raises the errors of create."""
    policy = rule.policy
    _check_amounts(policy, _rules_of(ctx, policy), rule.type, values)
    other_rules = _rules_of(ctx, policy, QosRule.id != rule.id)
    direction = values.get("direction", rule.direction)
    _check_directions(policy, other_rules, rule.type, direction)
    _check_single(policy, other_rules, rule.type, direction)
    bindings.check_ports_of(ctx, policy, rule.type)
    bindings.check_not_tracked(ctx, policy, rule.type)
    for name, value in values.items():
        setattr(rule, name, value)
    _changed(ctx, policy)


def delete(ctx: Context, rule: QosRule) -> None:
    """Raises TrackedInPlacement."""
    policy = rule.policy
    bindings.check_not_tracked(ctx, policy, rule.type)
    ctx.session.delete(rule)
    _changed(ctx, policy)


def _changed(ctx: Context, policy: QosPolicy) -> None:
    row = ctx.session.get_one(QosPolicy, policy.id)
    row.revision_number += 1
    ctx.session.flush()
    host_hints.qos_policy(ctx, policy.id)


def _rules_of(ctx: Context, policy: QosPolicy, *which: ColumnElement[bool]) -> list[QosRule]:
    rules = select(QosRule).where(QosRule.policy_id == policy.id, *which)
    return list(ctx.session.scalars(rules.order_by(QosRule.type, QosRule.direction)))


def _check_amounts(
    policy: QosPolicy, rules: Iterable[QosRule], kind: str, values: Mapping[str, Any]
) -> None:
    """A guaranteed bandwidth is not above the limit of the same direction.

    Without a direction in the request, rules of all directions are compared, as Neutron does.
    """
    if "amount" not in values or kind not in (LIMIT, MINIMUM):
        return
    amount, direction = values["amount"], values.get("direction")
    for rule in rules:
        if rule.type not in (LIMIT, MINIMUM) or rule.type == kind:
            continue
        if direction and rule.direction != direction:
            continue
        limit, minimum = (amount, rule.amount) if kind == LIMIT else (rule.amount, amount)
        if minimum > limit:
            raise QoSRuleParameterConflict(
                rule_value=amount,
                policy_id=policy.id,
                existing_rule=rule.type,
                existing_value=rule.amount,
            )


def _check_directions(
    policy: QosPolicy, rules: Iterable[QosRule], kind: str, direction: str
) -> None:
    """Minimum packet rates are either for both directions together or for single ones."""
    for rule in rules:
        mixed = (rule.direction == ANY) != (direction == ANY)
        if kind == rule.type == MINIMUM_RATE and mixed:
            raise QoSRuleParameterConflict(
                rule_value=direction,
                policy_id=policy.id,
                existing_rule=rule.type,
                existing_value=rule.direction,
            )


def _check_single(policy: QosPolicy, rules: Iterable[QosRule], kind: str, direction: str) -> None:
    for rule in rules:
        if (rule.type, rule.direction) == (kind, direction):
            raise QoSRulesConflict(new_rule_type=kind, rule_id=rule.id, policy_id=policy.id)
