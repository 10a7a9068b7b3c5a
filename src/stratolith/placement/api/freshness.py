"""Headers that tell the age of an answer, and the comparison of microversions."""

from __future__ import annotations

from datetime import datetime
from email.utils import format_datetime

from stratolith.kernel.context import Context
from stratolith.kernel.http.microversion import Version


def at_least(ctx: Context, minor: int) -> bool:
    """Whether the request's microversion is 1.``minor`` or newer."""
    return ctx.microversion is not None and ctx.microversion >= Version(1, minor)


def fresh(ctx: Context, *moments: datetime | None) -> dict[str, str]:
    """Since 1.15: Cache-Control and Last-Modified (the newest of ``moments``; default: now)."""
    if not at_least(ctx, 15):
        return {}
    known = [moment for moment in moments if moment is not None]
    newest = max(known) if known else ctx.env.clock.now()
    return {
        "Last-Modified": format_datetime(newest.replace(microsecond=0), usegmt=True),
        "Cache-Control": "no-cache",
    }


def changed_at(row: object) -> datetime:
    """When a row was last changed."""
    moment: datetime = getattr(row, "updated_at", None) or row.created_at  # type: ignore[attr-defined]
    return moment
