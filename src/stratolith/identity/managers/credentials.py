"""Credentials: secrets stored for users, encrypted at rest."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec
from sqlalchemy import delete

from stratolith.identity.exceptions import Duplicate, ResourceNotFound
from stratolith.identity.managers.attributes import extra_of
from stratolith.identity.managers.token_keys import sealing
from stratolith.identity.models import Credential
from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import BadRequest
from stratolith.kernel.ids import new_hex

Values = dict[str, Any]
EC2 = "ec2"
# delegations that a key may represent, instead of all rights of its user
DELEGATIONS = ("trust_id", "app_cred_id", "access_token_id")
KNOWN = ("user_id", "project_id", "type", "blob")


def blob_of(ctx: Context, credential: Credential) -> str:
    """The decrypted secret."""
    return sealing.decrypted(ctx, credential.encrypted_blob, f"Credential {credential.id}")


def get(ctx: Context, credential_id: str) -> Credential:
    """Raises ResourceNotFound."""
    credential = ctx.session.get(Credential, credential_id)
    if credential is None:
        raise ResourceNotFound(kind="credential", id=credential_id)
    return credential


def create(ctx: Context, values: Values) -> Credential:
    """Raises BadRequest for an EC2 key without its parts, Duplicate."""
    blob = values["blob"]
    credential_id = new_hex()
    if is_key(values["type"]):
        access = ec2_parts(blob)["access"]
        if values["type"] == EC2 and not values.get("project_id"):
            raise BadRequest("project_id: a credential of type ec2 needs one.")
        credential_id = id_of_access(access)
        if ctx.session.get(Credential, credential_id) is not None:
            raise Duplicate(kind="credential", reason="Duplicate entry found.")
    credential = Credential(
        id=credential_id,
        user_id=values["user_id"],
        project_id=values.get("project_id"),
        type=values["type"],
        encrypted_blob=sealing.encrypted(ctx.env, blob),
        extra=extra_of(values, KNOWN),
    )
    ctx.session.add(credential)
    ctx.session.flush()
    return credential


def update(ctx: Context, credential: Credential, blob: str) -> Credential:
    """Replace the secret; raises BadRequest."""
    if is_key(credential.type):
        _check_same_delegation(ctx, credential, ec2_parts(blob))
    credential.encrypted_blob = sealing.encrypted(ctx.env, blob)
    ctx.session.flush()
    return credential


def is_key(kind: str) -> bool:
    """Whether a credential of this type is found by its access key; the type's case is ignored."""
    return kind.lower() == EC2


def _check_same_delegation(ctx: Context, credential: Credential, parts: Values) -> None:
    """Raises BadRequest when an update would change the delegation of an EC2 key."""
    old = ec2_parts(blob_of(ctx, credential))
    for name in DELEGATIONS:
        if parts.get(name) != old.get(name):
            raise BadRequest(f"{name} can not be updated for credential")


def remove_of_user(ctx: Context, user_id: str) -> None:
    ctx.session.execute(delete(Credential).where(Credential.user_id == user_id))


def remove_of_project(ctx: Context, project_id: str) -> None:
    ctx.session.execute(delete(Credential).where(Credential.project_id == project_id))


def id_of_access(access: str) -> str:
    """The credential id of an EC2 key: the hash of its access key."""
    return hashlib.sha256(access.encode("utf-8", "surrogatepass")).hexdigest()


def ec2_parts(blob: str) -> dict[str, Any]:
    """``access`` and ``secret`` of an EC2 key; raises BadRequest."""
    try:
        parts = msgspec.json.decode(blob)
    except msgspec.DecodeError:
        parts = None
    if not isinstance(parts, dict) or not isinstance(parts.get("access"), str):
        raise BadRequest("blob: an EC2 credential is a JSON object with access and secret.")
    return parts
