"""/security-group-rules"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import or_, select, true

from stratolith.kernel.context import Context
from stratolith.kernel.http.resource import Condition, Resource, Verb, boolean
from stratolith.network import models as m
from stratolith.network.api.filters import listing_of, standard
from stratolith.network.api.security.rule_filters import rule_filters
from stratolith.network.api.style import STYLE, Target, project_target
from stratolith.network.exceptions.security_groups import SecurityGroupRuleNotFound
from stratolith.network.managers import parents, security_group_rules, security_groups
from stratolith.network.models import SecurityGroupRule
from stratolith.network.schemas.security_groups import RULE, render_rule

Body = dict[str, Any]


def rendered(ctx: Context, rows: Sequence[Any]) -> list[Body]:
    return [render_rule(row, of_default=row.group.is_default) for row in rows]


def _target(ctx: Context, values: Body) -> Target:
    group = security_groups.get(ctx, values["security_group_id"])
    return {**group.policy_target(), **project_target(ctx, values)}


def _prepare(ctx: Context, rows: Sequence[Any]) -> None:
    parents.hold(ctx, rows, SecurityGroupRule.group)  # the policy check needs their owner


def _belongs_to_default_sg(values: Sequence[str]) -> Condition:
    defaults = select(m.SecurityGroup.id).where(boolean(m.SecurityGroup.is_default)(values))
    return m.SecurityGroupRule.security_group_id.in_(defaults)


def _visible(ctx: Context) -> Condition:
    if ctx.is_admin:
        return true()
    own = select(m.SecurityGroup.id).where(ctx.own(m.SecurityGroup.project_id))
    return or_(
        ctx.own(m.SecurityGroupRule.project_id),
        m.SecurityGroupRule.security_group_id.in_(own),
    )


RULES = Resource(
    RULE.name,
    STYLE,
    plural=RULE.collection,
    load=security_group_rules.get,
    rendered=rendered,
    attributes=RULE,
    listing=listing_of(
        m.SecurityGroupRule,
        (
            "security_group_id",
            "direction",
            "ethertype",
            "protocol",
            "remote_ip_prefix",
            "remote_group_id",
            "remote_address_group_id",
            "port_range_min",
            "port_range_max",
        ),
        standard(
            m.SecurityGroupRule,
            "security_group_id",
            "direction",
            "remote_group_id",
            "remote_address_group_id",
            belongs_to_default_sg=_belongs_to_default_sg,
            **rule_filters(m.SecurityGroupRule),
        ),
        visible=_visible,
        missing=lambda marker: SecurityGroupRuleNotFound(id=marker),
    ),
    create=Verb(security_group_rules.create),
    delete=Verb(security_group_rules.delete),
    new_target=_target,
    before_list=lambda ctx: security_groups.ensure_default(ctx, ctx.project_id),
    prepare=_prepare,
)
ROUTES = RULES.routes
