"""/qos/policies/{id}/bandwidth_limit_rules and the other types; the same by a rule's id alone"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stratolith.kernel.context import Context
from stratolith.kernel.db.rows import plain_reader
from stratolith.kernel.http.resource import (
    AnyFilter,
    Listing,
    Parent,
    Resource,
    Verb,
    exact,
    integer,
)
from stratolith.kernel.http.routing import Route
from stratolith.network.api.filters import checked
from stratolith.network.api.style import STYLE
from stratolith.network.exceptions.qos import QosRuleNotFound
from stratolith.network.managers.qos import policies, rules
from stratolith.network.models import QosPolicy, QosRule
from stratolith.network.schemas.qos.rules import (
    TYPES,
    RuleType,
    columns,
    render_rule,
    rule_attributes,
    whole_number,
)

Body = dict[str, Any]
PARENT = Parent("policy", policies.get, "id", lambda policy: QosRule.policy_id == policy.id)
ALIASED = ("bandwidth_limit", "dscp_marking", "minimum_bandwidth", "minimum_packet_rate")


def rendered(ctx: Context, rows: Sequence[Any]) -> list[Body]:
    return [render_rule(row) for row in rows]


@dataclass(frozen=True)
class _Of:
    """The functions of the resources of one type of rules."""

    kind: RuleType

    def load(self, ctx: Context, policy_id: str, rule_id: str) -> QosRule:
        return rules.get(ctx, self.kind.name, policy_id, rule_id)

    def load_alone(self, ctx: Context, rule_id: str) -> QosRule:
        return rules.by_id(ctx, self.kind.name, rule_id)

    def create(self, ctx: Context, policy: QosPolicy, values: Mapping[str, Any]) -> QosRule:
        return rules.create(ctx, policy, self.kind.name, columns(self.kind, values))

    def update(self, ctx: Context, rule: QosRule, values: Mapping[str, Any]) -> None:
        rules.update(ctx, rule, columns(self.kind, values))


def _listing(kind: RuleType) -> Listing:
    """Rules of a type. Neutron's lists of bandwidth limits know no direction."""
    amount = checked(integer(QosRule.amount), whole_number)
    filters: dict[str, AnyFilter] = {"id": exact(QosRule.id), kind.amount: amount}
    sort_keys = {"id": QosRule.id, kind.amount: QosRule.amount}
    if kind.burst:
        filters[kind.burst] = checked(integer(QosRule.burst), whole_number)
        sort_keys[kind.burst] = QosRule.burst
    if kind.directions and kind.name != "bandwidth_limit":
        filters["direction"] = exact(QosRule.direction)
        sort_keys["direction"] = QosRule.direction
    return Listing(
        QosRule,
        visible=lambda ctx: QosRule.type == kind.name,
        filters=filters,
        sort_keys=sort_keys,
        default_sort=[("id", "asc")],
        missing=lambda marker: QosRuleNotFound(rule_id=marker, policy_id=""),
        read=plain_reader(QosRule),
    )


def _below_policy(kind: RuleType) -> Resource:
    known, functions = rule_attributes(kind), _Of(kind)
    return Resource(
        known.name,
        STYLE,
        plural=known.collection,
        path=f"/qos/policies/{{id}}/{known.collection}",
        key="rule_id",
        parent=PARENT,
        load=functions.load,
        rendered=rendered,
        attributes=known,
        listing=_listing(kind),
        create=Verb(functions.create),
        update=Verb(functions.update),
        delete=Verb(rules.delete),
    )


def _alone(kind: RuleType, path: str) -> Resource:
    known, functions = rule_attributes(kind, alias=True), _Of(kind)
    return Resource(
        known.name,
        STYLE,
        plural=known.collection,
        path=path,
        key="rule_id",
        load=functions.load_alone,
        rendered=rendered,
        attributes=known,
        update=Verb(functions.update),
        delete=Verb(rules.delete),
    )


RULES = [_below_policy(kind) for kind in TYPES.values()]
# Both spellings of the paths are in use.
ALIASES = [
    _alone(TYPES[name], f"/qos/{path}")
    for name in ALIASED
    for path in (f"alias-{name.replace('_', '-')}-rules", f"alias_{name}_rules")
]
ROUTES: list[Route] = [route for resource in (*RULES, *ALIASES) for route in resource.routes]
