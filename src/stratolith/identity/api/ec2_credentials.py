"""EC2 keys of a user over HTTP."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import select

from stratolith.identity.api.collections import collection
from stratolith.identity.api.delegation import refuse_credentials
from stratolith.identity.exceptions import ResourceNotFound
from stratolith.identity.managers import credentials, projects, users
from stratolith.identity.models import Credential
from stratolith.identity.schemas import credentials as schemas
from stratolith.kernel.context import Context
from stratolith.kernel.http.routing import Route
from stratolith.kernel.ids import new_hex

Body = dict[str, Any]


def _authorize(ctx: Context, rule: str, user_id: str) -> None:
    """user_id: whose key it is."""
    ctx.authorize(rule, {"user_id": user_id, "target.credential.user_id": user_id})


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
    _authorize(ctx, "identity:ec2_list_credentials", user_id)
    refuse_credentials(ctx)
    users.get(ctx, user_id)
    statement = select(Credential).where(
        Credential.user_id == user_id, Credential.type == credentials.EC2
    )
    found = ctx.session.scalars(statement.order_by(Credential.id))
    return collection(ctx, "credentials", [render(ctx, one) for one in found])


def _admitted(ctx: Context, verb: str, user_id: str, access: str) -> Credential:
    """The key, for its owner: the user that the path names does not decide.

    Raises NotFound (before Forbidden, as upstream), Forbidden.
    """
    found = ctx.session.get(Credential, credentials.id_of_access(access))
    if found is None or found.type != credentials.EC2:
        raise ResourceNotFound(kind="credential", id=access)
    _authorize(ctx, f"identity:ec2_{verb}_credential", found.user_id)
    users.get(ctx, user_id)
    refuse_credentials(ctx)
    return found


def show(ctx: Context, user_id: str, access: str) -> Body:
    return {"credential": render(ctx, _admitted(ctx, "get", user_id, access))}


def create(ctx: Context, user_id: str, body: Body) -> Body:
    _authorize(ctx, "identity:ec2_create_credential", user_id)
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


def remove(ctx: Context, user_id: str, access: str) -> None:
    ctx.session.delete(_admitted(ctx, "delete", user_id, access))


_ALL = "/users/{user_id}/credentials/OS-EC2"

ROUTES = [
    Route.get(_ALL, index),
    Route.post(_ALL, create, body=schemas.EC2, status=201),
    Route.get(_ALL + "/{access}", show),
    Route.delete(_ALL + "/{access}", remove),
]
