"""What all resources show alike."""

from __future__ import annotations

from datetime import datetime
from typing import Any


def moment(value: datetime | None) -> str | None:
    """``2026-01-31T12:00:00Z``, without strftime, which a list of 1,000 ports would feel."""
    if value is None:
        return None
    return (
        f"{value.year:04d}-{value.month:02d}-{value.day:02d}"
        f"T{value.hour:02d}:{value.minute:02d}:{value.second:02d}Z"
    )


def common(row: Any, tags: list[str] | None = None) -> dict[str, Any]:
    """Owner, description, tags, moments and revision of a row."""
    found: dict[str, Any] = {
        "project_id": row.project_id,
        "tenant_id": row.project_id,
        "description": row.description,
        "created_at": moment(row.created_at),
        "updated_at": moment(row.updated_at or row.created_at),
        "revision_number": row.revision_number,
    }
    if tags is not None:
        found["tags"] = tags
    return found
