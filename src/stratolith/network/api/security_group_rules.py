"""/security-group-rules"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stratolith.kernel.context import Context
from stratolith.network.api.crud import Crud, Target, project_target
from stratolith.network.managers import kinds, parents, security_group_rules, security_groups
from stratolith.network.models import SecurityGroupRule
from stratolith.network.schemas.security_groups import RULE, render_rule

Body = dict[str, Any]


def rendered(ctx: Context, rows: Sequence[Any]) -> list[Body]:
    return [render_rule(row) for row in rows]


def _target(ctx: Context, values: Body) -> Target:
    group = security_groups.get(ctx, values["security_group_id"])
    return {**group.policy_target(), **project_target(ctx, values)}


def _prepare(ctx: Context, rows: Sequence[Any]) -> None:
    parents.hold(ctx, rows, SecurityGroupRule.group)  # policy asks who owns them


ROUTES = Crud(
    RULE,
    kinds.RULES,
    security_group_rules,
    rendered,
    create=security_group_rules.create,
    target=_target,
    prepare=_prepare,
    before_list=lambda ctx: security_groups.ensure_default(ctx, ctx.project_id),
).routes
