"""Tokens over HTTP: login, validation, revocation, and the projects and domains of a token."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from stratolith.identity.api import domains as domains_api
from stratolith.identity.api import projects as projects_api
from stratolith.identity.api.filters import is_true
from stratolith.identity.api.style import collection, page_of
from stratolith.identity.api.targets import nothing
from stratolith.identity.exceptions import TokenNotFound
from stratolith.identity.managers import catalog, effective, revocations, tokens
from stratolith.identity.managers.attributes import as_bool
from stratolith.identity.managers.login import authentication
from stratolith.identity.managers.login.receipts import MoreFactorsNeeded
from stratolith.identity.models import Project
from stratolith.identity.schemas import auth as schemas
from stratolith.identity.settings import IdentitySettings
from stratolith.kernel.auth import Identity
from stratolith.kernel.clock import zulu_micro
from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import Forbidden, Unauthorized
from stratolith.kernel.http import Response
from stratolith.kernel.http.routing import Route

Body = dict[str, Any]
SUBJECT = "x-subject-token"
_NO_GRACE = timedelta(0)
_UNDERSTANDS_RULES = "openstack-identity-access-rules"


def render(ctx: Context, identity: Identity) -> Body:
    """The body of a token."""
    user: Body = {
        "domain": {"id": identity.user_domain_id, "name": identity.user_domain_name},
        "id": identity.user_id,
        "name": identity.user_name,
        "password_expires_at": zulu_micro(identity.details.get("password_expires_at")),
    }
    token: Body = {
        "methods": list(identity.methods),
        "user": user,
        "audit_ids": list(identity.audit_ids),
        "expires_at": zulu_micro(identity.expires_at),
        "issued_at": zulu_micro(identity.issued_at),
    }
    if identity.project_id:
        token["project"] = {
            "domain": {"id": identity.project_domain_id, "name": identity.project_domain_name},
            "id": identity.project_id,
            "name": identity.project_name,
        }
        if "trust" not in identity.details:
            token["is_domain"] = False  # a domain that acts as a project is not marked as one
    elif identity.domain_id:
        token["domain"] = {"id": identity.domain_id, "name": identity.domain_name}
    elif identity.system:
        token["system"] = {"all": True}
    if "application_credential" in identity.details:
        token["application_credential"] = identity.details["application_credential"]
    if "trust" in identity.details:
        token["OS-TRUST:trust"] = identity.details["trust"]
    if "oauth1" in identity.details:
        token["OS-OAUTH1"] = identity.details["oauth1"]
    if identity.roles:
        token["roles"] = [
            {"id": id_, "name": name}
            for id_, name in zip(identity.role_ids, identity.roles, strict=True)
        ]
        if "nocatalog" not in ctx.query:
            token["catalog"] = catalog.documents(ctx, identity)
    return {"token": token}


def log_in(ctx: Context, body: Body) -> Response:
    try:
        token, identity = authentication.log_in(ctx, body["auth"])
    except MoreFactorsNeeded as more:
        return _receipt(ctx, more)
    return Response(render(ctx, identity), headers={"X-Subject-Token": token})


def _receipt(ctx: Context, more: MoreFactorsNeeded) -> Response:
    """401, with a receipt for the factors that were correct."""
    receipt, account = more.receipt, more.account
    domain = {"id": account.domain.id, "name": account.domain.name}
    document = {
        "receipt": {
            "methods": list(receipt.methods),
            "user": {"id": account.user.id, "name": account.user.name, "domain": domain},
            "expires_at": zulu_micro(receipt.expires_at),
            "issued_at": zulu_micro(receipt.issued_at),
        },
        "required_auth_methods": more.rules,
    }
    headers = {"Openstack-Auth-Receipt": receipt.seal(ctx)}
    return Response(document, status=401, headers=headers)


def _subject(ctx: Context, rule: str, grace: timedelta = _NO_GRACE) -> tuple[str, Identity]:
    """The token in X-Subject-Token, if the caller may ask for it."""
    token = ", ".join(ctx.headers.getlist(SUBJECT))
    if not token:
        raise TokenNotFound("No token in the request")
    try:
        identity = tokens.validate(ctx.env, token, grace)
    except Unauthorized:
        # the caller has the token, so it may learn that it is invalid
        raise TokenNotFound from None
    ctx.authorize(rule, {"target.token.user_id": identity.user_id})
    if identity.access_rules is not None and not _understands_rules(ctx):
        # a service that does not enforce access rules must not accept the token
        raise TokenNotFound
    return token, identity


def _understands_rules(ctx: Context) -> bool:
    """Whether the caller supports access rules, version 1.0 or later."""
    try:
        return float(ctx.headers.get(_UNDERSTANDS_RULES, "")) >= 1.0
    except ValueError:
        return False


def _grace(ctx: Context) -> timedelta:
    """How long ago the token may have expired: for services with long operations."""
    if not as_bool(ctx.query.get("allow_expired", "")):
        return _NO_GRACE
    return timedelta(seconds=ctx.env.settings.of(IdentitySettings).allow_expired_window)


def show(ctx: Context) -> Response:
    token, identity = _subject(ctx, "identity:validate_token", _grace(ctx))
    return Response(render(ctx, identity), headers={"X-Subject-Token": token})


def check(ctx: Context) -> Response:
    token, _ = _subject(ctx, "identity:check_token", _grace(ctx))
    return Response(None, headers={"X-Subject-Token": token})


def revoke(ctx: Context) -> None:
    """Revoke the token and, unless ``?cascade=false``, all tokens that were made from it."""
    _, identity = _subject(ctx, "identity:revoke_token")
    revocations.revoke(ctx, audit_id=identity.audit_ids[0])
    if is_true(ctx.query.get("cascade", "true")):
        revocations.revoke(ctx, audit_chain_id=identity.audit_ids[0])


def show_catalog(ctx: Context) -> Body:
    if not ctx.project_id:
        raise Forbidden("A token with project scope is required for a catalogue.")
    links = {"next": None, "self": f"{ctx.base_url}/v3/auth/catalog", "previous": None}
    return {"catalog": catalog.documents(ctx, ctx.who), "links": links}


def list_projects(ctx: Context) -> Body:
    return projects_api.listed_of_user(ctx, ctx.user_id)


def list_domains(ctx: Context) -> Body:
    ids = effective.domains_of(ctx.session, ctx.user_id)
    page = page_of(ctx, domains_api.LISTING, select(Project).where(Project.id.in_(ids)))
    return collection(ctx, "domains", domains_api.render_many(ctx, page.rows), page)


def show_system(ctx: Context) -> Body:
    has_role = bool(effective.on_system(ctx.session, ctx.user_id))
    links = {"self": f"{ctx.base_url}{ctx.path}"}
    return {"system": [{"all": True}] if has_role else [], "links": links}


ROUTES = [
    Route.post("/auth/tokens", log_in, body=schemas.LOG_IN, public=True, writes=False, status=201),
    Route.get("/auth/tokens", show),
    Route.head("/auth/tokens", check),
    Route.delete("/auth/tokens", revoke),
    Route.get("/auth/catalog", show_catalog, rule="identity:get_auth_catalog", target=nothing),
    Route.get("/auth/projects", list_projects, rule="identity:get_auth_projects", target=nothing),
    Route.get("/auth/domains", list_domains, rule="identity:get_auth_domains", target=nothing),
    Route.get("/auth/system", show_system, rule="identity:get_auth_system", target=nothing),
]
