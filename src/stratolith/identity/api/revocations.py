"""Revocation events over HTTP, for services that validate tokens themselves (OS-REVOKE)."""

from __future__ import annotations

from typing import Any

from stratolith.identity.api.style import collection
from stratolith.identity.managers import revocations
from stratolith.identity.models import Revocation
from stratolith.kernel.clock import zulu_micro
from stratolith.kernel.context import Context
from stratolith.kernel.http.resource import moment
from stratolith.kernel.http.routing import Route

Body = dict[str, Any]
_NAMES = {
    "user_id": "user_id",
    "project_id": "project_id",
    "domain_id": "domain_id",
    "role_id": "role_id",
    "trust_id": "OS-TRUST:trust_id",
    "audit_id": "audit_id",
    "audit_chain_id": "audit_chain_id",
}


def render(event: Revocation) -> Body:
    shown = {name: getattr(event, column) for column, name in _NAMES.items()}
    document: Body = {name: value for name, value in shown.items() if value is not None}
    document["issued_before"] = zulu_micro(event.issued_before)
    document["revoked_at"] = zulu_micro(event.revoked_at)
    return document


def index(ctx: Context) -> Body:
    since = ctx.query.get("since")
    after = moment(since) if since else None
    events = [
        render(event)
        for event in revocations.read(ctx.session)
        if after is None or event.revoked_at >= after
    ]
    return collection(ctx, "events", events)


ROUTES = [Route.get("/OS-REVOKE/events", index, rule="identity:list_revoke_events")]
