"""Users and what others ask of them."""

from __future__ import annotations

from sqlalchemy import select

from stratolith.identity.exceptions import ResourceNotFound
from stratolith.identity.models import User
from stratolith.kernel.context import Context


def get(ctx: Context, user_id: str) -> User:
    """Raises ResourceNotFound."""
    found = ctx.session.get(User, user_id)
    if found is None:
        raise ResourceNotFound(kind="user", id=user_id)
    return found


def by_name(ctx: Context, name: str, domain_id: str = "default") -> User:
    """Raises ResourceNotFound."""
    statement = select(User).where(User.domain_id == domain_id, User.name == name)
    found = ctx.session.scalars(statement).first()
    if found is None:
        raise ResourceNotFound(kind="user", id=name)
    return found
