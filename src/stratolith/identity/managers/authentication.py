"""Logging in: proof of identity by password or token, then the scope asked for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy import update as sql_update
from sqlalchemy.orm import Session

from stratolith.identity.exceptions import PasswordExpired, TokenNotFound
from stratolith.identity.managers import claims, lockout, passwords, tokens
from stratolith.identity.managers.claims import Claims
from stratolith.identity.models import ApplicationCredential, Password, Project, Trust, User
from stratolith.identity.settings import IdentitySettings
from stratolith.kernel.auth import Identity
from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import ApiError, BadRequest, Forbidden, Unauthorized

Body = dict[str, Any]


@dataclass(frozen=True)
class Proof:
    """Who somebody turned out to be. parent: the token it rests on, if any; expires_at: an end
    that the proof itself has.
    """

    user_id: str
    methods: tuple[str, ...]
    parent: Identity | None = None
    application_credential_id: str = ""
    expires_at: datetime | None = None


def log_in(ctx: Context, auth: Body) -> tuple[str, Identity]:
    """(token, identity) for the ``auth`` of a request; raises Unauthorized."""
    proof = prove(ctx, auth["identity"])
    said = _claims(ctx, proof)
    if proof.parent is not None:
        _check_rescope(proof.parent)
    scope = auth.get("scope")
    if proof.application_credential_id:
        if scope is not None:
            raise Unauthorized("Application credentials cannot request a scope.")
        identity = tokens.resolve(ctx.env, ctx.session, said)
    elif scope is None:
        said, identity = _default_scope(ctx, said)
    elif "OS-TRUST:trust" in scope:
        said, identity = _by_trust(ctx, said, scope["OS-TRUST:trust"]["id"])
    else:
        said = replace(said, **scope_of(ctx, scope))
        identity = tokens.resolve(ctx.env, ctx.session, said)
    return said.to_token(claims.ring_of(ctx.env)), identity


def prove(ctx: Context, identity: Body) -> Proof:
    """Check every method named; all must speak of the same user."""
    proofs = []
    for method in dict.fromkeys(identity["methods"]):
        if method not in identity:
            raise BadRequest(
                f"Expecting to find {method} in identity. The server could not comply with the "
                "request since it is either malformed or otherwise incorrect. The client is "
                "assumed to be in error."
            )
        check = _METHODS.get(method)
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
        # whichever proof confines the rights, confines the whole
        parent=next((proof.parent for proof in proofs if proof.parent), None),
        application_credential_id=next(
            (p.application_credential_id for p in proofs if p.application_credential_id), ""
        ),
        expires_at=min(ends) if ends else None,
    )


# -- methods -------------------------------------------------------------------------------------


def by_password(ctx: Context, body: Body) -> Proof:
    """A wrong password, an unknown user and a disabled one look alike and take as long."""
    given = body["user"]
    user = check_password(ctx, ctx.session, find_user(ctx, given), given["password"])
    row = newest_password(ctx.session, user.id)
    assert row is not None
    if row.expires_at is not None and row.expires_at <= ctx.env.clock.now():
        raise PasswordExpired(user_id=user.id)
    return Proof(user.id, ("password",))


def check_password(ctx: Context, session: Session, user: User | None, password: str) -> User:
    """The user, when the password is right (expired or not); raises Unauthorized.

    ``session`` must be a reading one: the hash takes its time.
    """
    usable = user is not None and not lockout.is_locked(ctx, user)
    row = newest_password(session, user.id) if user is not None and usable else None
    good = passwords.of(ctx.env).verify(password, row.hash if row is not None else None)
    if user is None or not usable or not good:
        if user is not None and usable:
            lockout.failed(ctx, user)
        raise Unauthorized
    lockout.succeeded(ctx, user)
    tokens.enabled_user(session, user.id)
    return user


def newest_password(session: Session, user_id: str) -> Password | None:
    statement = select(Password).where(Password.user_id == user_id)
    return session.scalars(statement.order_by(Password.id.desc()).limit(1)).first()


def by_token(ctx: Context, body: Body) -> Proof:
    try:
        parent = tokens.validate(ctx.env, body["id"])
    except Unauthorized:
        raise TokenNotFound from None  # the real one says 404 here, and clients look for it
    return Proof(parent.user_id, (*parent.methods, "token"), parent)


def by_application_credential(ctx: Context, body: Body) -> Proof:
    """By id, or by name and user; an unknown one takes as long as a wrong secret."""
    found = None
    if body.get("id") is not None:
        found = ctx.session.get(ApplicationCredential, body["id"])
    elif body.get("name") is not None and body.get("user"):
        user = find_user(ctx, body["user"])
        statement = select(ApplicationCredential).where(
            ApplicationCredential.user_id == (user.id if user else ""),
            ApplicationCredential.name == body["name"],
        )
        found = ctx.session.scalars(statement).first()
    else:
        raise BadRequest("application_credential: an id, or a name and a user, is required.")
    hashed = found.secret_hash if found is not None else None
    if not passwords.of(ctx.env).verify(body["secret"], hashed) or found is None:
        raise Unauthorized
    return Proof(
        found.user_id,
        ("application_credential",),
        application_credential_id=found.id,
        expires_at=found.expires_at,
    )


_METHODS = {
    "password": by_password,
    "token": by_token,
    "application_credential": by_application_credential,
}


def find_user(ctx: Context, given: Body) -> User | None:
    """The user of ``{"id"}`` or ``{"name", "domain"}``; raises BadRequest for neither."""
    if given.get("id") is not None:
        return ctx.session.get(User, given["id"])
    if given.get("name") is None or not given.get("domain"):
        raise BadRequest(
            "Expecting to find domain in user. The server could not comply with the request "
            "since it is either malformed or otherwise incorrect. The client is assumed to be "
            "in error."
        )
    domain = find_domain(ctx, given["domain"])
    if domain is None:
        return None
    statement = select(User).where(User.domain_id == domain.id, User.name == given["name"])
    return ctx.session.scalars(statement).first()


def find_domain(ctx: Context, given: Body) -> Project | None:
    if given.get("id") is not None:
        found = ctx.session.get(Project, given["id"])
        return found if found is not None and found.is_domain else None
    if given.get("name") is None:
        raise BadRequest("Expecting to find id or name in domain.")
    statement = select(Project).where(Project.is_domain, Project.name == given["name"])
    return ctx.session.scalars(statement).first()


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
    if given.get("id") is not None:
        return str(given["id"])
    if given.get("name") is None or not given.get("domain"):
        raise BadRequest("Expecting to find domain in project: a project's name needs its domain.")
    domain = find_domain(ctx, given["domain"])
    if domain is None:
        raise Unauthorized
    statement = select(Project.id).where(
        Project.domain_id == domain.id, Project.name == given["name"]
    )
    found = ctx.session.scalars(statement).first()
    if found is None and given["name"] == domain.name:
        found = domain.id  # a domain can act as a project
    if found is None:
        raise Unauthorized
    return found


def _default_scope(ctx: Context, said: Claims) -> tuple[Claims, Identity]:
    """The user's default project when it can be had, else no scope."""
    user = ctx.session.get(User, said.user_id)
    if user is not None and user.default_project_id:
        scoped = replace(said, scope=claims.PROJECT, scope_id=user.default_project_id)
        try:
            return scoped, tokens.resolve(ctx.env, ctx.session, scoped)
        except ApiError:
            pass  # no role there any more, or disabled: the user still may log in
    return said, tokens.resolve(ctx.env, ctx.session, said)


