"""Tokens: validation (cached per epoch) and the looking up of what a token's claims mean."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from stratolith.identity.managers import (
    accounts,
    claims,
    effective,
    epoch,
    revocations,
    role_graph,
)
from stratolith.identity.managers.accounts import Account
from stratolith.identity.managers.claims import Claims
from stratolith.identity.models import (
    AccessRuleRow,
    AccessToken,
    ApplicationCredential,
    Project,
    Trust,
)
from stratolith.kernel.auth import AccessRule, Identity
from stratolith.kernel.caches import Once
from stratolith.kernel.environment import Environment
from stratolith.kernel.exceptions import Unauthorized

_MOST_CACHED = 20_000
# What every token may ask, whatever its access rules: whether a token is valid
_VALIDATES = AccessRule("identity", "GET", "/v3/auth/tokens")
_NONE = timedelta(0)


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


CACHE = Once(lambda env: TokenCache())


def validate(env: Environment, token: str, grace: timedelta = _NONE) -> Identity:
    """Who a token speaks for; raises Unauthorized for any token that is not valid now.

    grace: so long after its end a token is still taken for valid, if nothing but time ended it.
    """
    cache = CACHE.of(env)
    at = epoch.of(env).number
    found = cache.get(token, at)
    if found is not None and _has_ended(env, found) and grace:
        found = None  # what was kept does not know whether more than the token has ended
    if found is None:
        said = claims.from_token(claims.ring_of(env), token)
        if said is None:
            raise Unauthorized
        with env.db.read() as session:
            found = resolve(env, session, said, grace=grace)
        cache.put(token, at, found)
    if _has_ended(env, found, grace):
        raise Unauthorized
    return found


def _has_ended(env: Environment, identity: Identity, grace: timedelta = _NONE) -> bool:
    assert identity.expires_at is not None
    return identity.expires_at + grace <= env.clock.now()


class Authenticator:
    """The kernel's hook."""

    def __init__(self, env: Environment) -> None:
        self._env = env

    def authenticate(self, token: str) -> Identity:
        return validate(self._env, token)


def authenticator(env: Environment) -> Authenticator:
    epoch.of(env)
    return Authenticator(env)


def resolve(
    env: Environment,
    session: Session,
    said: Claims,
    account: Account | None = None,
    *,
    grace: timedelta = _NONE,
) -> Identity:
    """The identity a token's claims stand for; raises Unauthorized when they hold no longer.

    ``account``: of the claims' user, when it was read (and found enabled) in this transaction.
    ``grace``: as for ``validate``. A trust has none, as upstream: it ends when it says.
    """
    if said.expires_at + grace <= env.clock.now():
        raise Unauthorized
    if account is None:
        account = accounts.enabled(env, session, said.user_id)
    user, domain = account.user, account.domain
    facts: dict[str, Any] = {
        "user_id": user.id,
        "user_name": user.name,
        "user_domain_id": domain.id,
        "user_domain_name": domain.name,
        "methods": said.methods,
        "audit_ids": said.audit_ids,
        "issued_at": said.issued_at,
        "expires_at": said.expires_at,
        "details": {"password_expires_at": account.password_expires_at},
    }
    if said.application_credential_id:
        _add_application_credential(env, session, said, facts, grace)
    elif said.trust_id:
        _add_trust(env, session, said, facts)
    elif said.access_token_id:
        _add_access_token(env, session, said, facts, grace)
    else:
        facts |= _scope(env, session, said)
    identity = Identity(**facts)
    if revocations.is_revoked(env, identity):
        raise Unauthorized
    return identity


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
    facts |= _roles(env, role_ids)
    return facts


def _roles(env: Environment, role_ids: Iterable[str]) -> dict[str, Any]:
    """Raises Unauthorized: a scope without any role is no scope."""
    roles = role_graph.cached(env).for_token(role_ids)
    if not roles:
        raise Unauthorized
    return {
        "role_ids": tuple(role_id for role_id, _ in roles),
        "roles": tuple(name for _, name in roles),
    }


def _delegated_roles(
    env: Environment, session: Session, user_id: str, project_id: str, role_ids: list[str]
) -> tuple[dict[str, Any], list[str]]:
    """The project and the delegated roles; void as a whole once the user lost one of them."""
    said = Claims(
        user_id,
        (),
        env.clock.now(),
        env.clock.now(),
        scope=claims.PROJECT,
        scope_id=project_id,
    )
    facts, held = _project(session, said)
    graph = role_graph.cached(env)
    if not role_ids or not set(role_ids) <= set(graph.closure(held)):
        raise Unauthorized
    return facts, role_ids


