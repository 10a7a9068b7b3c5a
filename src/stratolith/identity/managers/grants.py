"""Grants: single assignments of a role to an actor on a target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from stratolith.identity.exceptions import NotAllowed, ResourceNotFound
from stratolith.identity.managers import (
    application_credentials,
    domains,
    groups,
    projects,
    roles,
    users,
)
from stratolith.identity.managers.effective import DOMAIN, GROUP, PROJECT, SYSTEM, USER
from stratolith.identity.managers.token_keys import epoch
from stratolith.identity.models import Assignment, Group, Project, Role, User
from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import NotFound


@dataclass(frozen=True)
class Grant:
    """An actor on a target; ``role`` None for all roles of the actor there."""

    actor: User | Group
    target: Project | None  # None: the system
    is_domain: bool
    role: Role | None
    inherited: bool

    @property
    def key(self) -> dict[str, Any]:
        kind = DOMAIN if self.is_domain else PROJECT
        return {
            "actor": USER if isinstance(self.actor, User) else GROUP,
            "actor_id": self.actor.id,
            "target": SYSTEM if self.target is None else kind,
            "target_id": SYSTEM if self.target is None else self.target.id,
            "inherited": self.inherited,
        }


def load(ctx: Context, ids: dict[str, str], *, inherited: bool = False) -> Grant:
    """Load the objects named by the ids of a path; raises NotFound for the first missing one."""
    role = roles.get(ctx, ids["role_id"]) if "role_id" in ids else None
    actor: User | Group = (
        users.get(ctx, ids["user_id"]) if "user_id" in ids else groups.get(ctx, ids["group_id"])
    )
    target = None
    if "domain_id" in ids:
        target = domains.get(ctx, ids["domain_id"])
    elif "project_id" in ids:
        target = projects.get(ctx, ids["project_id"])
    return Grant(actor, target, "domain_id" in ids, role, inherited)


def listed(ctx: Context, grant: Grant) -> list[Role]:
    """The roles of the actor on the target, without implied roles."""
    conditions = [getattr(Assignment, name) == value for name, value in grant.key.items()]
    statement = select(Role).join(Assignment, Assignment.role_id == Role.id).where(*conditions)
    return list(ctx.session.scalars(statement.order_by(Role.id)))


def get(ctx: Context, grant: Grant) -> Assignment:
    """Raises ResourceNotFound."""
    assert grant.role is not None
    assignment = ctx.session.get(Assignment, {**grant.key, "role_id": grant.role.id})
    if assignment is None:
        raise _missing(grant)
    return assignment


def create(ctx: Context, grant: Grant) -> None:
    """Idempotent; raises NotAllowed for a role of another domain."""
    assert grant.role is not None
    _check_role_fits(grant)
    if ctx.session.get(Assignment, {**grant.key, "role_id": grant.role.id}) is None:
        ctx.session.add(Assignment(**grant.key, role_id=grant.role.id))
        ctx.session.flush()
        epoch.touch(ctx)


def remove(ctx: Context, grant: Grant) -> None:
    """Tokens lose the role at once; application credentials with the role are removed. Raises
    ResourceNotFound.
    """
    ctx.session.delete(get(ctx, grant))
    ctx.session.flush()
    if isinstance(grant.actor, User):
        application_credentials.remove_invalid(ctx, [grant.actor.id])
    else:
        application_credentials.remove_invalid(ctx, groups.user_ids(ctx, grant.actor))
    epoch.touch(ctx)


def _check_role_fits(grant: Grant) -> None:
    role = grant.role
    assert role is not None
    if not role.domain_id:
        return
    if grant.target is None:
        raise NotAllowed("A role of a domain cannot be granted on the system.")
    if not grant.is_domain and role.domain_id != grant.target.domain_id:
        raise NotAllowed(
            f"Project {grant.target.id} must be in the same domain as the role {role.id} being "
            "assigned."
        )


def _missing(grant: Grant) -> NotFound:
    assert grant.role is not None
    target = grant.target.id if grant.target is not None else SYSTEM
    return ResourceNotFound(
        f"Could not find role assignment with role: {grant.role.id}, user or group: "
        f"{grant.actor.id}, project, domain, or system: {target}."
    )
