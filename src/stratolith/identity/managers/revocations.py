"""Revocation events: each revokes the matching tokens issued up to a moment.

Roles, enabled flags and existence are checked at validation, so they need no event. Events exist
for single tokens, chains of tokens, and all tokens of a user, project or domain before a moment.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from stratolith.identity.managers.token_keys import epoch
from stratolith.identity.models import Revocation
from stratolith.identity.settings import IdentitySettings
from stratolith.kernel.auth import Identity
from stratolith.kernel.caches import Copy
from stratolith.kernel.context import Context
from stratolith.kernel.environment import Environment


def revoke(ctx: Context, **match: str | None) -> None:
    """Revoke every token issued until now that matches all values (columns of Revocation).

    audit_chain_id is used alone: all tokens of that chain, whenever they were issued.
    """
    now = ctx.env.clock.now()
    ctx.session.add(Revocation(**match, issued_before=now, revoked_at=now))
    # no token lives longer, so older events match nothing
    keep = timedelta(seconds=ctx.env.settings.of(IdentitySettings).longest_token_seconds + 3600)
    ctx.session.execute(delete(Revocation).where(Revocation.revoked_at < now - keep))
    epoch.touch(ctx)


def read(session: Session) -> list[Revocation]:
    return list(session.scalars(select(Revocation).order_by(Revocation.revoked_at)))


_EVENTS = Copy(epoch.EPOCHS, read)


def is_revoked(env: Environment, identity: Identity) -> bool:
    """Whether any event matches the token of this identity."""
    return any(_matches(event, identity) for event in _EVENTS.of(env))


def _matches(event: Revocation, identity: Identity) -> bool:
    if event.audit_chain_id is not None:
        # at any time: a login that began before this event may issue its token after it
        return bool(identity.audit_ids) and event.audit_chain_id == identity.audit_ids[-1]
    if identity.issued_at is None or identity.issued_at > event.issued_before:
        return False
    if event.user_id is not None and event.user_id not in _users(identity):
        return False
    if event.project_id is not None and event.project_id != identity.project_id:
        return False
    if event.role_id is not None and event.role_id not in identity.role_ids:
        return False
    if event.trust_id is not None and event.trust_id != identity.details.get("trust_id"):
        return False
    if event.domain_id is not None and event.domain_id not in (
        identity.domain_id,
        identity.user_domain_id,
        identity.project_domain_id,
    ):
        return False
    return event.audit_id is None or event.audit_id == identity.audit_ids[0]


def _users(identity: Identity) -> tuple[str, ...]:
    """Ids of the users of a token; for a trust both trustor and trustee."""
    trust = identity.details.get("trust")
    if not trust:
        return (identity.user_id,)
    return trust["trustor_user"]["id"], trust["trustee_user"]["id"]
