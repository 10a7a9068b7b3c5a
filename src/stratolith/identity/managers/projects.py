"""Projects and what others ask of them."""

from __future__ import annotations

from sqlalchemy import select

from stratolith.identity.exceptions import ResourceNotFound
from stratolith.identity.models import Project
from stratolith.kernel.context import Context


def get(ctx: Context, project_id: str) -> Project:
    """A project or a domain acting as one; raises ResourceNotFound."""
    found = ctx.session.get(Project, project_id)
    if found is None:
        raise ResourceNotFound(kind="project", id=project_id)
    return found


def exists(ctx: Context, project_id: str) -> bool:
    return ctx.session.get(Project, project_id) is not None


def by_name(ctx: Context, name: str, domain_id: str = "default") -> Project:
    """Raises ResourceNotFound."""
    statement = select(Project).where(Project.domain_id == domain_id, Project.name == name)
    found = ctx.session.scalars(statement).first()
    if found is None:
        raise ResourceNotFound(kind="project", id=name)
    return found
