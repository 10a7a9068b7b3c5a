"""/security-group-rules"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import or_, select, true

from stratolith.kernel.context import Context
from stratolith.kernel.http.resource import Condition, Invalid, Resource, Verb, exact, integer
from stratolith.network import models as m
from stratolith.network.api.filters import checked, listing_of, nullable, standard
from stratolith.network.api.style import STYLE, Target, project_target
from stratolith.network.exceptions.security_groups import (
    InvalidCIDR,
    SecurityGroupRuleInvalidProtocol,
    SecurityGroupRuleNotFound,
)
from stratolith.network.managers import parents, security_group_rules, security_groups
from stratolith.network.managers.security_group_rules import PROTOCOLS
from stratolith.network.models import SecurityGroupRule
from stratolith.network.schemas.fields import remote_prefix
from stratolith.network.schemas.security_groups import RULE, ethertype, port, render_rule

Body = dict[str, Any]


def rendered(ctx: Context, rows: Sequence[Any]) -> list[Body]:
    return [render_rule(row) for row in rows]


def _target(ctx: Context, values: Body) -> Target:
    group = security_groups.get(ctx, values["security_group_id"])
    return {**group.policy_target(), **project_target(ctx, values)}


def _prepare(ctx: Context, rows: Sequence[Any]) -> None:
    parents.hold(ctx, rows, SecurityGroupRule.group)  # the policy check needs their owner


def _protocol(text: str) -> str:
    """A protocol in the form that rules have; "" for rules without one."""
    protocol = text.lower()
    if protocol in PROTOCOLS or (
        protocol.isdecimal() and len(protocol) < 4 and int(protocol) <= 255
    ):
        return protocol
    if protocol == "any":
        return ""
    raise SecurityGroupRuleInvalidProtocol(protocol=text, values=sorted(PROTOCOLS))


def _prefix(text: str) -> str:
    try:
        return remote_prefix(text) if text else ""
    except Invalid:
        raise InvalidCIDR(input=text) from None


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
            "port_range_min",
            "port_range_max",
        ),
        standard(
            m.SecurityGroupRule,
            "security_group_id",
            "direction",
            "remote_group_id",
            ethertype=checked(exact(m.SecurityGroupRule.ethertype), ethertype),
            protocol=checked(nullable(m.SecurityGroupRule.protocol), _protocol),
            remote_ip_prefix=checked(nullable(m.SecurityGroupRule.remote_ip_prefix), _prefix),
            port_range_min=checked(integer(m.SecurityGroupRule.port_range_min), port),
            port_range_max=checked(integer(m.SecurityGroupRule.port_range_max), port),
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
