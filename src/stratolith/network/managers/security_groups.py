"""Security groups; the default group of a project is made when it is first needed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import or_, select

from stratolith.kernel.context import Context
from stratolith.kernel.db.rows import KeyedReader, RowReader, plain_reader
from stratolith.kernel.ids import new_uuid
from stratolith.kernel.matching import among
from stratolith.network.exceptions.requests import (
    RequestedSecurityGroupNotFound,
    SecurityGroupAmbiguous,
)
from stratolith.network.exceptions.security_groups import (
    SecurityGroupCannotRemoveDefault,
    SecurityGroupCannotUpdateDefault,
    SecurityGroupConflict,
    SecurityGroupDefaultAlreadyExists,
    SecurityGroupInUse,
    SecurityGroupNotFound,
)
from stratolith.network.managers import batches, host_hints, limits, tags, visibility
from stratolith.network.managers.security import log_removal, templates
from stratolith.network.models import (
    DefaultSecurityGroup,
    PortSecurityGroup,
    RbacPolicy,
    SecurityGroup,
    SecurityGroupRule,
)

DEFAULT = "default"
MIXED = "Cannot apply both stateful and stateless security groups on the same port at the same time"
_GROUPS = KeyedReader(
    RowReader(tuple[str, str], (PortSecurityGroup.port_id, PortSecurityGroup.security_group_id)),
    PortSecurityGroup.port_id,
    select(PortSecurityGroup).order_by(PortSecurityGroup.security_group_id),
)
_RULES = KeyedReader(
    plain_reader(SecurityGroupRule),
    SecurityGroupRule.security_group_id,
    select(SecurityGroupRule).order_by(SecurityGroupRule.created_at, SecurityGroupRule.id),
)


def get(ctx: Context, security_group_id: str) -> SecurityGroup:
    """A group that the caller may see; raises SecurityGroupNotFound."""
    group = ctx.session.get(SecurityGroup, security_group_id)
    if group is not None and not (ctx.is_admin or ctx.owns(group.project_id)):
        note_granted(ctx, [group])
        group = group if group.granted else None
    if group is None:
        raise SecurityGroupNotFound(id=security_group_id)
    return group


def note_granted(ctx: Context, groups: Sequence[SecurityGroup]) -> None:
    """Set ``granted`` of the groups that an RBAC policy shares with the caller; one statement."""
    shared = visibility.shared_ids(ctx, "security_group", [group.id for group in groups])
    for group in groups:
        group.granted = group.id in shared


def is_shared_with(ctx: Context, group_id: str, project_id: str | None = None) -> bool:
    project = ctx.project_id if project_id is None else project_id
    policy = visibility.granted(project, "security_group")
    shared = ctx.session.execute(policy.where(RbacPolicy.object_id == group_id).limit(1)).first()
    return shared is not None


def default_of(ctx: Context, project_id: str) -> str:
    """Id of the project's default group, which is made if it is missing (ctx must write)."""
    known = ctx.session.get(DefaultSecurityGroup, project_id)
    if known is not None:
        batches.hold(ctx, known)
        return known.security_group_id
    return _make_default(ctx, project_id).id


def ensure_default(ctx: Context, project_id: str) -> None:
    """Make the default group, in a separate transaction when this one is read-only."""
    if not project_id:
        return
    known = ctx.session.scalar(
        select(DefaultSecurityGroup.project_id).where(DefaultSecurityGroup.project_id == project_id)
    )
    if known is not None:
        return
    if ctx.transaction.write:
        _make_default(ctx, project_id)
        return
    ctx.session.rollback()  # the read snapshot must not be older than the group
    writing = Context(ctx.env, ctx.service, identity=ctx.identity, write=True)
    try:
        default_of(writing, project_id)
        writing.commit()
    finally:
        writing.close()


def _make_default(ctx: Context, project_id: str) -> SecurityGroup:
    group = SecurityGroup(
        id=new_uuid(),
        project_id=project_id,
        name=DEFAULT,
        description="Default security group",
        is_default=True,
        stateful=templates.is_stateful(ctx, project_id),
        revision_number=1,
    )
    ctx.session.add(group)
    ctx.session.flush()
    ctx.session.add(DefaultSecurityGroup(project_id=project_id, security_group_id=group.id))
    templates.add_rules(ctx, group, templates.rules(ctx, default=True))
    ctx.session.flush()
    return group


def create(ctx: Context, project_id: str, values: Mapping[str, Any]) -> SecurityGroup:
    """Raises SecurityGroupDefaultAlreadyExists, OverQuota."""
    default_of(ctx, project_id)
    if values.get("name") == DEFAULT:
        raise SecurityGroupDefaultAlreadyExists
    new_rules = templates.rules(ctx, default=False)
    limits.check(ctx, project_id, security_group=1, security_group_rule=len(new_rules))
    stateful = values.get("stateful")
    group = SecurityGroup(
        project_id=project_id,
        name=values.get("name", ""),
        description=values.get("description", ""),
        stateful=templates.is_stateful(ctx, project_id) if stateful is None else stateful,
        revision_number=1,
    )
    ctx.session.add(group)
    ctx.session.flush()
    templates.add_rules(ctx, group, new_rules)
    ctx.session.flush()
    return group


