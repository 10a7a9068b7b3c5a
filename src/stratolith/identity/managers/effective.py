"""Effective roles: what assignments give a user on a project, a domain or the system.

An assignment applies when its actor is the user or one of the user's groups, and its target is the
wanted target (not inherited) or an ancestor of it (inherited).
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, and_, bindparam, or_, select
from sqlalchemy.orm import Session

from stratolith.identity.models import Assignment, Membership, Project

SYSTEM = "system"
USER, GROUP, PROJECT, DOMAIN = "user", "group", "project", "domain"


def group_ids(session: Session, user_id: str) -> list[str]:
    return list(session.scalars(select(Membership.group_id).where(Membership.user_id == user_id)))


def ancestors(session: Session, project: Project) -> list[Project]:
    """The ancestors of a project: its parent first, the domain last."""
    above: list[Project] = []
    parent_id = project.parent_id
    while parent_id:
        parent = session.get(Project, parent_id)
        if parent is None:
            break
        above.append(parent)
        parent_id = parent.parent_id
    return above


# Built once: building a statement costs as much as running it
_GROUPS = select(Membership.group_id).where(Membership.user_id == bindparam("user"))
_ACTOR = or_(
    and_(Assignment.actor == USER, Assignment.actor_id == bindparam("user")),
    and_(Assignment.actor == GROUP, Assignment.actor_id.in_(_GROUPS)),
)
_ROLES = select(Assignment.role_id).where(_ACTOR)
_DIRECT = and_(
    Assignment.target.in_([PROJECT, DOMAIN]),
    Assignment.target_id == bindparam("target"),
    Assignment.inherited.is_(False),
)
_INHERITED = and_(
    Assignment.target.in_([PROJECT, DOMAIN]),
    Assignment.target_id.in_(bindparam("above", expanding=True)),
    Assignment.inherited.is_(True),
)
_ON_PROJECT = _ROLES.where(or_(_DIRECT, _INHERITED))
_ON_DOMAIN = _ROLES.where(
    Assignment.target == DOMAIN,
    Assignment.target_id == bindparam("target"),
    Assignment.inherited.is_(False),
)
_ON_SYSTEM = _ROLES.where(Assignment.target == SYSTEM)
_EVERYTHING = select(Assignment.target, Assignment.target_id, Assignment.inherited).where(_ACTOR)


def _roles(session: Session, statement: Select[Any], **values: Any) -> list[str]:
    return list(dict.fromkeys(session.scalars(statement, values)))


def on_project(session: Session, user_id: str, project: Project) -> list[str]:
    """Role ids, without implied roles."""
    above = [ancestor.id for ancestor in ancestors(session, project)]
    return _roles(session, _ON_PROJECT, user=user_id, target=project.id, above=above)


def on_domain(session: Session, user_id: str, domain_id: str) -> list[str]:
    return _roles(session, _ON_DOMAIN, user=user_id, target=domain_id)


def on_system(session: Session, user_id: str) -> list[str]:
    return _roles(session, _ON_SYSTEM, user=user_id)


def _assignments_of(session: Session, user_id: str) -> list[tuple[str, str, bool]]:
    """(target, target id, inherited) of all assignments of the user and the user's groups."""
    rows = session.execute(_EVERYTHING, {"user": user_id})
    return [(row.target, row.target_id, row.inherited) for row in rows]


def projects_of(session: Session, user_id: str) -> list[str]:
    """Ids of the projects on which a user has a role, directly or inherited."""
    rows = _assignments_of(session, user_id)
    project_ids = {id_ for target, id_, inherited in rows if target == PROJECT and not inherited}
    domains = {id_ for target, id_, inherited in rows if target == DOMAIN and inherited}
    level = {id_ for target, id_, inherited in rows if target == PROJECT and inherited}
    if domains:
        project_ids |= set(
            session.scalars(select(Project.id).where(Project.domain_id.in_(domains)))
        )
    while level:
        level = set(session.scalars(select(Project.id).where(Project.parent_id.in_(level))))
        project_ids |= level
    return sorted(project_ids)


def domains_of(session: Session, user_id: str) -> list[str]:
    rows = _assignments_of(session, user_id)
    return sorted({id_ for target, id_, inherited in rows if target == DOMAIN and not inherited})
