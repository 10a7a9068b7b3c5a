"""Credentials over HTTP."""

from __future__ import annotations

from typing import Any

from sqlalchemy import false, select

from stratolith.identity.api.collections import (
    admit,
    collection,
    member_links,
    page_of,
    target,
    text_filters,
)
from stratolith.identity.api.delegation import refuse_credentials
from stratolith.identity.managers import claims, credentials
from stratolith.identity.models import Credential
from stratolith.identity.schemas import credentials as schemas
from stratolith.kernel.context import Context
from stratolith.kernel.http.listing import Listing
from stratolith.kernel.http.routing import Route

Body = dict[str, Any]

CREDENTIALS = Listing(
    Credential,
    filters={
        **text_filters("user_id", Credential.user_id),
        **text_filters("type", Credential.type),
    },
    default_sort=[("id", "asc")],
)


def render(ctx: Context, credential: Credential) -> Body:
    return {
        **credential.extra,
        "id": credential.id,
        "user_id": credential.user_id,
        "project_id": credential.project_id,
        "type": credential.type,
        "blob": credentials.blob_of(ctx, credential),
        "links": member_links(ctx, "credentials", credential.id),
    }


def index(ctx: Context) -> Body:
    """Everybody may list; others than readers of all see their own, and delegated tokens none."""
    rule = "identity:list_credentials"
    statement = select(Credential)
    if claims.is_delegated(ctx.who):
        statement = statement.where(false())
    if not ctx.can(rule, {}):
        ctx.authorize(rule, {"target.credential.user_id": ctx.user_id})
        statement = statement.where(Credential.user_id == ctx.user_id)
    page = page_of(ctx, CREDENTIALS, statement)
    return collection(ctx, "credentials", [render(ctx, one) for one in page.rows], page)


def _admitted(ctx: Context, verb: str, credential_id: str) -> Credential:
    found: Credential = admit(
        ctx, f"identity:{verb}_credential", "credential", credentials.get, credential_id
    )
    return found


def show(ctx: Context, credential_id: str) -> Body:
    credential = _admitted(ctx, "get", credential_id)
    refuse_credentials(ctx)
    return {"credential": render(ctx, credential)}


def create(ctx: Context, body: Body) -> Body:
    values = body["credential"]
    ctx.authorize("identity:create_credential", target(credential=values))
    refuse_credentials(ctx)
    return {"credential": render(ctx, credentials.create(ctx, values))}


def update(ctx: Context, credential_id: str, body: Body) -> Body:
    credential = _admitted(ctx, "update", credential_id)
    refuse_credentials(ctx)
    changed = credentials.update(ctx, credential, body["credential"]["blob"])
    return {"credential": render(ctx, changed)}


def remove(ctx: Context, credential_id: str) -> None:
    credential = _admitted(ctx, "delete", credential_id)
    refuse_credentials(ctx)
    ctx.session.delete(credential)


ROUTES = [
    Route.get("/credentials", index),
    Route.post("/credentials", create, body=schemas.CREATE, status=201),
    Route.get("/credentials/{credential_id}", show),
    Route.patch("/credentials/{credential_id}", update, body=schemas.UPDATE),
    Route.delete("/credentials/{credential_id}", remove),
]
