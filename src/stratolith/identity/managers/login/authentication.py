"""Logging in: proof of identity by one or more factors, then the scope asked for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy import update as sql_update

from stratolith.identity.exceptions import ResourceNotFound
from stratolith.identity.managers import tokens
from stratolith.identity.managers.attributes import in_any_case
from stratolith.identity.managers.login import accounts, factors, lockout, receipts
from stratolith.identity.managers.login.accounts import Account
from stratolith.identity.managers.login.factors import Proof
from stratolith.identity.managers.token_keys import claims
from stratolith.identity.managers.token_keys.claims import Claims
from stratolith.identity.models import Project, Trust
from stratolith.identity.settings import IdentitySettings
from stratolith.kernel.auth import Identity
from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import ApiError, BadRequest, Forbidden, Unauthorized

Body = dict[str, Any]
_PROJECT = select(Project).where(
    Project.domain_id == bindparam("domain"), Project.name == bindparam("name")
)


def log_in(ctx: Context, auth: Body) -> tuple[str, Identity]:
    """(token, identity) for the ``auth`` of a request; raises Unauthorized."""
    proof = prove(ctx, auth["identity"])
    account = proof.account or accounts.enabled(ctx.env, ctx.session, proof.user_id)
    proof = replace(proof, account=account, methods=receipts.check(ctx, account, proof.methods))
    scope = auth.get("scope")
    if proof.parent is not None:
        _check_rescope(proof.parent, scope)
    else:
        if lockout.COUNTED & set(proof.methods):
            lockout.succeeded(ctx, account.user)
        accounts.was_active(ctx, account.user)
    token_claims = new_claims(ctx, proof)
    if proof.application_credential_id:
        if scope is not None:
            raise Unauthorized("Application credentials cannot request a scope.")
        identity = tokens.resolve(ctx.env, ctx.session, token_claims, account)
    elif proof.access_token_id:
        if scope is not None:
            raise Unauthorized("OAuth access tokens cannot request a scope.")
        identity = tokens.resolve(ctx.env, ctx.session, token_claims, account)
    elif scope is None:
        token_claims, identity = _default_scope(ctx, token_claims, account)
    elif "OS-TRUST:trust" in scope:
        token_claims, identity = by_trust(ctx, token_claims, scope["OS-TRUST:trust"]["id"])
    else:
        token_claims = replace(token_claims, **scope_of(ctx, scope))
        identity = tokens.resolve(ctx.env, ctx.session, token_claims, account)
    return token_claims.to_token(claims.ring_of(ctx.env)), identity


def prove(ctx: Context, identity: Body) -> Proof:
    """Check every method of the request; all must prove the same user."""
    proofs = []
    for method in dict.fromkeys(identity["methods"]):
        if method not in identity:
            raise BadRequest(
                f"Expecting to find {method} in identity. The server could not comply with the "
                "request since it is either malformed or otherwise incorrect. The client is "
                "assumed to be in error."
            )
        check = factors.CHECKS.get(method)
        if check is None:
            raise Unauthorized
        proofs.append(check(ctx, identity[method]))
    if not proofs or len({proof.user_id for proof in proofs}) > 1:
        raise Unauthorized
    methods = {m for proof in proofs for m in proof.methods}
    ends = [proof.expires_at for proof in proofs if proof.expires_at is not None]
    return Proof(
        proofs[0].user_id,
        _ordered(methods),
        # if one proof restricts the rights, the result is restricted
        parent=next((proof.parent for proof in proofs if proof.parent), None),
        application_credential_id=next(
            (p.application_credential_id for p in proofs if p.application_credential_id), ""
        ),
        access_token_id=next((p.access_token_id for p in proofs if p.access_token_id), ""),
        expires_at=min(ends) if ends else None,
        account=next((proof.account for proof in proofs if proof.account), None),
    )


def find_domain(ctx: Context, given: Body) -> Project | None:
    if given.get("id") is not None and not given.get("name"):
        domain = ctx.session.get(Project, given["id"])
        return domain if domain is not None and domain.is_domain else None
    if given.get("name") is None:
        raise BadRequest("Expecting to find id or name in domain.")
    for row in ctx.session.identity_map.values():  # usually the user's domain, already loaded
        if isinstance(row, Project) and row.is_domain and row.name == given["name"]:
            return row
    name = given["name"]
    statement = select(Project).where(Project.is_domain, in_any_case(Project.name, name))
    return ctx.session.scalars(statement.order_by((Project.name == name).desc())).first()


# -- scope ---------------------------------------------------------------------------------------


def scope_of(ctx: Context, scope: Any) -> dict[str, Any]:
    """The claims of a scope; raises Unauthorized for what does not exist."""
    if scope == "unscoped" or "unscoped" in scope:
        return {}
    if "system" in scope:
        return {"scope": claims.SYSTEM, "scope_id": "all"}
    if "domain" in scope:
        domain = find_domain(ctx, scope["domain"])
        if domain is None:
            raise Unauthorized
        return {"scope": claims.DOMAIN, "scope_id": domain.id}
    return {"scope": claims.PROJECT, "scope_id": _project_id(ctx, scope["project"])}


def _project_id(ctx: Context, given: Body) -> str:
    if given.get("id") is not None and not given.get("name"):
        return str(given["id"])
    if given.get("name") is None or not given.get("domain"):
        raise BadRequest("Expecting to find domain in project: a project's name needs its domain.")
    domain = find_domain(ctx, given["domain"])
    if domain is None:
        raise Unauthorized
    # load whole rows: later lookups then find them in the session
    values = {"domain": domain.id, "name": given["name"]}
    project = ctx.session.scalars(_PROJECT, values).first()
    if project is None:
        raise Unauthorized
    ctx.session.info["scope"] = project  # a reference keeps the row in the session
    return project.id


def _default_scope(ctx: Context, unscoped: Claims, account: Account) -> tuple[Claims, Identity]:
    """Scope to the user's default project if the user has a role there, else no scope."""
    user = account.user
    if user.default_project_id:
        scoped = replace(unscoped, scope=claims.PROJECT, scope_id=user.default_project_id)
        try:
            return scoped, tokens.resolve(ctx.env, ctx.session, scoped, account)
        except ApiError:
            pass  # no role there, or disabled: the user may still log in without scope
    return unscoped, tokens.resolve(ctx.env, ctx.session, unscoped, account)