def update(ctx: Context, group: SecurityGroup, values: Mapping[str, Any]) -> SecurityGroup:
    """Raises SecurityGroupCannotUpdateDefault, SecurityGroupInUse."""
    if values.get("stateful", group.stateful) != group.stateful:
        if _in_use(ctx, group.id):
            raise SecurityGroupInUse(id=group.id)
        group.stateful = values["stateful"]
    if group.is_default and "name" in values:
        raise SecurityGroupCannotUpdateDefault
    for name in ("name", "description"):
        if name in values:
            setattr(group, name, values[name])
    group.revision_number += 1
    ctx.session.flush()
    return group


def delete(ctx: Context, group: SecurityGroup) -> None:
    """Raises SecurityGroupInUse, SecurityGroupCannotRemoveDefault."""
    if _in_use(ctx, group.id):
        raise SecurityGroupInUse(id=group.id)
    if group.is_default and not ctx.is_admin:
        raise SecurityGroupCannotRemoveDefault
    forget(ctx, group)


def forget(ctx: Context, group: SecurityGroup) -> None:
    """Remove a group that no port uses, its rules and the rules that refer to it."""
    host_hints.groups_naming(ctx, group.id)
    tags.forget(ctx, group.id)
    log_removal.of_group(ctx, group.id)
    for policy in ctx.session.scalars(select(RbacPolicy).where(RbacPolicy.object_id == group.id)):
        ctx.session.delete(policy)
    rules = select(SecurityGroupRule).where(
        or_(
            SecurityGroupRule.security_group_id == group.id,
            SecurityGroupRule.remote_group_id == group.id,
        )
    )
    for rule in list(ctx.session.scalars(rules)):
        ctx.session.delete(rule)
    default = ctx.session.get(DefaultSecurityGroup, group.project_id)
    if default is not None and default.security_group_id == group.id:
        ctx.session.delete(default)
    ctx.session.flush()
    ctx.session.delete(group)
    ctx.session.flush()


def _in_use(ctx: Context, group_id: str) -> bool:
    statement = select(PortSecurityGroup.port_id).where(
        PortSecurityGroup.security_group_id == group_id
    )
    return ctx.session.scalar(statement.limit(1)) is not None


def check_usable(ctx: Context, project_id: str, ids: Sequence[str]) -> list[str]:
    """The ids without duplicates, if a port of the project may use each group; raises
    SecurityGroupNotFound, and SecurityGroupConflict for stateful and stateless groups together.
    """
    wanted = list(dict.fromkeys(ids))
    if not wanted:
        return []
    rows = ctx.session.execute(
        select(SecurityGroup.id, SecurityGroup.project_id, SecurityGroup.stateful).where(
            SecurityGroup.id.in_(wanted)
        )
    ).all()
    owners = {row.id: row.project_id for row in rows}
    for group_id in wanted:
        owner = owners.get(group_id)
        if owner is None:
            raise SecurityGroupNotFound(id=group_id)
        is_foreign = owner != project_id and not ctx.is_admin
        if is_foreign and not is_shared_with(ctx, group_id, project_id):
            raise SecurityGroupNotFound(id=group_id)
    if len({row.stateful for row in rows}) > 1:
        raise SecurityGroupConflict(reason=MIXED)
    return wanted


def resolve(ctx: Context, project_id: str, names: Iterable[str]) -> list[str]:
    """Ids of groups that compute gives by name or id; without names: the default group.

    Raises RequestedSecurityGroupNotFound and SecurityGroupAmbiguous.
    """
    wanted = list(dict.fromkeys(names)) or [DEFAULT]
    group_ids: list[str] = []
    for name in wanted:
        if name == DEFAULT:
            group_ids.append(default_of(ctx, project_id))
            continue
        rows = ctx.session.execute(
            select(SecurityGroup.id).where(
                SecurityGroup.project_id == project_id,
                or_(SecurityGroup.id == name, SecurityGroup.name == name),
            )
        ).all()
        exact = [group_id for (group_id,) in rows if group_id == name]
        ids = exact or [group_id for (group_id,) in rows]
        if not ids:
            raise RequestedSecurityGroupNotFound(name=name)
        if len(ids) > 1:
            raise SecurityGroupAmbiguous(name=name)
        group_ids.append(ids[0])
    return list(dict.fromkeys(group_ids))


def of_ports(ctx: Context, port_ids: Iterable[str]) -> dict[str, list[str]]:
    """Port id -> ids of its groups; one statement."""
    by_port: dict[str, list[str]] = {}
    for port_id, group_id in _GROUPS(ctx.session, port_ids):
        by_port.setdefault(port_id, []).append(group_id)
    return by_port


def of_project(ctx: Context, project_id: str) -> list[SecurityGroup]:
    """All groups of a project by name, with the default group, which is made if missing."""
    if not project_id:
        return []
    ensure_default(ctx, project_id)
    return list(
        ctx.session.scalars(
            select(SecurityGroup)
            .where(SecurityGroup.project_id == project_id)
            .order_by(SecurityGroup.name, SecurityGroup.id)
        )
    )


def rules_of(ctx: Context, group_ids: Iterable[str]) -> dict[str, list[SecurityGroupRule]]:
    """Group id -> its rules, oldest first; one statement."""
    by_group: dict[str, list[SecurityGroupRule]] = {group_id: [] for group_id in group_ids}
    for rule in _RULES(ctx.session, by_group):
        by_group[rule.security_group_id].append(rule)
    return by_group


def names_of(ctx: Context, group_ids: Iterable[str]) -> dict[str, str]:
    """Group id -> name."""
    wanted = list(set(group_ids))
    if not wanted:
        return {}
    rows = ctx.session.execute(
        select(SecurityGroup.id, SecurityGroup.name).where(
            among(ctx.session, SecurityGroup.id, wanted)
        )
    )
    return dict(rows.all())
