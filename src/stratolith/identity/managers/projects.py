"""Projects and their hierarchy."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, select
from sqlalchemy import update as sql_update

from stratolith.identity.exceptions import Duplicate, NotAllowed, ResourceNotFound
from stratolith.identity.managers import credentials, effective, revocations
from stratolith.identity.managers.attributes import (
    as_bool,
    check_mutable,
    extra_of,
    flush_unique,
    in_any_case,
    merge_extra,
    merge_options,
    taken,
)
from stratolith.identity.managers.token_keys import epoch
from stratolith.identity.models import Assignment, Project, ProjectTag, User
from stratolith.identity.settings import IdentitySettings
from stratolith.kernel import events
from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import BadRequest
from stratolith.kernel.ids import new_hex

Values = dict[str, Any]
KNOWN = (
    "name",
    "domain_id",
    "parent_id",
    "is_domain",
    "enabled",
    "description",
    "options",
    "tags",
    "parents",
    "subtree",
)


# -- reading -------------------------------------------------------------------------------------


def get(ctx: Context, project_id: str) -> Project:
    """A project or a domain acting as one; raises ResourceNotFound."""
    project = ctx.session.get(Project, project_id)
    if project is None:
        raise ResourceNotFound(kind="project", id=project_id)
    return project


def exists(ctx: Context, project_id: str) -> bool:
    return ctx.session.get(Project, project_id) is not None


def by_name(ctx: Context, name: str, domain_id: str = "default") -> Project:
    """Raises ResourceNotFound."""
    statement = select(Project).where(Project.domain_id == domain_id, Project.name == name)
    project = ctx.session.scalars(statement).first()
    if project is None:
        raise ResourceNotFound(kind="project", id=name)
    return project


def kind_of(project: Project) -> str:
    return "domain" if project.is_domain else "project"


# -- writing -------------------------------------------------------------------------------------


def create(ctx: Context, values: Values) -> Project:
    """Create below ``domain_id`` or ``parent_id``; raises BadRequest, NotAllowed, Duplicate.

    An id in the values is ignored: with the id of a deleted project the new project would get the
    remaining resources of the deleted one.
    """
    values = {name: value for name, value in values.items() if name != "id"}
    if as_bool(values.get("is_domain", False)):
        if values.get("parent_id") or values.get("domain_id"):
            raise BadRequest("A project that acts as a domain has neither domain_id nor parent_id.")
        return insert(ctx, {**values, "is_domain": True})
    parent_id = values.get("parent_id") or values.get("domain_id") or ""
    parent = ctx.session.get(Project, parent_id)
    if parent is None:
        kind = "project" if values.get("parent_id") else "domain"
        raise BadRequest(f"Could not find {kind}: {parent_id}.")
    domain_id = parent.id if parent.is_domain else parent.domain_id
    if values.get("domain_id") and values["domain_id"] != domain_id:
        raise BadRequest("The parent project is in another domain than domain_id says.")
    _check_branch(ctx, parent)
    return insert(ctx, {**values, "domain_id": domain_id, "parent_id": parent.id})


def insert(ctx: Context, values: Values) -> Project:
    """Insert a project or domain whose parent is already checked; raises Duplicate."""
    project = Project(
        id=values.get("id") or new_hex(),
        name=values["name"].strip(),
        domain_id=values.get("domain_id") or "",
        parent_id=values.get("parent_id"),
        is_domain=bool(values.get("is_domain")) and as_bool(values["is_domain"]),
        enabled=as_bool(values.get("enabled", True)),
        description=values.get("description", ""),
        options=merge_options({}, values.get("options")),
        extra=extra_of(values, KNOWN),
    )
    if project.is_domain:
        _check_domain_name(ctx, project.name, project.id)
    if values.get("id") and ctx.session.get(Project, project.id) is not None:
        reason = f"Duplicate entry found with ID {project.id}."
        raise Duplicate(kind=kind_of(project), reason=reason)
    ctx.session.add(project)
    # emitted before the flush, so that one flush sends both rows
    events.emit(ctx, f"identity.{kind_of(project)}.created", {"id": project.id})
    try:
        flush_unique(ctx, kind_of(project), taken(project.name, project.domain_id))
    except Duplicate as error:
        raise _name_taken(ctx, project, error) from None
    if values.get("tags"):
        ctx.session.add_all(ProjectTag(project_id=project.id, name=n) for n in values["tags"])
        ctx.session.flush()
    return project


def _check_domain_name(ctx: Context, name: str, own_id: str) -> None:
    """Lookups ignore the case of domain names, so it must not be the only difference.

    Raises Duplicate.
    """
    statement = select(Project.id).where(
        Project.is_domain, Project.id != own_id, in_any_case(Project.name, name)
    )
    if ctx.session.scalars(statement.limit(1)).first() is not None:
        reason = (
            f"it is not permitted to have two projects acting as domains with the same name: {name}"
        )
        raise Duplicate(kind="domain", reason=reason)


def _name_taken(ctx: Context, project: Project, error: Duplicate) -> Duplicate:
    """The error with the id of the project that has the name; domains are not named."""
    if project.is_domain:
        return error
    statement = select(Project.id).where(
        Project.domain_id == project.domain_id, Project.name == project.name
    )
    with ctx.env.db.read() as session:  # a new session, because the transaction has failed
        other = session.scalars(statement.limit(1)).first()
    if other is None:
        return error
    reason = (
        "it is not permitted to have two projects with either the same name or same id in the "
        f"same domain: name is {project.name}, project id {other}."
    )
    return Duplicate(kind="project", reason=reason)


def update(ctx: Context, project: Project, values: Values) -> Project:
    """Raises BadRequest, NotAllowed, Duplicate."""
    kind = kind_of(project)
    check_mutable(kind, project, values)
    _check_place(project, values)
    if "enabled" in values:
        _set_enabled(ctx, project, as_bool(values["enabled"]))
    if "name" in values:
        if project.is_domain:
            _check_domain_name(ctx, values["name"].strip(), project.id)
        project.name = values["name"].strip()
    if "description" in values:
        project.description = values["description"]
    project.options = merge_options(project.options, values.get("options"))
    project.extra = merge_extra(project.extra, values, KNOWN)
    flush_unique(ctx, kind, taken(project.name, project.domain_id))
    if "tags" in values:
        set_tags(ctx, project, values["tags"])
    events.emit(ctx, f"identity.{kind}.updated", {"id": project.id})
    epoch.touch(ctx)
    return project


def remove(ctx: Context, project: Project) -> None:
    """Not for domains; raises NotAllowed for an immutable project or one with children."""
    check_mutable("project", project)
    children = select(Project.id).where(Project.parent_id == project.id).limit(1)
    if ctx.session.scalars(children).first() is not None:
        raise NotAllowed(
            f"Cannot delete the project {project.id} since it is not a leaf in the hierarchy."
        )
    ctx.session.execute(delete(Assignment).where(Assignment.target_id == project.id))
    erase(ctx, project)
    revocations.revoke(ctx, project_id=project.id)


def erase(ctx: Context, project: Project) -> None:
    """Delete the row of a project without assignments or children, and emit the event."""
    ctx.session.execute(
        sql_update(User)
        .where(User.default_project_id == project.id)
        .values(default_project_id=None)
    )
    ctx.session.execute(delete(ProjectTag).where(ProjectTag.project_id == project.id))
    credentials.remove_of_project(ctx, project.id)
    ctx.session.delete(project)
    ctx.session.flush()
    events.emit(ctx, "identity.project.deleted", {"id": project.id})
    epoch.touch(ctx)


def _check_branch(ctx: Context, parent: Project) -> None:
    """Refuse a project below a disabled one, or deeper than the settings allow."""
    above = [parent, *effective.ancestors(ctx.session, parent)]
    for ancestor in above:
        if not ancestor.enabled:
            raise BadRequest(
                f"Cannot create a project in a branch that has a disabled project: {ancestor.id}."
            )
    settings = ctx.env.settings.of(IdentitySettings)
    # two levels: domains, and projects directly below them
    two_levels = settings.limit_model == "strict_two_level"
    deepest = 1 if two_levels else settings.max_project_tree_depth
    if len([ancestor for ancestor in above if not ancestor.is_domain]) + 1 > deepest:
        raise NotAllowed(f"Max hierarchy depth reached for {parent.id} branch.")


def _check_place(project: Project, values: Values) -> None:
    if "parent_id" in values and values["parent_id"] != project.parent_id:
        raise NotAllowed("Update of `parent_id` is not allowed.")
    if "domain_id" in values and (values["domain_id"] or "") != project.domain_id:
        raise BadRequest("Update of `domain_id` is not allowed.")
    if "is_domain" in values and as_bool(values["is_domain"]) != project.is_domain:
        raise BadRequest("Update of `is_domain` is not allowed.")


def _set_enabled(ctx: Context, project: Project, enabled: bool) -> None:
    """Tokens are invalid while the project is disabled, and valid again when it is enabled."""
    if enabled and not project.enabled and project.parent_id:
        parent = ctx.session.get(Project, project.parent_id)
        if parent is not None and not parent.enabled and not parent.is_domain:
            raise NotAllowed(f"Cannot enable project {project.id}: its parent is disabled.")
    if not enabled and project.enabled:
        if not project.is_domain and _has_enabled_child(ctx, project):
            raise NotAllowed(
                f"Cannot disable project {project.id} since its subtree contains enabled projects."
            )
        events.emit(ctx, f"identity.{kind_of(project)}.disabled", {"id": project.id})
    project.enabled = enabled


def _has_enabled_child(ctx: Context, project: Project) -> bool:
    statement = select(Project.id).where(Project.parent_id == project.id, Project.enabled)
    return ctx.session.scalars(statement.limit(1)).first() is not None


# -- tags ----------------------------------------------------------------------------------------


def tags(ctx: Context, project_ids: list[str]) -> dict[str, list[str]]:
    """Project id -> tags, for those that have any."""
    by_project: dict[str, list[str]] = {}
    if not project_ids:
        return by_project
    statement = select(ProjectTag.project_id, ProjectTag.name).order_by(ProjectTag.name)
    if len(project_ids) <= 500:
        statement = statement.where(ProjectTag.project_id.in_(project_ids))
    wanted = set(project_ids)
    for project_id, name in ctx.session.execute(statement):
        if project_id in wanted:
            by_project.setdefault(project_id, []).append(name)
    return by_project


def set_tags(ctx: Context, project: Project, names: list[str]) -> None:
    ctx.session.execute(delete(ProjectTag).where(ProjectTag.project_id == project.id))
    ctx.session.add_all(ProjectTag(project_id=project.id, name=name) for name in names)
    ctx.session.flush()


def add_tag(ctx: Context, project: Project, name: str) -> None:
    if ctx.session.get(ProjectTag, (project.id, name)) is None:
        ctx.session.add(ProjectTag(project_id=project.id, name=name))
        ctx.session.flush()


def get_tag(ctx: Context, project: Project, name: str) -> ProjectTag:
    """Raises ResourceNotFound."""
    tag = ctx.session.get(ProjectTag, (project.id, name))
    if tag is None:
        raise ResourceNotFound(kind="project tag", id=name)
    return tag


# -- the tree ------------------------------------------------------------------------------------


def subtree(ctx: Context, project: Project) -> list[Project]:
    """All descendants, parents before children; one query per level."""
    descendants: list[Project] = []
    level = [project.id]
    while level:
        statement = select(Project).where(Project.parent_id.in_(level)).order_by(Project.id)
        below = list(ctx.session.scalars(statement))
        descendants += below
        level = [child.id for child in below]
    return descendants


def of_user(ctx: Context, user_id: str) -> list[str]:
    """Ids of the projects on which a user has a role, directly or inherited."""
    return effective.projects_of(ctx.session, user_id)
