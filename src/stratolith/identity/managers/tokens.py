"""Tokens: validation (cached per epoch) and the lookup of the identity for a token's claims."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from stratolith.identity.managers import effective, revocations, role_graph
from stratolith.identity.managers.login import accounts
from stratolith.identity.managers.login.accounts import Account
from stratolith.identity.managers.token_keys import claims, epoch
from stratolith.identity.managers.token_keys.claims import Claims
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
# Allowed for every token, independent of its access rules: validate a token
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
    """The identity of a token; raises Unauthorized for a token that is not valid now.

    grace: accept a token this long after its expiry, if it is valid otherwise.
    """
    cache = CACHE.of(env)
    at = epoch.of(env).number
    identity = cache.get(token, at)
    if identity is not None and _has_ended(env, identity) and grace:
        identity = None  # check again whether a delegation expired too
    if identity is None:
        token_claims = claims.from_token(claims.ring_of(env), token)
        if token_claims is None:
            raise Unauthorized
        with env.db.read() as session:
            identity = resolve(env, session, token_claims, grace=grace)
        cache.put(token, at, identity)
    if _has_ended(env, identity, grace):
        raise Unauthorized
    return identity


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
    token_claims: Claims,
    account: Account | None = None,
    *,
    grace: timedelta = _NONE,
) -> Identity:
    """The identity for a token's claims; raises Unauthorized when they are no longer valid.

    ``account``: of the claims' user, if it was read in this transaction and is enabled.
    ``grace``: as for ``validate``. It does not apply to the expiry of a trust, as upstream.
    """
    if token_claims.expires_at + grace <= env.clock.now():
        raise Unauthorized
    if account is None:
        account = accounts.enabled(env, session, token_claims.user_id)
    user, domain = account.user, account.domain
    facts: dict[str, Any] = {
        "user_id": user.id,
        "user_name": user.name,
        "user_domain_id": domain.id,
        "user_domain_name": domain.name,
        "methods": token_claims.methods,
        "audit_ids": token_claims.audit_ids,
        "issued_at": token_claims.issued_at,
        "expires_at": token_claims.expires_at,
        "details": {"password_expires_at": account.password_expires_at},
    }
    if token_claims.application_credential_id:
        _add_application_credential(env, session, token_claims, facts, grace)
    elif token_claims.trust_id:
        _add_trust(env, session, token_claims, facts)
    elif token_claims.access_token_id:
        _add_access_token(env, session, token_claims, facts, grace)
    else:
        facts |= _scope(env, session, token_claims)
    identity = Identity(**facts)
    if revocations.is_revoked(env, identity):
        raise Unauthorized
    return identity


def _scope(env: Environment, session: Session, token_claims: Claims) -> dict[str, Any]:
    if token_claims.scope == claims.UNSCOPED:
        return {}
    if token_claims.scope == claims.PROJECT:
        facts, role_ids = _project(session, token_claims)
    elif token_claims.scope == claims.DOMAIN:
        domain = session.get(Project, token_claims.scope_id)
        if domain is None or not domain.is_domain or not domain.enabled:
            raise Unauthorized
        facts = {"domain_id": domain.id, "domain_name": domain.name}
        role_ids = effective.on_domain(session, token_claims.user_id, domain.id)
    else:
        facts = {"system": True}
        role_ids = effective.on_system(session, token_claims.user_id)
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
    """The project and the delegated roles; raises Unauthorized if the user lost one of them."""
    project_claims = Claims(
        user_id,
        (),
        env.clock.now(),
        env.clock.now(),
        scope=claims.PROJECT,
        scope_id=project_id,
    )
    facts, held = _project(session, project_claims)
    graph = role_graph.cached(env)
    if not role_ids or not set(role_ids) <= set(graph.closure(held)):
        raise Unauthorized
    return facts, role_ids


def _add_application_credential(
    env: Environment,
    session: Session,
    token_claims: Claims,
    facts: dict[str, Any],
    grace: timedelta,
) -> None:
    credential = session.get(ApplicationCredential, token_claims.application_credential_id)
    if credential is None or credential.user_id != token_claims.user_id:
        raise Unauthorized
    if credential.expires_at is not None and credential.expires_at + grace <= env.clock.now():
        raise Unauthorized
    place, role_ids = _delegated_roles(
        env, session, credential.user_id, credential.project_id, credential.role_ids
    )
    facts |= place | _roles(env, role_ids)
    document: dict[str, Any] = {
        "id": credential.id,
        "name": credential.name,
        "restricted": not credential.unrestricted,
    }
    if credential.access_rule_ids is not None:
        rows = [session.get(AccessRuleRow, rule_id) for rule_id in credential.access_rule_ids]
        rules = [row for row in rows if row is not None]
        given = tuple(AccessRule(r.service, r.method, r.path) for r in rules)
        facts["access_rules"] = (*given, _VALIDATES)
        document["access_rules"] = [
            {"id": r.id, "service": r.service, "path": r.path, "method": r.method} for r in rules
        ]
    facts["details"]["application_credential"] = document


def _add_access_token(
    env: Environment,
    session: Session,
    token_claims: Claims,
    facts: dict[str, Any],
    grace: timedelta,
) -> None:
    access_token = session.get(AccessToken, token_claims.access_token_id)
    if access_token is None or access_token.authorizing_user_id != token_claims.user_id:
        raise Unauthorized
    if access_token.expires_at is not None and access_token.expires_at + grace <= env.clock.now():
        raise Unauthorized
    place, role_ids = _delegated_roles(
        env,
        session,
        access_token.authorizing_user_id,
        access_token.project_id,
        access_token.role_ids,
    )
    facts |= place | _roles(env, role_ids)
    document = {"access_token_id": access_token.id, "consumer_id": access_token.consumer_id}
    facts["details"]["oauth1"] = document


def _add_trust(
    env: Environment, session: Session, token_claims: Claims, facts: dict[str, Any]
) -> None:
    trust = session.get(Trust, token_claims.trust_id)
    if trust is None or trust.trustee_user_id != token_claims.user_id or trust.project_id is None:
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
    """Every trust from which this one was redelegated must be valid; raises Unauthorized."""
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


def _project(session: Session, token_claims: Claims) -> tuple[dict[str, Any], list[str]]:
    """Facts and role ids for a project scope; a domain is refused, although it is a Project row."""
    project = session.get(Project, token_claims.scope_id)
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
    return facts, effective.on_project(session, token_claims.user_id, project)
