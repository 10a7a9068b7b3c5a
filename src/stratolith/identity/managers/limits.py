"""Limits of projects and domains, and the limit model that relates them.

In the model strict_two_level a project's limit cannot exceed its domain's limit: the domain's own
limit, or else the registered one. -1 means unlimited.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from stratolith.identity.exceptions import (
    Duplicate,
    InvalidLimit,
    NoRegisteredLimit,
    ResourceNotFound,
)
from stratolith.identity.managers import registered_limits
from stratolith.identity.models import Limit, Project, RegisteredLimit
from stratolith.identity.settings import IdentitySettings
from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import BadRequest

Values = dict[str, Any]
UNLIMITED = -1
STRICT = "strict_two_level"
_DESCRIPTIONS = {
    "flat": "Limits are compared with usage project by project; the hierarchy does not matter.",
    STRICT: "Projects are one level below their domain, and none has a limit above the domain's.",
}


@dataclass(frozen=True)
class Place:
    """The project or domain that a limit applies to."""

    project: Project

    @property
    def columns(self) -> dict[str, str]:
        return {"domain_id" if self.project.is_domain else "project_id": self.project.id}


def model(ctx: Context) -> dict[str, str]:
    name = ctx.env.settings.of(IdentitySettings).limit_model
    return {"name": name, "description": _DESCRIPTIONS[name]}


def is_strict(ctx: Context) -> bool:
    return ctx.env.settings.of(IdentitySettings).limit_model == STRICT


def get(ctx: Context, limit_id: str) -> Limit:
    """Raises ResourceNotFound."""
    limit = ctx.session.get(Limit, limit_id)
    if limit is None:
        raise ResourceNotFound(kind="limit", id=limit_id)
    return limit


def create_many(ctx: Context, wanted: list[Values]) -> list[Limit]:
    """All or none; raises BadRequest, NoRegisteredLimit, Duplicate, InvalidLimit."""
    made = [_create(ctx, values) for values in wanted]
    for (
        limit
    ) in made:  # last: one request may raise the limits of a domain and its project together
        _check_model(ctx, limit)
    return made


def update(ctx: Context, limit: Limit, values: Values) -> Limit:
    """Raises InvalidLimit."""
    for name in ("resource_limit", "description"):
        if name in values:
            setattr(limit, name, values[name])
    ctx.session.flush()
    _check_model(ctx, limit)
    return limit


def _create(ctx: Context, values: Values) -> Limit:
    place = _place(ctx, values)
    registered = registered_limits.find(ctx, values)
    if registered is None:
        raise NoRegisteredLimit
    if _of(ctx, registered.id, place.project) is not None:
        reason = f"Duplicate entry: {values['resource_name']} of {place.project.id}."
        raise Duplicate(kind="limit", reason=reason)
    limit = Limit(
        registered_limit_id=registered.id,
        resource_limit=values["resource_limit"],
        description=values.get("description"),
        **place.columns,
    )
    ctx.session.add(limit)
    ctx.session.flush()
    return limit


def _place(ctx: Context, values: Values) -> Place:
    for name in ("project_id", "domain_id"):
        id_ = values.get(name)
        if id_ is None:
            continue
        project = ctx.session.get(Project, id_)
        if project is None or (name == "domain_id" and not project.is_domain):
            raise BadRequest(f"{name}: there is none with the id {id_}.")
        return Place(project)
    raise BadRequest("A limit needs a project_id or a domain_id.")


def _of(ctx: Context, registered_id: str, project: Project) -> Limit | None:
    column = Limit.domain_id if project.is_domain else Limit.project_id
    statement = select(Limit).where(
        Limit.registered_limit_id == registered_id, column == project.id
    )
    return ctx.session.scalars(statement).first()


def _check_model(ctx: Context, limit: Limit) -> None:
    if not is_strict(ctx):
        return
    registered = ctx.session.get(RegisteredLimit, limit.registered_limit_id)
    assert registered is not None
    if limit.project_id is not None:
        project = ctx.session.get(Project, limit.project_id)
        domain = ctx.session.get(Project, project.domain_id) if project else None
        above = _of(ctx, registered.id, domain) if domain else None
        highest = above.resource_limit if above else registered.default_limit
        if not _within(limit.resource_limit, highest):
            raise InvalidLimit(
                reason=f"{registered.resource_name}: {limit.resource_limit} for project "
                f"{limit.project_id} is more than {highest}, which its domain has"
            )
        return
    below = select(Limit).join(Project, Project.id == Limit.project_id)
    statement = below.where(
        Limit.registered_limit_id == registered.id, Project.domain_id == limit.domain_id
    )
    for project_limit in ctx.session.scalars(statement):
        if not _within(project_limit.resource_limit, limit.resource_limit):
            raise InvalidLimit(
                reason=f"{registered.resource_name}: {limit.resource_limit} for domain "
                f"{limit.domain_id} is less than project {project_limit.project_id} has"
            )


def _within(least: int, most: int) -> bool:
    if most == UNLIMITED:
        return True
    return least != UNLIMITED and least <= most
