"""Tokens: validation (cached per epoch) and the looking up of what a token's claims mean."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from stratolith.identity.managers import claims, effective, epoch, revocations, role_graph
from stratolith.identity.managers.claims import Claims
from stratolith.identity.models import Password, Project, User
from stratolith.kernel.auth import Identity
from stratolith.kernel.environment import Environment
from stratolith.kernel.exceptions import Unauthorized

_MOST_CACHED = 20_000


class TokenCache:
    """token -> Identity, all of one epoch."""

    def __init__(self) -> None:
        self.epoch = -1
        self.known: dict[str, Identity] = {}

    def get(self, token: str, at: int) -> Identity | None:
        return self.known.get(token) if self.epoch == at else None

    def put(self, token: str, at: int, identity: Identity) -> None:
        """``at``: the epoch before the database was read."""
        if self.epoch != at or len(self.known) >= _MOST_CACHED:
            self.known = {}
            self.epoch = at
        self.known[token] = identity


def validate(env: Environment, token: str) -> Identity:
    """Who a token speaks for; raises Unauthorized for any token that is not valid now."""
    cache = _cache(env)
    at = epoch.of(env).number
    found = cache.get(token, at)
    if found is None:
        said = claims.from_token(claims.ring_of(env), token)
        if said is None:
            raise Unauthorized
        with env.db.read() as session:
            found = resolve(env, session, said)
        cache.put(token, at, found)
    assert found.expires_at is not None
    if found.expires_at <= env.clock.now():
        raise Unauthorized
    return found


class Authenticator:
    """The kernel's hook."""

    def authenticate(self, env: Environment, token: str) -> Identity:
        return validate(env, token)


def authenticator(env: Environment) -> Authenticator:
    epoch.of(env)
    return Authenticator()


def _cache(env: Environment) -> TokenCache:
    found: TokenCache | None = env.caches.get("identity.tokens")
    if found is None:
        found = env.caches.setdefault("identity.tokens", TokenCache())
    return found


def resolve(env: Environment, session: Session, said: Claims) -> Identity:
    """The identity a token's claims stand for; raises Unauthorized when they hold no longer."""
    if said.expires_at <= env.clock.now():
        raise Unauthorized
    user, domain = enabled_user(session, said.user_id)
    facts: dict[str, Any] = {
        "user_id": user.id,
        "user_name": user.name,
        "user_domain_id": domain.id,
        "user_domain_name": domain.name,
        "methods": said.methods,
        "audit_ids": said.audit_ids,
        "issued_at": said.issued_at,
        "expires_at": said.expires_at,
        "details": {"password_expires_at": password_expiry(session, user.id)},
    }
    facts |= _scope(env, session, said)
    if facts.pop("is_domain", False):
        facts["details"]["is_domain"] = True
    identity = Identity(**facts)
    if revocations.is_revoked(env, identity):
        raise Unauthorized
    return identity


def enabled_user(session: Session, user_id: str) -> tuple[User, Project]:
    """The user and the user's domain; raises Unauthorized unless both are enabled."""
    row = session.execute(
        select(User, Project).join(Project, Project.id == User.domain_id).where(User.id == user_id)
    ).first()
    if row is None or not row[0].enabled or not row[1].enabled:
        raise Unauthorized
    return row[0], row[1]


def password_expiry(session: Session, user_id: str) -> datetime | None:
    statement = select(Password.expires_at).where(Password.user_id == user_id)
    return session.scalars(statement.order_by(Password.id.desc()).limit(1)).first()


def _scope(env: Environment, session: Session, said: Claims) -> dict[str, Any]:
    if said.scope == claims.UNSCOPED:
        return {}
    if said.scope == claims.PROJECT:
        facts, role_ids = _project(session, said)
    elif said.scope == claims.DOMAIN:
        domain = session.get(Project, said.scope_id)
        if domain is None or not domain.is_domain or not domain.enabled:
            raise Unauthorized
        facts = {"domain_id": domain.id, "domain_name": domain.name}
        role_ids = effective.on_domain(session, said.user_id, domain.id)
    else:
        facts = {"system": True}
        role_ids = effective.on_system(session, said.user_id)
    roles = role_graph.cached(env).for_token(role_ids)
    if not roles:
        raise Unauthorized
    facts["role_ids"] = tuple(role_id for role_id, _ in roles)
    facts["roles"] = tuple(name for _, name in roles)
    return facts


def _project(session: Session, said: Claims) -> tuple[dict[str, Any], list[str]]:
    project = session.get(Project, said.scope_id)
    if project is None or not project.enabled:
        raise Unauthorized
    domain = project if project.is_domain else session.get(Project, project.domain_id)
    if domain is None or not domain.enabled:
        raise Unauthorized
    facts: dict[str, Any] = {
        "project_id": project.id,
        "project_name": project.name,
        "project_domain_id": domain.id,
        "project_domain_name": domain.name,
    }
    if project.is_domain:
        facts["is_domain"] = True
    return facts, effective.on_project(session, said.user_id, project)
