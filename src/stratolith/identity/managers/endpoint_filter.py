"""Endpoint groups, and which endpoints a project can see (OS-EP-FILTER).

A project without associations sees the whole catalogue. A project with associations sees only
the associated endpoints and those of its associated groups.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from stratolith.identity.exceptions import ResourceNotFound
from stratolith.identity.managers.token_keys import epoch
from stratolith.identity.models import (
    Endpoint,
    EndpointGroup,
    Project,
    ProjectEndpoint,
    ProjectEndpointGroup,
)
from stratolith.kernel.context import Context

Values = dict[str, Any]


# -- groups --------------------------------------------------------------------------------------


def get(ctx: Context, group_id: str) -> EndpointGroup:
    """Raises ResourceNotFound."""
    group = ctx.session.get(EndpointGroup, group_id)
    if group is None:
        raise ResourceNotFound(kind="endpoint group", id=group_id)
    return group


def create(ctx: Context, values: Values) -> EndpointGroup:
    group = EndpointGroup(
        name=values["name"], description=values.get("description"), filters=values["filters"]
    )
    ctx.session.add(group)
    ctx.session.flush()
    return group


def update(ctx: Context, group: EndpointGroup, values: Values) -> EndpointGroup:
    for name in ("name", "description", "filters"):
        if name in values:
            setattr(group, name, values[name])
    ctx.session.flush()
    epoch.touch(ctx)
    return group


def remove(ctx: Context, group: EndpointGroup) -> None:
    ctx.session.delete(group)
    ctx.session.flush()
    epoch.touch(ctx)


def fits(group: EndpointGroup, endpoint: Endpoint) -> bool:
    """Whether the endpoint matches all filters of the group."""
    return all(getattr(endpoint, name) == wanted for name, wanted in group.filters.items())


def endpoints_of(ctx: Context, group: EndpointGroup) -> list[Endpoint]:
    every = ctx.session.scalars(select(Endpoint).order_by(Endpoint.id))
    return [endpoint for endpoint in every if fits(group, endpoint)]


# -- projects ------------------------------------------------------------------------------------


def confined(session: Session) -> dict[str, set[str]]:
    """Project id -> ids of its visible endpoints, for projects with associations."""
    endpoint_ids: dict[str, set[str]] = {}
    rows = session.execute(select(ProjectEndpoint.project_id, ProjectEndpoint.endpoint_id))
    for project_id, endpoint_id in rows:
        endpoint_ids.setdefault(project_id, set()).add(endpoint_id)
    pairs = session.execute(
        select(ProjectEndpointGroup.project_id, ProjectEndpointGroup.endpoint_group_id)
    ).all()
    if not pairs:
        return endpoint_ids
    groups = {group.id: group for group in session.scalars(select(EndpointGroup))}
    endpoints = list(session.scalars(select(Endpoint)))
    ids = {key: {e.id for e in endpoints if fits(group, e)} for key, group in groups.items()}
    for project_id, group_id in pairs:
        endpoint_ids.setdefault(project_id, set()).update(ids[group_id])
    return endpoint_ids


def endpoints_shown(ctx: Context, project: Project) -> list[Endpoint]:
    """The endpoints associated with a project, directly or through endpoint groups."""
    ids = confined(ctx.session).get(project.id, set())
    every = ctx.session.scalars(select(Endpoint).order_by(Endpoint.id))
    return [endpoint for endpoint in every if endpoint.id in ids]


def groups_of(ctx: Context, project: Project) -> list[EndpointGroup]:
    statement = select(EndpointGroup).join(
        ProjectEndpointGroup, ProjectEndpointGroup.endpoint_group_id == EndpointGroup.id
    )
    wanted = statement.where(ProjectEndpointGroup.project_id == project.id)
    return list(ctx.session.scalars(wanted.order_by(EndpointGroup.id)))


def projects_of_endpoint(ctx: Context, endpoint: Endpoint) -> list[Project]:
    statement = select(Project).join(ProjectEndpoint, ProjectEndpoint.project_id == Project.id)
    wanted = statement.where(ProjectEndpoint.endpoint_id == endpoint.id)
    return list(ctx.session.scalars(wanted.order_by(Project.id)))


def projects_of_group(ctx: Context, group: EndpointGroup) -> list[Project]:
    statement = select(Project).join(
        ProjectEndpointGroup, ProjectEndpointGroup.project_id == Project.id
    )
    wanted = statement.where(ProjectEndpointGroup.endpoint_group_id == group.id)
    return list(ctx.session.scalars(wanted.order_by(Project.id)))


Association = type[ProjectEndpoint] | type[ProjectEndpointGroup]


def check(ctx: Context, kind: Association, project: Project, other_id: str) -> None:
    """Raises ResourceNotFound unless the two are associated."""
    if ctx.session.get(kind, (project.id, other_id)) is None:
        raise ResourceNotFound(f"{other_id} is not associated with project {project.id}.")


def add(ctx: Context, kind: Association, project: Project, other_id: str) -> None:
    if ctx.session.get(kind, (project.id, other_id)) is None:
        column = "endpoint_id" if kind is ProjectEndpoint else "endpoint_group_id"
        ctx.session.add(kind(**{"project_id": project.id, column: other_id}))
        ctx.session.flush()
        epoch.touch(ctx)


def take_away(ctx: Context, kind: Association, project_id: str, other_id: str) -> None:
    """Raises ResourceNotFound unless the two are associated."""
    association = ctx.session.get(kind, (project_id, other_id))
    if association is None:
        raise ResourceNotFound(f"{other_id} is not associated with project {project_id}.")
    ctx.session.delete(association)
    ctx.session.flush()
    epoch.touch(ctx)