def _add_application_credential(
    env: Environment, session: Session, said: Claims, facts: dict[str, Any], grace: timedelta
) -> None:
    found = session.get(ApplicationCredential, said.application_credential_id)
    if found is None or found.user_id != said.user_id:
        raise Unauthorized
    if found.expires_at is not None and found.expires_at + grace <= env.clock.now():
        raise Unauthorized
    place, role_ids = _delegated_roles(
        env, session, found.user_id, found.project_id, found.role_ids
    )
    facts |= place | _roles(env, role_ids)
    document: dict[str, Any] = {
        "id": found.id,
        "name": found.name,
        "restricted": not found.unrestricted,
    }
    if found.access_rule_ids is not None:
        rows = [session.get(AccessRuleRow, rule_id) for rule_id in found.access_rule_ids]
        rules = [row for row in rows if row is not None]
        given = tuple(AccessRule(r.service, r.method, r.path) for r in rules)
        facts["access_rules"] = (*given, _VALIDATES)
        document["access_rules"] = [
            {"id": r.id, "service": r.service, "path": r.path, "method": r.method} for r in rules
        ]
    facts["details"]["application_credential"] = document


def _add_access_token(
    env: Environment, session: Session, said: Claims, facts: dict[str, Any], grace: timedelta
) -> None:
    found = session.get(AccessToken, said.access_token_id)
    if found is None or found.authorizing_user_id != said.user_id:
        raise Unauthorized
    if found.expires_at is not None and found.expires_at + grace <= env.clock.now():
        raise Unauthorized
    place, role_ids = _delegated_roles(
        env, session, found.authorizing_user_id, found.project_id, found.role_ids
    )
    facts |= place | _roles(env, role_ids)
    document = {"access_token_id": found.id, "consumer_id": found.consumer_id}
    facts["details"]["oauth1"] = document


def _add_trust(env: Environment, session: Session, said: Claims, facts: dict[str, Any]) -> None:
    trust = session.get(Trust, said.trust_id)
    if trust is None or trust.trustee_user_id != said.user_id or trust.project_id is None:
        raise Unauthorized
    if trust.expires_at is not None and trust.expires_at <= env.clock.now():
        raise Unauthorized
    _check_chain(env, session, trust)
    giver = accounts.enabled(env, session, trust.trustor_user_id)
    trustor, domain = giver.user, giver.domain
    place, role_ids = _delegated_roles(
        env, session, trust.trustor_user_id, trust.project_id, trust.role_ids
    )
    facts |= place | _roles(env, role_ids)
    if trust.impersonation:
        facts |= {
            "user_id": trustor.id,
            "user_name": trustor.name,
            "user_domain_id": domain.id,
            "user_domain_name": domain.name,
        }
    facts["details"] |= {
        "trust_id": trust.id,
        "trust": {
            "id": trust.id,
            "trustor_user": {"id": trust.trustor_user_id},
            "trustee_user": {"id": trust.trustee_user_id},
            "impersonation": trust.impersonation,
        },
    }


def _check_chain(env: Environment, session: Session, trust: Trust) -> None:
    """A trust that was passed on is worth what all those above it are; raises Unauthorized."""
    seen = {trust.id}
    above_id = trust.redelegated_trust_id
    while above_id is not None and above_id not in seen:
        seen.add(above_id)
        above = session.get(Trust, above_id)
        if above is None or above.project_id is None:
            raise Unauthorized
        if above.expires_at is not None and above.expires_at <= env.clock.now():
            raise Unauthorized
        for user_id in (above.trustor_user_id, above.trustee_user_id):
            accounts.enabled(env, session, user_id)
        _delegated_roles(env, session, above.trustor_user_id, above.project_id, above.role_ids)
        above_id = above.redelegated_trust_id


def _project(session: Session, said: Claims) -> tuple[dict[str, Any], list[str]]:
    """A domain is no project to be entered, though its row is one: its roles are for its users."""
    project = session.get(Project, said.scope_id)
    if project is None or project.is_domain or not project.enabled:
        raise Unauthorized
    domain = session.get(Project, project.domain_id)
    if domain is None or not domain.enabled:
        raise Unauthorized
    facts: dict[str, Any] = {
        "project_id": project.id,
        "project_name": project.name,
        "project_domain_id": domain.id,
        "project_domain_name": domain.name,
    }
    return facts, effective.on_project(session, said.user_id, project)
