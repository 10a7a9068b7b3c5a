"""OAuth 1.0a over HTTP: request tokens, their authorisation, access tokens."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from sqlalchemy import select

from stratolith.identity.api import roles as roles_api
from stratolith.identity.api.delegation import refuse_credentials
from stratolith.identity.api.style import collection, member_links, page_of, root
from stratolith.identity.exceptions import ResourceNotFound
from stratolith.identity.managers import application_credentials as credentials
from stratolith.identity.managers import oauth1
from stratolith.identity.managers.token_keys import claims
from stratolith.identity.models import AccessToken
from stratolith.identity.schemas import oauth1 as schemas
from stratolith.kernel.clock import zulu_micro
from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import Forbidden
from stratolith.kernel.http import Response
from stratolith.kernel.http.resource import Listing
from stratolith.kernel.http.routing import EarlyChecks, Route

Body = dict[str, Any]
_FORM = "application/x-www-form-urlencoded"

ACCESS_TOKENS = Listing(AccessToken, default_sort=[("id", "asc")])


def _form(pair: oauth1.Pair) -> Response:
    token, secret, end = pair
    values = {"oauth_token": token, "oauth_token_secret": secret}
    if end is not None:
        values["oauth_expires_at"] = zulu_micro(end) or ""
    return Response(urlencode(values, safe=":"), media_type=_FORM)


def create_request_token(ctx: Context, body: bytes) -> Response:
    return _form(oauth1.new_request_token(ctx))


def create_access_token(ctx: Context, body: bytes) -> Response:
    return _form(oauth1.new_access_token(ctx))


def authorize(ctx: Context, request_token_id: str, body: Body) -> Body:
    if claims.is_delegated(ctx.who):
        raise Forbidden("A token of delegated rights cannot authorize a request token.")
    wanted = [credentials.named_role(ctx, role).id for role in body["roles"]]
    verifier = oauth1.authorize(ctx, request_token_id, list(dict.fromkeys(wanted)))
    return {"token": {"oauth_verifier": verifier}}


# -- access tokens of a user -----------------------------------------------------------------------


def render(ctx: Context, token: AccessToken) -> Body:
    path = f"users/{token.authorizing_user_id}/OS-OAUTH1/access_tokens"
    links = member_links(ctx, path, token.id)
    return {
        "id": token.id,
        "consumer_id": token.consumer_id,
        "project_id": token.project_id,
        "authorizing_user_id": token.authorizing_user_id,
        "expires_at": zulu_micro(token.expires_at),
        "links": {**links, "roles": f"{root(ctx)}/{path}/{token.id}/roles"},
    }


def index(ctx: Context, user_id: str) -> Body:
    refuse_credentials(ctx)
    statement = select(AccessToken).where(AccessToken.authorizing_user_id == user_id)
    page = page_of(ctx, ACCESS_TOKENS, statement)
    return collection(ctx, "access_tokens", [render(ctx, token) for token in page.rows], page)


def show(ctx: Context, user_id: str, access_token_id: str) -> Body:
    refuse_credentials(ctx)
    return {"access_token": render(ctx, oauth1.get(ctx, user_id, access_token_id))}


def remove(ctx: Context, user_id: str, access_token_id: str) -> None:
    refuse_credentials(ctx)
    oauth1.remove(ctx, oauth1.get(ctx, user_id, access_token_id))


def list_roles(ctx: Context, user_id: str, access_token_id: str) -> Body:
    token = oauth1.get(ctx, user_id, access_token_id)
    roles = [roles_api.render(ctx, role) for role in credentials.roles_of(ctx, token.role_ids)]
    return collection(ctx, "roles", roles)


def show_role(ctx: Context, user_id: str, access_token_id: str, role_id: str) -> Body:
    token = oauth1.get(ctx, user_id, access_token_id)
    for role in credentials.roles_of(ctx, token.role_ids):
        if role.id == role_id:
            return {"role": roles_api.render(ctx, role)}
    raise ResourceNotFound(kind="role", id=role_id)


_OAUTH1 = "/OS-OAUTH1"
_ALL = "/users/{user_id}/OS-OAUTH1/access_tokens"
_ONE = _ALL + "/{access_token_id}"

ROUTES = [
    Route.post(
        _OAUTH1 + "/request_token", create_request_token, public=True, raw_body=True, status=201
    ),
    Route.post(
        _OAUTH1 + "/access_token", create_access_token, public=True, raw_body=True, status=201
    ),
    Route.put(
        _OAUTH1 + "/authorize/{request_token_id}",
        authorize,
        rule="identity:authorize_request_token",
        body=schemas.AUTHORIZE,
        early_checks=EarlyChecks.GRAMMAR,
    ),
    Route.get(_ALL, index, rule="identity:list_access_tokens", listing=ACCESS_TOKENS),
    Route.get(_ONE, show, rule="identity:get_access_token"),
    Route.delete(_ONE, remove, rule="identity:delete_access_token"),
    Route.get(_ONE + "/roles", list_roles, rule="identity:list_access_token_roles"),
    Route.get(_ONE + "/roles/{role_id}", show_role, rule="identity:get_access_token_role"),
]
