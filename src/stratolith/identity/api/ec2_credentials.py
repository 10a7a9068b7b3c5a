"""EC2 keys of a user over HTTP."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import select

from stratolith.identity.api.delegation import refuse_credentials
from stratolith.identity.api.style import collection
from stratolith.identity.exceptions import ResourceNotFound
from stratolith.identity.managers import credentials, projects, users
from stratolith.identity.models import Credential
from stratolith.identity.schemas import credentials as schemas
from stratolith.kernel.context import Context
from stratolith.kernel.http.routing import Asked, Route
from stratolith.kernel.ids import new_hex

Body = dict[str, Any]


def _target(user_id: str) -> Body:
    """user_id: the owner of the key."""
    return {"user_id": user_id, "target.credential.user_id": user_id}


def _of_user(ctx: Context, asked: Asked) -> Body:
    return _target(asked.variables["user_id"])


def render(ctx: Context, credential: Credential) -> Body:
    parts = credentials.ec2_parts(credentials.blob_of(ctx, credential))
    path = f"/v3/users/{credential.user_id}/credentials/OS-EC2/{parts['access']}"
    return {
        "user_id": credential.user_id,
        "tenant_id": credential.project_id,
        "access": parts["access"],
        "secret": parts.get("secret"),
        "trust_id": parts.get("trust_id"),
        "links": {"self": ctx.base_url + path},
    }


def index(ctx: Context, user_id: str) -> Body:
    refuse_credentials(ctx)
    users.get(ctx, user_id)
    statement = select(Credential).where(
        Credential.user_id == user_id, Credential.type == credentials.EC2
    )
    rows = ctx.session.scalars(statement.order_by(Credential.id))
    return collection(ctx, "credentials", [render(ctx, credential) for credential in rows])


def _load(ctx: Context, user_id: str, access: str) -> Credential:
    """The key; the policy checks its owner, not the user in the path."""
    credential = ctx.session.get(Credential, credentials.id_of_access(access))
    if credential is None or credential.type != credentials.EC2:
        raise ResourceNotFound(kind="credential", id=access)
    return credential


def _of_owner(ctx: Context, asked: Asked) -> Body:
    return _target(asked.loaded.user_id)


def show(ctx: Context, credential: Credential, user_id: str) -> Body:
    users.get(ctx, user_id)
    refuse_credentials(ctx)
    return {"credential": render(ctx, credential)}


def create(ctx: Context, user_id: str, body: Body) -> Body:
    refuse_credentials(ctx)
    user = users.get(ctx, user_id)
    project = projects.get(ctx, body["tenant_id"])
    blob = {"access": new_hex(), "secret": new_hex(), "trust_id": None}
    made = credentials.create(
        ctx,
        {
            "user_id": user.id,
            "project_id": project.id,
            "type": credentials.EC2,
            "blob": msgspec.json.encode(blob).decode(),
        },
    )
    return {"credential": render(ctx, made)}


def remove(ctx: Context, credential: Credential, user_id: str) -> None:
    users.get(ctx, user_id)
    refuse_credentials(ctx)
    ctx.session.delete(credential)


_ALL = "/users/{user_id}/credentials/OS-EC2"
_ONE = _ALL + "/{access}"
_OWNED: dict[str, Any] = {"load": _load, "target": _of_owner}

ROUTES = [
    Route.get(_ALL, index, rule="identity:ec2_list_credentials", target=_of_user),
    Route.post(
        _ALL,
        create,
        rule="identity:ec2_create_credential",
        target=_of_user,
        body=schemas.EC2,
        status=201,
    ),
    Route.get(_ONE, show, rule="identity:ec2_get_credential", **_OWNED),
    Route.delete(_ONE, remove, rule="identity:ec2_delete_credential", **_OWNED),
]
