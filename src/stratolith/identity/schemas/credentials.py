"""Schemas of credentials, EC2 keys, policies and trusts."""

from __future__ import annotations

from stratolith.identity.schemas.application_credentials import ROLE
from stratolith.identity.schemas.types import (
    ID,
    NULLABLE_ID,
    NULLABLE_TEXT,
    TEXT,
    Document,
    wrapped,
)
from stratolith.kernel.http.validation import Schema

_CREDENTIAL: Document = {
    "blob": TEXT,
    "type": {"type": "string", "minLength": 1, "maxLength": 255},
    "user_id": ID,
    "project_id": NULLABLE_ID,
}
CREATE = wrapped("credential", _CREDENTIAL, "blob", "type", "user_id")
# owner, project and type of a credential cannot change
UPDATE = wrapped("credential", {"blob": TEXT}, "blob", closed=True)

EC2 = Schema(
    {
        "type": "object",
        "properties": {"tenant_id": ID},
        "required": ["tenant_id"],
    }
)

_POLICY: Document = {
    "blob": TEXT,
    "type": {"type": "string", "minLength": 1, "maxLength": 255},
}
CREATE_POLICY = wrapped("policy", _POLICY, "blob", "type")
UPDATE_POLICY = wrapped("policy", {**_POLICY, "id": TEXT}, least=1)

CREATE_TRUST = wrapped(
    "trust",
    {
        "trustor_user_id": ID,
        "trustee_user_id": ID,
        "project_id": {**NULLABLE_ID, "minLength": 0, "pattern": "^[a-zA-Z0-9-]*$"},
        "impersonation": {"type": "boolean"},
        "roles": {"type": "array", "items": ROLE},
        "expires_at": NULLABLE_TEXT,
        "remaining_uses": {"type": ["integer", "null"], "minimum": 1, "maximum": 2147483647},
        "allow_redelegation": {"type": ["boolean", "null"]},
        "redelegation_count": {"type": ["integer", "null"], "minimum": 0, "maximum": 1000},
        "redelegated_trust_id": NULLABLE_TEXT,
    },
    "trustor_user_id",
    "trustee_user_id",
    "impersonation",
)
