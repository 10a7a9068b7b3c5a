"""What new security groups get: rules from the administrator's templates, and statefulness."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from stratolith.kernel.context import Context
from stratolith.kernel.db.rows import plain_reader
from stratolith.network.models import (
    AddressGroup,
    DefaultSecurityGroupRule,
    DefaultStatefulness,
    SecurityGroup,
    SecurityGroupRule,
)

PARENT = "PARENT"  # as remote_group_id of a template: the new group itself
COPIED = (
    "direction",
    "ethertype",
    "protocol",
    "port_range_min",
    "port_range_max",
    "remote_ip_prefix",
)
_READ = plain_reader(DefaultSecurityGroupRule)


def rules(ctx: Context, *, default: bool) -> list[DefaultSecurityGroupRule]:
    """The templates for default groups or for the other groups, oldest first; one statement."""
    used = (
        DefaultSecurityGroupRule.used_in_default_sg
        if default
        else DefaultSecurityGroupRule.used_in_non_default_sg
    )
    by_age = (DefaultSecurityGroupRule.created_at, DefaultSecurityGroupRule.id)
    wanted = select(DefaultSecurityGroupRule).where(used.is_(True)).order_by(*by_age)
    return list(_READ(ctx.session, wanted))


def add_rules(ctx: Context, group: SecurityGroup, templates: list[Any]) -> None:
    """Give a new group its rules.

    A template may name a group that was deleted since. Such a template gives no rule: a rule
    without its peer would allow every address.
    """
    for template in templates:
        remote_group, address_group = template.remote_group_id, template.remote_address_group_id
        if remote_group == PARENT:
            remote_group = group.id
        elif remote_group and ctx.session.get(SecurityGroup, remote_group) is None:
            continue
        if address_group and ctx.session.get(AddressGroup, address_group) is None:
            continue
        ctx.session.add(
            SecurityGroupRule(
                project_id=group.project_id,
                security_group_id=group.id,
                remote_group_id=remote_group or None,
                remote_address_group_id=address_group or None,
                **{name: getattr(template, name) for name in COPIED},
            )
        )


def is_stateful(ctx: Context, project_id: str) -> bool:
    """Whether new groups of the project are stateful: its own setting, or that of all projects."""
    wanted = select(DefaultStatefulness.project_id, DefaultStatefulness.stateful).where(
        DefaultStatefulness.project_id.in_((project_id, ""))
    )
    settings: dict[str, bool] = dict(ctx.session.execute(wanted).all())
    return settings.get(project_id, settings.get("", True))
