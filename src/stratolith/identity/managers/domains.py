"""Domains: containers of users, groups, projects and roles."""

from __future__ import annotations

from typing import Any

from sqlalchemy import and_, delete, or_, select

from stratolith.identity.exceptions import NotAllowed, ResourceNotFound
from stratolith.identity.managers import application_credentials, credentials, projects, revocations
from stratolith.identity.managers.attributes import check_mutable
from stratolith.identity.managers.token_keys import epoch
from stratolith.identity.models import Assignment, Group, Project, Role, User
from stratolith.kernel import events
from stratolith.kernel.context import Context

DEFAULT = "default"
Values = dict[str, Any]


def get(ctx: Context, domain_id: str) -> Project:
    """Raises ResourceNotFound."""
    domain = ctx.session.get(Project, domain_id)
    if domain is None or not domain.is_domain:
        raise ResourceNotFound(kind="domain", id=domain_id)
    return domain


def create(ctx: Context, values: Values) -> Project:
    """Raises Duplicate."""
    explicit = values.pop("explicit_domain_id", None)
    return projects.insert(ctx, {**values, "is_domain": True, "id": explicit})


def update(ctx: Context, domain: Project, values: Values) -> Project:
    """Raises Duplicate, NotAllowed."""
    return projects.update(ctx, domain, values)


def remove(ctx: Context, domain: Project) -> None:
    """Delete a disabled domain and everything in it; raises NotAllowed."""
    if domain.enabled:
        raise NotAllowed("Cannot delete a domain that is enabled, please disable it first.")
    check_mutable("domain", domain)
    session = ctx.session
    within = list(session.scalars(select(Project).where(Project.domain_id == domain.id)))
    project_ids = [project.id for project in within]
    users = list(session.scalars(select(User.id).where(User.domain_id == domain.id)))
    groups = list(session.scalars(select(Group.id).where(Group.domain_id == domain.id)))
    for chunk in _chunks([domain.id, *project_ids]):
        session.execute(delete(Assignment).where(Assignment.target_id.in_(chunk)))
    for chunk in _chunks([*users, *groups]):
        session.execute(delete(Assignment).where(Assignment.actor_id.in_(chunk)))
    session.execute(delete(User).where(User.domain_id == domain.id))
    session.execute(delete(Group).where(Group.domain_id == domain.id))
    session.execute(delete(Role).where(Role.domain_id == domain.id))
    for project in _leaves_first(within):
        projects.erase(ctx, project)
    session.delete(domain)
    session.flush()
    application_credentials.remove_invalid(ctx)
    for user_id in users:
        credentials.remove_of_user(ctx, user_id)
        events.emit(ctx, "identity.user.deleted", {"id": user_id})
    events.emit(ctx, "identity.domain.deleted", {"id": domain.id})
    revocations.revoke(ctx, domain_id=domain.id)
    epoch.touch(ctx)


def named(ctx: Context, ids: set[str]) -> dict[str, str]:
    """Domain id -> name."""
    if not ids:
        return {}
    rows = ctx.session.execute(
        select(Project.id, Project.name).where(and_(Project.is_domain, or_(Project.id.in_(ids))))
    )
    return {row.id: row.name for row in rows}


def _chunks(ids: list[str], size: int = 500) -> list[list[str]]:
    return [ids[at : at + size] for at in range(0, len(ids), size)]


def _leaves_first(projects_in_domain: list[Project]) -> list[Project]:
    depth: dict[str, int] = {}
    by_id = {project.id: project for project in projects_in_domain}

    def level(project: Project) -> int:
        if project.id not in depth:
            parent = by_id.get(project.parent_id or "")
            depth[project.id] = level(parent) + 1 if parent else 0
        return depth[project.id]

    return sorted(projects_in_domain, key=level, reverse=True)
