"""Schemas of users, their passwords and groups."""

from __future__ import annotations

from stratolith.identity.schemas.types import (
    BOOLEAN,
    DESCRIPTION,
    ID,
    NULLABLE_ID,
    NULLABLE_TEXT,
    TEXT,
    Document,
    name,
    wrapped,
)

_FLAG: Document = {"type": ["boolean", "null"]}
OPTIONS: Document = {
    "type": "object",
    "properties": {
        "ignore_change_password_upon_first_use": _FLAG,
        "ignore_password_expiry": _FLAG,
        "ignore_lockout_failure_attempts": _FLAG,
        "ignore_user_inactivity": _FLAG,
        "lock_password": _FLAG,
        "multi_factor_auth_enabled": _FLAG,
        "multi_factor_auth_rules": {
            "type": ["array", "null"],
            "items": {
                "type": "array",
                "items": TEXT,
                "minItems": 1,
                "uniqueItems": True,
            },
            "uniqueItems": True,
        },
    },
    "additionalProperties": False,
}
_USER: Document = {
    "name": name(255),
    "enabled": BOOLEAN,
    "password": NULLABLE_TEXT,
    "default_project_id": NULLABLE_ID,
    "description": DESCRIPTION,
    "email": NULLABLE_TEXT,
    "options": OPTIONS,
}

CREATE = wrapped("user", {**_USER, "domain_id": ID}, "name")
UPDATE = wrapped("user", {**_USER, "id": TEXT, "domain_id": ID}, least=1)
PASSWORD = wrapped(
    "user",
    {"original_password": TEXT, "password": TEXT},
    "original_password",
    "password",
)

_GROUP: Document = {"name": name(64), "description": DESCRIPTION}
CREATE_GROUP = wrapped("group", {**_GROUP, "domain_id": ID}, "name")
UPDATE_GROUP = wrapped("group", {**_GROUP, "id": TEXT, "domain_id": ID}, least=1)
