"""/qos/policies/{id}/bandwidth_limit_rules and the other types; the same by a rule's id"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from stratolith.kernel.context import Context
from stratolith.kernel.db.rows import plain_reader
from stratolith.kernel.http.resource import AnyFilter, Listing, Resource, Verb, exact, integer
from stratolith.kernel.http.routing import Asked, Route
from stratolith.network import models as m
from stratolith.network.api import lists
from stratolith.network.api.filters import checked
from stratolith.network.api.style import NetworkStyle, item_body
from stratolith.network.exceptions.general import PolicyNotAuthorized
from stratolith.network.exceptions.qos import QosRuleNotFound
from stratolith.network.managers.qos import policies, rules
from stratolith.network.models import QosRule
from stratolith.network.schemas.qos.rules import (
    TYPES,
    RuleType,
    columns,
    render_rule,
    rule_attributes,
    whole_number,
)

Body = dict[str, Any]
_VERBS = {"index": "get", "show": "get"}


def rendered(ctx: Context, rows: Sequence[Any]) -> list[Body]:
    return [render_rule(row) for row in rows]


class RuleStyle(NetworkStyle):
    """Rules are below their policy, whose project decides who may read and change them."""

    def rule(self, resource: Resource, verb: str) -> str:
        return f"{_VERBS.get(verb, verb)}_policy_{resource.name}"

    def key(self, resource: Resource) -> str:
        return "rule_id"

    def options(self, resource: Resource, verb: str) -> Body:
        options = super().options(resource, verb)
        if verb == "create":
            options |= {
                "rule": self.rule(resource, verb),
                "refused": PolicyNotAuthorized,
                "target": _of_policy,
            }
        return options

    def index(self, resource: Resource, ctx: Context, **above: str) -> Body:
        assert resource.listing is not None
        policy = policies.get(ctx, above["id"])
        page = lists.page(ctx, resource.listing, inside=m.QosRule.policy_id == policy.id)
        allowed = ctx.can(self.rule(resource, "index"), _target(policy.project_id))
        rows = page.rows if allowed else []
        members = lists.chosen_fields(ctx, resource.rendered(ctx, rows))
        return self.collection(ctx, resource, members, page)

    def create(self, resource: Resource, ctx: Context, *, body: Body, **above: str) -> Body:
        assert resource.attributes is not None
        policy = policies.get(ctx, above["id"])
        kind = TYPES[resource.name.removesuffix("_rule")]
        items, is_bulk = resource.attributes.read_create(ctx, body)
        rows = [rules.create(ctx, policy, kind.name, columns(kind, values)) for values in items]
        bodies = resource.rendered(ctx, rows)
        return {resource.collection: bodies} if is_bulk else {resource.name: bodies[0]}

    def show(self, resource: Resource, ctx: Context, row: Any, **above: str) -> Body:
        return item_body(ctx, resource.name, resource.document(ctx, row))

    def update(
        self, resource: Resource, ctx: Context, row: QosRule, *, body: Body, **above: str
    ) -> Body:
        rules.update(ctx, row, columns(TYPES[row.type], body))
        return {resource.name: resource.document(ctx, row)}

    def delete(self, resource: Resource, ctx: Context, row: QosRule, **above: str) -> None:
        rules.delete(ctx, row)


class AliasStyle(RuleStyle):
    """The same rules, found by their ids alone."""

    def rule(self, resource: Resource, verb: str) -> str:
        return f"{_VERBS.get(verb, verb)}_{resource.name}"


def _target(project_id: str) -> Body:
    return {
        "project_id": project_id, "tenant_id": project_id, "ext_parent:project_id": project_id,
    }  # fmt: skip


def _of_policy(ctx: Context, asked: Asked) -> Body:
    return _target(policies.get(ctx, asked.variables["id"]).project_id)


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
    known = rule_attributes(kind)
    return Resource(
        known.name,
        RuleStyle(),
        plural=known.collection,
        path=f"/qos/policies/{{id}}/{known.collection}",
        load=partial(_load, kind.name),
        rendered=rendered,
        attributes=known,
        listing=_listing(kind),
        create=Verb(rules.create),
        update=Verb(rules.update),
        delete=Verb(rules.delete),
    )


def _by_id(kind: RuleType, path: str) -> Resource:
    known = rule_attributes(kind, alias=True)
    return Resource(
        known.name,
        AliasStyle(),
        plural=known.collection,
        path=path,
        load=partial(_load_alias, kind.name),
        rendered=rendered,
        attributes=known,
        update=Verb(rules.update),
        delete=Verb(rules.delete),
    )


def _load(kind: str, ctx: Context, policy_id: str, rule_id: str) -> QosRule:
    return rules.get(ctx, kind, policy_id, rule_id)


def _load_alias(kind: str, ctx: Context, rule_id: str) -> QosRule:
    return rules.by_id(ctx, kind, rule_id)


ALIASED = ("bandwidth_limit", "dscp_marking", "minimum_bandwidth", "minimum_packet_rate")
RULES = [_below_policy(kind) for kind in TYPES.values()]
# Both spellings of the paths are in use.
ALIASES = [
    _by_id(TYPES[name], f"/qos/{path}")
    for name in ALIASED
    for path in (f"alias-{name.replace('_', '-')}-rules", f"alias_{name}_rules")
]
ROUTES: list[Route] = [route for resource in (*RULES, *ALIASES) for route in resource.routes]
