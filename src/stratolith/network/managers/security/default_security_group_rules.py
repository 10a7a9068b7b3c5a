"""Templates of security group rules, which new groups get."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import or_, select

from stratolith.kernel.context import Context
from stratolith.network.exceptions.security_groups import (
    DefaultSecurityGroupRuleExists,
    DefaultSecurityGroupRuleNotFound,
)
from stratolith.network.managers import security_group_rules
from stratolith.network.managers.security_group_rules import COMPARED
from stratolith.network.models import DefaultSecurityGroupRule

USES = ("used_in_default_sg", "used_in_non_default_sg")


def get(ctx: Context, rule_id: str) -> DefaultSecurityGroupRule:
    """Raises DefaultSecurityGroupRuleNotFound."""
    template = ctx.session.get(DefaultSecurityGroupRule, rule_id)
    if template is None:
        raise DefaultSecurityGroupRuleNotFound(id=rule_id)
    return template


def create(ctx: Context, project_id: str, values: Mapping[str, Any]) -> DefaultSecurityGroupRule:
    """Raises DefaultSecurityGroupRuleExists and the errors of security_group_rules.validate."""
    checked = security_group_rules.validate(values)
    _check_new(ctx, checked)
    template = DefaultSecurityGroupRule(
        project_id="",
        description=values.get("description") or "",
        **{name: checked.get(name) for name in (*COMPARED, *USES)},
    )
    ctx.session.add(template)
    ctx.session.flush()
    return template


def delete(ctx: Context, template: DefaultSecurityGroupRule) -> None:
    """Groups keep the rules that they got from it."""
    ctx.session.delete(template)
    ctx.session.flush()


def _check_new(ctx: Context, wanted: Mapping[str, Any]) -> None:
    """Raise DefaultSecurityGroupRuleExists when groups already get an equal rule."""
    model = DefaultSecurityGroupRule
    uses = [getattr(model, name).is_(True) for name in USES if wanted[name]]
    if not uses:
        return
    key = security_group_rules.key_of(wanted)
    for template in ctx.session.scalars(select(model).where(or_(*uses)).order_by(model.id)):
        if security_group_rules.key_of({n: getattr(template, n) for n in COMPARED}) == key:
            raise DefaultSecurityGroupRuleExists(rule_id=template.id)
