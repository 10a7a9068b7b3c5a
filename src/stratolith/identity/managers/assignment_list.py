"""The list of role assignments: as stored, or as they take effect.

In effect: assignments of groups become those of their members, inherited ones become those of
the projects below, and each role brings the roles it implies.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from sqlalchemy import and_, or_, select

from stratolith.identity.managers import effective, projects, role_graph
from stratolith.identity.managers.effective import DOMAIN, GROUP, PROJECT, SYSTEM, USER
from stratolith.identity.models import Assignment, Membership, Project
from stratolith.kernel.context import Context


@dataclass(frozen=True)
class Wanted:
    """Filters; None means any."""

    user_id: str | None = None
    group_id: str | None = None
    role_id: str | None = None
    project_id: str | None = None
    domain_id: str | None = None
    system: bool = False
    inherited: bool | None = None
    effective: bool = False
    include_subtree: bool = False


@dataclass(frozen=True)
class Entry:
    """One assignment; ``by_*`` name its origin when it is derived from a stored assignment."""

    actor: str
    actor_id: str
    target: str
    target_id: str
    role_id: str
    inherited: bool
    by_group: str | None = None
    by_target: tuple[str, str] | None = None  # (project or domain, id)
    by_role: str | None = None


def listed(ctx: Context, wanted: Wanted) -> list[Entry]:
    """All entries that fit, in a stable order."""
    if not wanted.effective:
        return _stored(ctx, wanted)
    entries = _reachable(ctx, wanted)
    entries = _expand_groups(ctx, entries, wanted.user_id)
    entries = _expand_inherited(ctx, entries, wanted)
    entries = _expand_roles(ctx, entries)
    if wanted.role_id:
        entries = [entry for entry in entries if entry.role_id == wanted.role_id]
    if wanted.inherited is not None:
        entries = [e for e in entries if (e.by_target is not None) == wanted.inherited]
    return entries


def _select(ctx: Context, *conditions: object) -> list[Entry]:
    statement = select(
        Assignment.actor,
        Assignment.actor_id,
        Assignment.target,
        Assignment.target_id,
        Assignment.role_id,
        Assignment.inherited,
    ).where(*conditions)  # type: ignore[arg-type]
    order = (Assignment.target, Assignment.target_id, Assignment.actor_id, Assignment.role_id)
    return [Entry(*row) for row in ctx.session.execute(statement.order_by(*order))]


def _stored(ctx: Context, wanted: Wanted) -> list[Entry]:
    conditions: list[object] = []
    if wanted.user_id is not None:
        conditions += [Assignment.actor == USER, Assignment.actor_id == wanted.user_id]
    if wanted.group_id is not None:
        conditions += [Assignment.actor == GROUP, Assignment.actor_id == wanted.group_id]
    if wanted.role_id is not None:
        conditions.append(Assignment.role_id == wanted.role_id)
    if wanted.inherited is not None:
        conditions.append(Assignment.inherited.is_(wanted.inherited))
    if wanted.project_id is not None:
        ids = _project_ids(ctx, wanted)
        conditions += [Assignment.target == PROJECT, Assignment.target_id.in_(ids)]
    if wanted.domain_id is not None:
        conditions += [Assignment.target == DOMAIN, Assignment.target_id == wanted.domain_id]
    if wanted.system:
        conditions.append(Assignment.target == SYSTEM)
    return _select(ctx, *conditions)


def _project_ids(ctx: Context, wanted: Wanted) -> list[str]:
    assert wanted.project_id is not None
    ids = [wanted.project_id]
    if wanted.include_subtree:
        project = ctx.session.get(Project, wanted.project_id)
        ids += [below.id for below in projects.subtree(ctx, project)] if project else []
    return ids


# -- in effect -----------------------------------------------------------------------------------


def _reachable(ctx: Context, wanted: Wanted) -> list[Entry]:
    """Every stored assignment that may have an effect on the wanted user or target."""
    conditions: list[object] = []
    if wanted.user_id is not None:
        groups = select(Membership.group_id).where(Membership.user_id == wanted.user_id)
        conditions.append(
            or_(
                and_(Assignment.actor == USER, Assignment.actor_id == wanted.user_id),
                and_(Assignment.actor == GROUP, Assignment.actor_id.in_(groups)),
            )
        )
    if wanted.system:
        conditions.append(Assignment.target == SYSTEM)
    if wanted.domain_id is not None:
        conditions += [
            Assignment.target == DOMAIN,
            Assignment.target_id == wanted.domain_id,
            Assignment.inherited.is_(False),
        ]
    if wanted.project_id is not None:
        ids = _project_ids(ctx, wanted)
        project = ctx.session.get(Project, wanted.project_id)
        above = effective.ancestors(ctx.session, project) if project else []
        conditions.append(
            or_(
                and_(Assignment.target == PROJECT, Assignment.target_id.in_(ids)),
                and_(
                    Assignment.inherited.is_(True),
                    Assignment.target_id.in_([ancestor.id for ancestor in above]),
                ),
            )
        )
    return _select(ctx, *conditions)


def _expand_groups(ctx: Context, entries: list[Entry], user_id: str | None) -> list[Entry]:
    group_ids = {entry.actor_id for entry in entries if entry.actor == GROUP}
    if not group_ids:
        return entries
    statement = select(Membership.group_id, Membership.user_id).where(
        Membership.group_id.in_(group_ids)
    )
    if user_id is not None:
        statement = statement.where(Membership.user_id == user_id)
    members: dict[str, list[str]] = {}
    for group_id, member in ctx.session.execute(statement.order_by(Membership.user_id)):
        members.setdefault(group_id, []).append(member)
    expanded: list[Entry] = []
    for entry in entries:
        if entry.actor == USER:
            expanded.append(entry)
            continue
        expanded += [
            replace(entry, actor=USER, actor_id=member, by_group=entry.actor_id)
            for member in members.get(entry.actor_id, ())
        ]
    return expanded


def _expand_inherited(ctx: Context, entries: list[Entry], wanted: Wanted) -> list[Entry]:
    if not any(entry.inherited for entry in entries):
        return entries
    allowed = set(_project_ids(ctx, wanted)) if wanted.project_id is not None else None
    below = _Below(ctx)
    expanded: list[Entry] = []
    for entry in entries:
        if not entry.inherited:
            expanded.append(entry)
            continue
        origin = (entry.target, entry.target_id)
        expanded += [
            replace(entry, target=PROJECT, target_id=project_id, by_target=origin)
            for project_id in below.of(entry.target, entry.target_id)
            if allowed is None or project_id in allowed
        ]
    return expanded


class _Below:
    """The projects below a project or domain; the tree is read once."""

    def __init__(self, ctx: Context) -> None:
        self._children: dict[str, list[str]] = {}
        self._in_domain: dict[str, list[str]] = {}
        rows = select(Project.id, Project.parent_id, Project.domain_id)
        for row in ctx.session.execute(rows.where(Project.is_domain.is_(False))):
            self._children.setdefault(row.parent_id or "", []).append(row.id)
            self._in_domain.setdefault(row.domain_id, []).append(row.id)

    def of(self, target: str, id_: str) -> Iterable[str]:
        if target == DOMAIN:
            return self._in_domain.get(id_, [])
        project_ids: list[str] = []
        level = [id_]
        while level:
            level = [child for parent in level for child in self._children.get(parent, ())]
            project_ids += level
        return project_ids


def _expand_roles(ctx: Context, entries: list[Entry]) -> list[Entry]:
    """Add implied roles; a domain-specific role itself has no effect."""
    graph = role_graph.read(ctx.session)
    by_key: dict[tuple[str, str, str, str], Entry] = {}
    for entry in entries:
        for role_id in graph.closure([entry.role_id]):
            if graph.domains.get(role_id):
                continue
            prior = entry.role_id if role_id != entry.role_id else None
            expanded = replace(entry, role_id=role_id, by_role=prior)
            key = (expanded.actor_id, expanded.target, expanded.target_id, role_id)
            # prefer the entry that is not derived from an implied role
            if key not in by_key or (prior is None and by_key[key].by_role is not None):
                by_key[key] = expanded
    return list(by_key.values())
