"""Trusts: a user (trustor) lets another (trustee) use some of its roles on a project."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import delete, select

from stratolith.identity.exceptions import Duplicate, ResourceNotFound
from stratolith.identity.managers import effective, projects, role_graph, users
from stratolith.identity.managers.application_credentials import check_each_once, named_role
from stratolith.identity.managers.token_keys import epoch
from stratolith.identity.models import Role, Trust
from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import BadRequest, Forbidden

Values = dict[str, Any]
MOST_REDELEGATIONS = 3


def get(ctx: Context, trust_id: str) -> Trust:
    """Raises ResourceNotFound, also for an expired trust or one without remaining uses."""
    trust = ctx.session.get(Trust, trust_id)
    if trust is None or trust.remaining_uses == 0:
        raise ResourceNotFound(kind="trust", id=trust_id)
    if trust.expires_at is not None and trust.expires_at <= ctx.env.clock.now():
        raise ResourceNotFound(kind="trust", id=trust_id)
    return trust


def create(ctx: Context, values: Values, expires_at: datetime | None) -> Trust:
    """A trust without a project gives no roles and no token.

    Raises BadRequest, Forbidden, NotFound, Duplicate.
    """
    project_id = values.get("project_id") or None
    if project_id and not values.get("roles"):
        raise Forbidden("At least one role should be specified.")
    users.get(ctx, values["trustee_user_id"])
    roles = [named_role(ctx, reference) for reference in values.get("roles") or ()]
    named = _named(ctx, values)
    _check_held(ctx, values["trustor_user_id"], project_id, roles)
    parent = _parent(ctx)
    if parent is not None and expires_at is None:
        expires_at = parent.expires_at
    if expires_at is not None:
        expires_at = expires_at.replace(microsecond=0)
    above = parent or named
    role_ids = [role.id for role in roles]
    check_each_once("trust", "roles", role_ids)
    trust = Trust(
        trustor_user_id=values["trustor_user_id"],
        trustee_user_id=values["trustee_user_id"],
        project_id=project_id,
        impersonation=values["impersonation"],
        role_ids=role_ids,
        expires_at=expires_at,
        remaining_uses=values.get("remaining_uses"),
        redelegation_count=_redelegations(values, parent),
        redelegated_trust_id=above.id if above is not None else None,
        created_at=ctx.env.clock.now(),
    )
    if parent is not None:
        _check_within(parent, trust)
    _check_new(ctx, trust)
    ctx.session.add(trust)
    ctx.session.flush()
    return trust


def _check_new(ctx: Context, trust: Trust) -> None:
    """Raises Duplicate for a second trust of the same users with the same expiry."""
    same = select(Trust.id).where(
        Trust.trustor_user_id == trust.trustor_user_id,
        Trust.trustee_user_id == trust.trustee_user_id,
        Trust.project_id == trust.project_id,
        Trust.impersonation.is_(trust.impersonation),
        Trust.expires_at == trust.expires_at,
    )
    if trust.expires_at is not None and ctx.session.scalars(same.limit(1)).first() is not None:
        raise Duplicate(kind="trust", reason="Duplicate entry.")


def remove(ctx: Context, trust: Trust) -> None:
    """Delete a trust and all trusts redelegated from it."""
    level = [trust.id]
    while level:
        below = list(
            ctx.session.scalars(select(Trust.id).where(Trust.redelegated_trust_id.in_(level)))
        )
        ctx.session.execute(delete(Trust).where(Trust.id.in_(level)))
        level = below
    epoch.touch(ctx)


def _named(ctx: Context, values: Values) -> Trust | None:
    """The trust named by ``redelegated_trust_id``, of the same trustor; raises NotFound."""
    trust_id = values.get("redelegated_trust_id")
    if not trust_id:
        return None
    named = get(ctx, trust_id)
    if named.trustor_user_id != values["trustor_user_id"]:
        raise ResourceNotFound(kind="trust", id=trust_id)
    return named


def _parent(ctx: Context) -> Trust | None:
    """The trust of the caller's token, if any; raises Forbidden if it cannot be redelegated."""
    trust_id = ctx.who.details.get("trust_id")
    if trust_id is None:
        return None
    parent = get(ctx, trust_id)
    if parent.redelegation_count <= 0:
        raise Forbidden("The trust does not allow redelegation, or its depth is used up.")
    return parent


def _redelegations(values: Values, parent: Trust | None) -> int:
    counted = values.get("remaining_uses") is not None
    if counted and values.get("allow_redelegation"):
        raise BadRequest("remaining_uses must not be set if redelegation is allowed")
    if counted and parent is not None:
        raise Forbidden("remaining_uses must not be set when a trust is passed on.")
    if not values.get("allow_redelegation"):
        return 0
    most = MOST_REDELEGATIONS if parent is None else parent.redelegation_count - 1
    wanted = values.get("redelegation_count")
    if parent is not None and wanted and wanted != most:
        raise Forbidden(f"redelegation_count: {most} are left of the trust passed on.")
    if wanted is not None and wanted > most:
        raise Forbidden(f"redelegation_count: at most {most} redelegations are allowed.")
    return most if wanted is None else int(wanted)


def _check_held(ctx: Context, user_id: str, project_id: str | None, roles: list[Role]) -> None:
    """The trustor must hold the roles; a delegated token can pass on only its own roles."""
    held: set[str] = set()
    if project_id is not None:
        project = projects.get(ctx, project_id)
        graph = role_graph.read(ctx.session)
        held = set(graph.closure(effective.on_project(ctx.session, user_id, project)))
        details = ctx.who.details
        if "application_credential" in details or "trust" in details:
            held &= set(ctx.who.role_ids) if ctx.owns(project_id) else set()
    for role in roles:
        if role.id not in held:
            # as upstream: a role that is not held is reported as not found
            raise ResourceNotFound(kind="role", id=role.id)


def _check_within(parent: Trust, trust: Trust) -> None:
    """A redelegated trust cannot exceed its parent; raises Forbidden."""
    if trust.project_id not in (None, parent.project_id) or not set(trust.role_ids) <= set(
        parent.role_ids
    ):
        raise Forbidden("Some of the roles or the project are beyond the trust passed on.")
    if trust.impersonation and not parent.impersonation:
        raise Forbidden("Impersonation is not allowed: the trust passed on does not allow it.")
    if parent.expires_at is not None and (
        trust.expires_at is None or trust.expires_at > parent.expires_at
    ):
        raise Forbidden("The trust would outlive the one it is made from.")
