"""Schema of an authentication request."""

from __future__ import annotations

from typing import Any

from stratolith.kernel.http.validation import Schema

Document = dict[str, Any]
_TEXT: Document = {"type": "string"}
_NULLABLE: Document = {"type": ["string", "null"]}


def _object(properties: Document, *required: str) -> Document:
    return {"type": "object", "properties": properties, "required": list(required)}


_DOMAIN = _object({"id": _NULLABLE, "name": _NULLABLE})
_USER: Document = {"id": _NULLABLE, "name": _NULLABLE, "domain": _DOMAIN}
# Exactly one of these is required; other names are ignored, and so is the value of "unscoped".
# "all" means all whether it is true or false, as upstream.
_SCOPES: Document = {
    "project": _object({"id": _NULLABLE, "name": _NULLABLE, "domain": _DOMAIN}),
    "domain": _DOMAIN,
    "system": _object({"all": {"type": "boolean"}}),
    "OS-TRUST:trust": _object({"id": _TEXT}, "id"),
}
_SCOPE: Document = {
    "anyOf": [
        {"enum": ["unscoped", "system"]},
        {
            "type": "object",
            "properties": _SCOPES,
            "oneOf": [{"required": [name]} for name in (*_SCOPES, "unscoped")],
        },
    ]
}

LOG_IN = Schema(
    _object(
        {
            "auth": _object(
                {
                    "identity": _object(
                        {
                            "methods": {"type": "array", "items": _TEXT},
                            "password": _object(
                                {"user": _object({**_USER, "password": _TEXT}, "password")},
                                "user",
                            ),
                            "totp": _object(
                                {"user": _object({**_USER, "passcode": _TEXT}, "passcode")},
                                "user",
                            ),
                            "token": _object({"id": _TEXT}, "id"),
                            "oauth1": _object({}),
                            "application_credential": _object(
                                {
                                    "id": _NULLABLE,
                                    "name": _NULLABLE,
                                    "user": _object(_USER),
                                    "secret": _TEXT,
                                },
                                "secret",
                            ),
                        },
                        "methods",
                    ),
                    "scope": _SCOPE,
                },
                "identity",
            )
        },
        "auth",
    )
)

SIGNATURE_KEYS = ("credentials", "credential", "ec2Credentials")
_SIGNED: Document = {
    "type": "object",
    "properties": {
        **dict.fromkeys(
            ("access", "signature", "token", "host", "verb", "path", "body_hash"), _TEXT
        ),
        "params": {"type": "object"},
        "headers": {"type": "object"},
    },
}
SIGNED = Schema({"type": "object", "properties": dict.fromkeys(SIGNATURE_KEYS, _SIGNED)})
