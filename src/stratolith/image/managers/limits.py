"""Limits of a project's images, from identity's unified limits.

Sizes are in MiB, as in Glance. A resource without a registered limit is unlimited.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import ColumnElement, and_, func, select

from stratolith.identity.managers import limits_in_force
from stratolith.image.exceptions import OverLimit
from stratolith.image.models import Image
from stratolith.image.settings import ImageSettings
from stratolith.kernel.context import Context

SIZE = "image_size_total"
STAGED = "image_stage_total"
COUNT = "image_count_total"
UPLOADING = "image_count_uploading"
MIB = 1 << 20
UNLIMITED = -1


def used(ctx: Context, project_id: str) -> dict[str, int]:
    """Name of the limit -> the project's usage."""
    return {name: count(ctx, project_id) for name, count in COUNTS.items()}


def usage(ctx: Context, project_id: str) -> dict[str, dict[str, int]]:
    """The answer of /info/usage: empty when limits are not enforced."""
    if not ctx.env.settings.of(ImageSettings).use_unified_limits:
        return {}
    limits = limits_in_force.of_project(ctx, "image", project_id)
    return {
        name: {"usage": count, "limit": limits.get(name, UNLIMITED)}
        for name, count in used(ctx, project_id).items()
    }


def check(ctx: Context, project_id: str | None, **wanted: int) -> None:
    """Raises OverLimit unless the project may use so much more of each (sizes in bytes)."""
    if project_id is None or not ctx.env.settings.of(ImageSettings).use_unified_limits:
        return
    limits = limits_in_force.of_project(ctx, "image", project_id)
    for name, more in wanted.items():
        limit = limits.get(name, UNLIMITED)
        if limit < 0:
            continue
        have = COUNTS[name](ctx, project_id)
        delta = more // MIB if name in (SIZE, STAGED) else more
        if have + delta > limit:
            raise OverLimit(project_id=project_id, what=name, used=have, limit=limit)


def _staged(ctx: Context, project_id: str) -> int:
    """Size of staged data in MiB; it is in a JSON column, summed here as there are few rows."""
    statement = select(Image.staged).where(Image.owner == project_id, Image.staged.is_not(None))
    documents = ctx.session.scalars(statement)
    return sum(int(document["size"]) for document in documents if document is not None) // MIB


def _size(ctx: Context, project_id: str) -> int:
    """Size of all copies in all stores, in MiB."""
    statement = select(Image.size, Image.stores).where(
        Image.owner == project_id, Image.size.is_not(None)
    )
    rows = ctx.session.execute(statement)
    return sum((size or 0) * len(stores) for size, stores in rows) // MIB


def _number(ctx: Context, condition: ColumnElement[bool]) -> int:
    return ctx.session.scalar(select(func.count()).select_from(Image).where(condition)) or 0


def _images(ctx: Context, project_id: str) -> int:
    return _number(ctx, Image.owner == project_id)


def _uploading(ctx: Context, project_id: str) -> int:
    under_way = Image.status.in_(("saving", "uploading", "importing"))
    return _number(ctx, and_(Image.owner == project_id, under_way))


COUNTS: dict[str, Callable[[Context, str], int]] = {
    SIZE: _size,
    STAGED: _staged,
    COUNT: _images,
    UPLOADING: _uploading,
}
