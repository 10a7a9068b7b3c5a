"""Tokens over HTTP: logging in, validation, revocation, what a token may reach."""

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


def render(ctx: Context, who: Identity) -> Body:
    """The body of a token."""
    user: Body = {
        "domain": {"id": who.user_domain_id, "name": who.user_domain_name},
        "id": who.user_id,
        "name": who.user_name,
        "password_expires_at": zulu_micro(who.details.get("password_expires_at")),
    }
    token: Body = {
        "methods": list(who.methods),
        "user": user,
        "audit_ids": list(who.audit_ids),
        "expires_at": zulu_micro(who.expires_at),
        "issued_at": zulu_micro(who.issued_at),
    }
    if who.project_id:
        token["project"] = {
            "domain": {"id": who.project_domain_id, "name": who.project_domain_name},
            "id": who.project_id,
            "name": who.project_name,
        }
        if "trust" not in who.details:
            token["is_domain"] = False  # a domain is not entered as a project
    elif who.domain_id:
        token["domain"] = {"id": who.domain_id, "name": who.domain_name}
    elif who.system:
        token["system"] = {"all": True}
    if "application_credential" in who.details:
        token["application_credential"] = who.details["application_credential"]
    if "trust" in who.details:
        token["OS-TRUST:trust"] = who.details["trust"]
    if "oauth1" in who.details:
        token["OS-OAUTH1"] = who.details["oauth1"]
    if who.roles:
        token["roles"] = [
            {"id": id_, "name": name} for id_, name in zip(who.role_ids, who.roles, strict=True)
        ]
        if "nocatalog" not in ctx.query:
            token["catalog"] = catalog.documents(ctx, who)
    return {"token": token}


def log_in(ctx: Context, body: Body) -> Response:
    try:
        token, who = authentication.log_in(ctx, body["auth"])
    except MoreFactorsNeeded as more:
        return _receipt(ctx, more)
    return Response(render(ctx, who), headers={"X-Subject-Token": token})


def _receipt(ctx: Context, more: MoreFactorsNeeded) -> Response:
    """401, with a receipt for the factors that were right."""
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
    """The token in X-Subject-Token, when the caller may ask for it."""
    token = ", ".join(ctx.headers.getlist(SUBJECT))
    if not token:
        raise TokenNotFound("No token in the request")
    try:
        who = tokens.validate(ctx.env, token, grace)
    except Unauthorized:
        raise TokenNotFound from None  # whoever holds a dead token may know that it is dead
    ctx.authorize(rule, {"target.token.user_id": who.user_id})
    if who.access_rules is not None and not _understands_rules(ctx):
        raise TokenNotFound  # a service that would not confine the token must not accept it
    return token, who


def _understands_rules(ctx: Context) -> bool:
    """Whether the caller says that it knows access rules, of version 1.0 or later."""
    try:
        return float(ctx.headers.get(_UNDERSTANDS_RULES, "")) >= 1.0
    except ValueError:
        return False


def _grace(ctx: Context) -> timedelta:
    """How long ago the token may have ended: for services whose work outlasted it."""
    if not as_bool(ctx.query.get("allow_expired", "")):
        return _NO_GRACE
    return timedelta(seconds=ctx.env.settings.of(IdentitySettings).allow_expired_window)


def show(ctx: Context) -> Response:
    token, who = _subject(ctx, "identity:validate_token", _grace(ctx))
    return Response(render(ctx, who), headers={"X-Subject-Token": token})


def check(ctx: Context) -> Response:
    token, _ = _subject(ctx, "identity:check_token", _grace(ctx))
    return Response(None, headers={"X-Subject-Token": token})


def revoke(ctx: Context) -> None:
    """The token and, unless ``?cascade=false``, all tokens that were made from it."""
    _, who = _subject(ctx, "identity:revoke_token")
    revocations.revoke(ctx, audit_id=who.audit_ids[0])
    if is_true(ctx.query.get("cascade", "true")):
        revocations.revoke(ctx, audit_chain_id=who.audit_ids[0])


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
