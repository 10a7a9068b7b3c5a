"""The attributes that all resources render in the same way."""

from __future__ import annotations

from datetime import datetime
from typing import Any


def moment(value: datetime | None) -> str | None:
    """``2026-01-31T12:00:00Z``; without strftime, which is slow for a list of 1,000 ports."""
    return None if value is None else f"{value.isoformat()[:19]}Z"


def common(row: Any, tags: list[str] | None = None) -> dict[str, Any]:
    """Project, description, tags, times and revision of a row."""
    body: dict[str, Any] = {
        "project_id": row.project_id,
        "tenant_id": row.project_id,
        "description": row.description,
        "created_at": moment(row.created_at),
        "updated_at": moment(row.updated_at or row.created_at),
        "revision_number": row.revision_number,
    }
    if tags is not None:
        body["tags"] = tags
    return body
