"""Schemas of domains and projects."""

from __future__ import annotations

from stratolith.identity.schemas.types import (
    BOOLEAN,
    DESCRIPTION,
    IMMUTABLE,
    NULLABLE_ID,
    TAGS,
    TEXT,
    Document,
    name,
    wrapped,
)
from stratolith.kernel.http.validation import Schema

_COMMON: Document = {
    "name": name(64),
    "description": DESCRIPTION,
    "enabled": BOOLEAN,
    "tags": TAGS,
    "options": IMMUTABLE,
}
_PLACE: Document = {"domain_id": NULLABLE_ID, "parent_id": NULLABLE_ID, "is_domain": BOOLEAN}

CREATE = wrapped("project", {**_COMMON, **_PLACE}, "name")
UPDATE = wrapped("project", {**_COMMON, **_PLACE, "id": TEXT})
CREATE_DOMAIN = wrapped(
    "domain",
    {**_COMMON, "explicit_domain_id": {"type": "string", "pattern": "^[a-fA-F0-9]{32}$"}},
    "name",
)
UPDATE_DOMAIN = wrapped("domain", {**_COMMON, "id": TEXT})
REPLACE_TAGS = Schema(
    {
        "type": "object",
        "properties": {"tags": TAGS},
        "required": ["tags"],
        "additionalProperties": False,
    }
)
