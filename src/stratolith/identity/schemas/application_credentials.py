"""Schemas of application credentials."""

from __future__ import annotations

from stratolith.identity.schemas.types import (
    DESCRIPTION,
    NULLABLE_ID,
    NULLABLE_TEXT,
    TEXT,
    Document,
    name,
    wrapped,
)

ROLE: Document = {
    "type": "object",
    "properties": {"id": TEXT, "name": TEXT},
    "minProperties": 1,
    "maxProperties": 1,
    "additionalProperties": False,
}
_RULE: Document = {
    "type": "object",
    "properties": {
        "id": {"type": "string", "minLength": 1, "maxLength": 64},
        "service": {"type": "string", "minLength": 1, "maxLength": 64},
        "path": {"type": "string", "pattern": "^/", "maxLength": 128},
        "method": {
            "type": "string",
            "enum": ["POST", "GET", "HEAD", "PATCH", "PUT", "DELETE"],
        },
    },
    "additionalProperties": False,
}

CREATE = wrapped(
    "application_credential",
    {
        "name": name(255),
        "description": DESCRIPTION,
        # empty or null: a secret is generated
        "secret": {"type": ["string", "null"], "maxLength": 4096},
        "expires_at": NULLABLE_TEXT,
        "roles": {"type": "array", "items": ROLE, "maxItems": 256},
        "unrestricted": {"type": ["boolean", "null"]},
        "access_rules": {"type": "array", "items": _RULE, "maxItems": 256},
        "project_id": NULLABLE_ID,  # ignored: the project of the token is used
        "id": TEXT,  # ignored, as upstream
        "system": NULLABLE_TEXT,  # ignored, as upstream
    },
    "name",
    closed=True,
)
