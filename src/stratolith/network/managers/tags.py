"""Tags of any resource."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import delete, select

from stratolith.kernel.context import Context
from stratolith.kernel.db.rows import KeyedReader, RowReader
from stratolith.network.exceptions.general import TagNotFound
from stratolith.network.models import Tag

_TAGS = KeyedReader(
    RowReader(tuple[str, str], (Tag.resource_id, Tag.tag)),
    Tag.resource_id,
    select(Tag).order_by(Tag.resource_id, Tag.tag),
)


def of(ctx: Context, ids: Iterable[str]) -> dict[str, list[str]]:
    """Resource id -> its tags in alphabetical order; one statement."""
    by_resource: dict[str, list[str]] = {}
    for resource_id, tag in _TAGS(ctx.session, ids):
        by_resource.setdefault(resource_id, []).append(tag)
    return by_resource


def replace(ctx: Context, resource_id: str, tags: Sequence[str]) -> None:
    """Set exactly these tags."""
    forget(ctx, resource_id)
    for tag in sorted(set(tags)):
        ctx.session.add(Tag(resource_id=resource_id, tag=tag))
    ctx.session.flush()


def add(ctx: Context, resource_id: str, tags: Iterable[str]) -> None:
    existing = set(of(ctx, [resource_id]).get(resource_id, ()))
    for tag in sorted(set(tags) - existing):
        ctx.session.add(Tag(resource_id=resource_id, tag=tag))
    ctx.session.flush()


def remove(ctx: Context, resource_id: str, tag: str) -> None:
    """Raises TagNotFound."""
    row = ctx.session.get(Tag, (resource_id, tag))
    if row is None:
        raise TagNotFound(tag=tag)
    ctx.session.delete(row)
    ctx.session.flush()


def forget(ctx: Context, resource_id: str) -> None:
    """Delete the tags of a deleted resource."""
    ctx.session.execute(delete(Tag).where(Tag.resource_id == resource_id))