def _claims(ctx: Context, proof: Proof) -> Claims:
    now = ctx.env.clock.now()
    seconds = ctx.env.settings.of(IdentitySettings).token_seconds
    expires = (now + timedelta(seconds=seconds)).replace(microsecond=0)
    audit: tuple[str, ...] = (claims.new_audit_id(),)
    if proof.parent is not None:
        assert proof.parent.expires_at is not None
        expires = proof.parent.expires_at  # a token never lengthens its own life
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
    )


def _check_rescope(parent: Identity) -> None:
    """Delegated rights do not become others; raises Forbidden."""
    if "application_credential" in parent.methods or parent.details.get("trust_id"):
        raise Forbidden("A token of delegated rights cannot be exchanged for another.")


def _by_trust(ctx: Context, said: Claims, trust_id: str) -> tuple[Claims, Identity]:
    """Use a trust once; raises Unauthorized or Forbidden."""
    said = replace(said, trust_id=trust_id)
    trust = ctx.session.get(Trust, trust_id)
    if trust is None or trust.trustee_user_id != said.user_id:
        raise Unauthorized
    if trust.expires_at is not None:
        said = replace(said, expires_at=min(said.expires_at, trust.expires_at))
    try:
        identity = tokens.resolve(ctx.env, ctx.session, said)
    except Unauthorized:
        # the trustor lost a role, was disabled, or the trust is over
        raise Forbidden("The trust does not give these rights any longer.") from None
    if trust.remaining_uses is not None:
        _consume(ctx, trust_id)
    return said, identity


def _consume(ctx: Context, trust_id: str) -> None:
    """Count a use in a transaction of its own; the last one ends the trust for new tokens."""
    with ctx.env.db.write() as session:
        result = session.execute(
            sql_update(Trust)
            .where(Trust.id == trust_id, Trust.remaining_uses > 0)
            .values(remaining_uses=Trust.remaining_uses - 1)
        )
        used: int = result.rowcount  # type: ignore[attr-defined]
    if not used:
        raise Forbidden(f"No remaining uses for trust: {trust_id}.")


def _ordered(methods: Iterable[str]) -> tuple[str, ...]:
    wanted = set(methods)
    return tuple(method for method in claims.METHODS if method in wanted)