def new_claims(ctx: Context, proof: Proof) -> Claims:
    """Claims of an unscoped token, with the longest lifetime that the proof allows."""
    now = ctx.env.clock.now()
    seconds = ctx.env.settings.of(IdentitySettings).token_seconds
    expires = (now + timedelta(seconds=seconds)).replace(microsecond=0)
    audit: tuple[str, ...] = (claims.new_audit_id(),)
    if proof.parent is not None:
        assert proof.parent.expires_at is not None
        expires = proof.parent.expires_at  # a token cannot extend its own lifetime
        audit = (audit[0], proof.parent.audit_ids[-1])
    if proof.expires_at is not None:
        expires = min(expires, proof.expires_at)
    return Claims(
        proof.user_id,
        proof.methods,
        now,
        expires,
        audit_ids=audit,
        application_credential_id=proof.application_credential_id,
        access_token_id=proof.access_token_id,
    )


def _check_rescope(parent: Identity, scope: Any) -> None:
    """Refuse to rescope delegated tokens, and system tokens to projects; raises Forbidden."""
    if claims.is_delegated(parent):
        raise Forbidden("A token of delegated rights cannot be exchanged for another.")
    if parent.system and scope and ("project" in scope or "domain" in scope):
        raise Forbidden(
            "A token with system scope cannot be exchanged for one of a project or a domain."
        )


def by_trust(
    ctx: Context, token_claims: Claims, trust_id: str, *, project_id: str | None = None
) -> tuple[Claims, Identity]:
    """Use a trust once; raises Unauthorized or Forbidden.

    project_id: when given, the trust must be for this project.
    """
    token_claims = replace(token_claims, trust_id=trust_id)
    trust = ctx.session.get(Trust, trust_id)
    if trust is None or trust.remaining_uses == 0:
        raise Unauthorized
    if trust.trustee_user_id != token_claims.user_id:
        raise Forbidden("User is not a trustee.")
    _check_project(ctx, trust)
    if project_id is not None and trust.project_id != project_id:
        raise Unauthorized
    if trust.expires_at is not None:
        if trust.expires_at <= ctx.env.clock.now():
            raise Unauthorized
        token_claims = replace(
            token_claims, expires_at=min(token_claims.expires_at, trust.expires_at)
        )
    try:
        identity = tokens.resolve(ctx.env, ctx.session, token_claims)
    except Unauthorized:
        # the trustor lost a role or was disabled, or the trust expired
        raise Forbidden("The trust does not give these rights any longer.") from None
    if trust.remaining_uses is not None:
        _consume(ctx, trust_id)
    return token_claims, identity


def _check_project(ctx: Context, trust: Trust) -> None:
    """Raises ResourceNotFound for a trust without project, Unauthorized for a disabled one."""
    if trust.project_id is None:
        raise ResourceNotFound(kind="project", id=trust.project_id)
    project = ctx.session.get(Project, trust.project_id)
    if project is None or not project.enabled:
        raise Unauthorized


def _consume(ctx: Context, trust_id: str) -> None:
    """Count a use in a separate transaction; after the last use the trust gives no new tokens."""
    statement = (
        sql_update(Trust)
        .where(Trust.id == trust_id, Trust.remaining_uses > 0)
        .values(remaining_uses=Trust.remaining_uses - 1)
    )
    result = ctx.env.db.run(lambda session: session.execute(statement))
    used: int = result.rowcount  # type: ignore[attr-defined]
    if not used:
        raise Forbidden(f"No remaining uses for trust: {trust_id}.")


def _ordered(methods: Iterable[str]) -> tuple[str, ...]:
    wanted = set(methods)
    return tuple(method for method in claims.METHODS if method in wanted)
