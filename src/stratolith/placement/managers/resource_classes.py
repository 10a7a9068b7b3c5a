"""Resource classes: the standard names and the cloud's own, which begin with CUSTOM_."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import os_resource_classes  # type: ignore[import-untyped]
from sqlalchemy import select

from stratolith.kernel.context import Context
from stratolith.placement.exceptions import (
    DuplicateName,
    ResourceClassInUse,
    ResourceClassNotFound,
    StandardName,
    UnknownResourceClass,
)
from stratolith.placement.models import Allocation, Inventory, ResourceClass

STANDARD = frozenset(os_resource_classes.STANDARDS)


def is_standard(name: str) -> bool:
    return name in STANDARD


def check(ctx: Context, names: Iterable[str], what: str = "resources") -> None:
    """Raise UnknownResourceClass unless every name exists."""
    unknown = set(names) - STANDARD
    if unknown:
        unknown -= set(
            ctx.session.scalars(select(ResourceClass.name).where(ResourceClass.name.in_(unknown)))
        )
    if unknown:
        raise UnknownResourceClass(what=what, name=", ".join(sorted(unknown)))


def list_all(ctx: Context) -> list[tuple[str, datetime | None]]:
    """(name, last change) of every class; the standard ones first, without a time."""
    standard: list[tuple[str, datetime | None]] = [
        (name, None) for name in os_resource_classes.STANDARDS
    ]
    own = ctx.session.scalars(select(ResourceClass).order_by(ResourceClass.name))
    return standard + [(row.name, row.updated_at or row.created_at) for row in own]


def get(ctx: Context, name: str) -> tuple[str, datetime | None]:
    """(name, last change); raises ResourceClassNotFound."""
    if name in STANDARD:
        return name, None
    row = ctx.session.get(ResourceClass, name)
    if row is None:
        raise ResourceClassNotFound(name=name)
    return row.name, row.updated_at or row.created_at


def create(ctx: Context, name: str) -> None:
    """Raises DuplicateName."""
    if not ensure(ctx, name):
        raise DuplicateName(what="resource class", field="name", value=name)


def ensure(ctx: Context, name: str) -> bool:
    """Create the class unless it exists; True if it is new."""
    if name in STANDARD or ctx.session.get(ResourceClass, name) is not None:
        return False
    ctx.session.add(ResourceClass(name=name))
    ctx.session.flush()
    return True


def rename(ctx: Context, name: str, new_name: str) -> None:
    """Raises ResourceClassNotFound, StandardName, DuplicateName, ResourceClassInUse."""
    delete(ctx, name)
    create(ctx, new_name)


def delete(ctx: Context, name: str) -> None:
    """Raises ResourceClassNotFound, StandardName, ResourceClassInUse."""
    if name in STANDARD:
        raise StandardName(what="resource class", name=name)
    row = ctx.session.get(ResourceClass, name)
    if row is None:
        raise ResourceClassNotFound(name=name)
    for column in (Inventory.resource_class, Allocation.resource_class):
        if ctx.session.scalars(select(column).where(column == name).limit(1)).first():
            raise ResourceClassInUse(name=name)
    ctx.session.delete(row)
    ctx.session.flush()
