"""Schemas of OAuth 1.0a: consumers, and the authorisation of a request token."""

from __future__ import annotations

from stratolith.identity.schemas.types import DESCRIPTION, ID, TEXT, name, wrapped
from stratolith.kernel.http.validation import Schema

CONSUMER = wrapped("consumer", {"description": DESCRIPTION, "id": TEXT})
_ROLE = {
    "type": "object",
    "properties": {"id": ID, "name": name(255)},
    "minProperties": 1,
    "maxProperties": 1,
    "additionalProperties": False,
}
AUTHORIZE = Schema(
    {
        "type": "object",
        "properties": {"roles": {"type": "array", "items": _ROLE}},
        "required": ["roles"],
    }
)
