"""Look-ups that another service needs: networks, floating IPs, groups by id, group rules."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from stratolith.kernel.context import Context
from stratolith.network.managers import visibility
from stratolith.network.models import FloatingIp, Network, SecurityGroup, SecurityGroupRule


def floating_ip(ctx: Context, project_id: str, address: str) -> FloatingIp | None:
    """A project's floating IP with this address."""
    return ctx.session.scalars(
        select(FloatingIp).where(
            FloatingIp.floating_ip_address == address, FloatingIp.project_id == project_id
        )
    ).first()


def floating_ips(ctx: Context, project_id: str) -> list[FloatingIp]:
    """All floating IPs of a project, by address."""
    return list(
        ctx.session.scalars(
            select(FloatingIp)
            .where(FloatingIp.project_id == project_id)
            .order_by(FloatingIp.floating_ip_address)
        )
    )


def visible_networks(ctx: Context, *, external: bool = False) -> list[Network]:
    """Networks the caller may see, by name; ``external``: only those to the outside."""
    statement = select(Network).where(visibility.of_networks(ctx))
    if external:
        statement = statement.where(Network.external.is_(True))
    return list(ctx.session.scalars(statement.order_by(Network.name, Network.id)))


def groups(ctx: Context, group_ids: Sequence[str]) -> list[SecurityGroup]:
    """These security groups, by name."""
    return list(
        ctx.session.scalars(
            select(SecurityGroup)
            .where(SecurityGroup.id.in_(list(group_ids)))
            .order_by(SecurityGroup.name, SecurityGroup.id)
        )
    )


def all_groups(ctx: Context) -> list[SecurityGroup]:
    """Every project's security groups, by name."""
    statement = select(SecurityGroup).order_by(SecurityGroup.name, SecurityGroup.id)
    return list(ctx.session.scalars(statement))


def ingress_rules(ctx: Context, group_ids: Sequence[str]) -> dict[str, list[Any]]:
    """Security group id -> its SecurityGroupRule rows of direction ingress."""
    found: dict[str, list[Any]] = {group_id: [] for group_id in group_ids}
    for rule in ctx.session.scalars(
        select(SecurityGroupRule)
        .where(
            SecurityGroupRule.security_group_id.in_(list(group_ids)),
            SecurityGroupRule.direction == "ingress",
        )
        .order_by(SecurityGroupRule.created_at, SecurityGroupRule.id)
    ):
        found[rule.security_group_id].append(rule)
    return found
