"""Credentials over HTTP."""

from __future__ import annotations

from typing import Any

from sqlalchemy import false, select

from stratolith.identity.api.delegation import refuse_credentials
from stratolith.identity.api.filters import text_filters
from stratolith.identity.api.style import STYLE, collection, member_links, page_of
from stratolith.identity.api.targets import of_body
from stratolith.identity.managers import credentials
from stratolith.identity.managers.token_keys import claims
from stratolith.identity.models import Credential
from stratolith.identity.schemas import credentials as schemas
from stratolith.kernel.context import Context
from stratolith.kernel.http.resource import Listing, Resource, Verb, each
from stratolith.kernel.http.routing import Route

Body = dict[str, Any]

LISTING = Listing(
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
    """Every user may list: readers of all credentials see all, other users their own, and delegated
    tokens none.
    """
    rule = "identity:list_credentials"
    statement = select(Credential)
    if claims.is_delegated(ctx.who):
        statement = statement.where(false())
    if not ctx.can(rule, {}):
        ctx.authorize(rule, {"target.credential.user_id": ctx.user_id})
        statement = statement.where(Credential.user_id == ctx.user_id)
    page = page_of(ctx, LISTING, statement)
    return collection(
        ctx, "credentials", [render(ctx, credential) for credential in page.rows], page
    )


def _refuse(ctx: Context, credential: Credential) -> Body:
    refuse_credentials(ctx)
    return {}


def _create(ctx: Context, values: Body) -> Credential:
    refuse_credentials(ctx)
    return credentials.create(ctx, values)


def _update(ctx: Context, credential: Credential, values: Body) -> Credential:
    refuse_credentials(ctx)
    return credentials.update(ctx, credential, values["blob"])


def _remove(ctx: Context, credential: Credential) -> None:
    refuse_credentials(ctx)
    ctx.session.delete(credential)


CREDENTIALS = Resource(
    "credential",
    STYLE,
    load=credentials.get,
    rendered=each(render),
    create=Verb(_create, target=of_body("credential"), body=schemas.CREATE),
    show=Verb(_refuse),
    update=Verb(_update, body=schemas.UPDATE),
    delete=Verb(_remove),
)

ROUTES = [*CREDENTIALS.routes, Route.get("/credentials", index, listing=LISTING)]
