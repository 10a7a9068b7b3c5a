"""Schemas of roles."""

from __future__ import annotations

from stratolith.identity.schemas.types import (
    DESCRIPTION,
    IMMUTABLE,
    NULLABLE_ID,
    TEXT,
    Document,
    name,
    wrapped,
)

_ROLE: Document = {
    "name": name(255),
    "description": DESCRIPTION,
    "domain_id": NULLABLE_ID,
    "options": IMMUTABLE,
}

CREATE = wrapped("role", _ROLE, "name")
UPDATE = wrapped("role", {**_ROLE, "id": TEXT}, least=1)
