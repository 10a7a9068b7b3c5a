"""Roles and implied roles."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, or_, select

from stratolith.identity.exceptions import NotAllowed, ResourceNotFound
from stratolith.identity.managers import application_credentials, domains, role_graph
from stratolith.identity.managers.attributes import (
    check_mutable,
    extra_of,
    flush_unique,
    merge_extra,
    merge_options,
    taken,
)
from stratolith.identity.managers.token_keys import epoch
from stratolith.identity.models import Assignment, ImpliedRole, Role
from stratolith.kernel import events
from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import BadRequest, Conflict

Values = dict[str, Any]
KNOWN = ("name", "domain_id", "description", "options")
# a role that implied admin could make users administrators by mistake
NEVER_IMPLIED = ("admin",)


def get(ctx: Context, role_id: str) -> Role:
    """Raises ResourceNotFound."""
    role = ctx.session.get(Role, role_id)
    if role is None:
        raise ResourceNotFound(kind="role", id=role_id)
    return role


def by_name(ctx: Context, name: str, domain_id: str = "") -> Role:
    """Raises ResourceNotFound."""
    statement = select(Role).where(Role.name == name, Role.domain_id == domain_id)
    role = ctx.session.scalars(statement).first()
    if role is None:
        raise ResourceNotFound(kind="role", id=name)
    return role


def create(ctx: Context, values: Values) -> Role:
    """Raises ResourceNotFound for the domain, Duplicate."""
    domain_id = values.get("domain_id") or ""
    if domain_id:
        domains.get(ctx, domain_id)
    role = Role(
        name=values["name"],
        domain_id=domain_id,
        description=values.get("description"),
        options=merge_options({}, values.get("options")),
        extra=extra_of(values, KNOWN),
    )
    ctx.session.add(role)
    flush_unique(ctx, "role", taken(role.name, domain_id))
    return role


def update(ctx: Context, role: Role, values: Values) -> Role:
    """Raises BadRequest, NotAllowed, Duplicate."""
    check_mutable("role", role, values)
    if "domain_id" in values and (values["domain_id"] or "") != role.domain_id:
        raise BadRequest("Update of `domain_id` is not allowed.")
    if "name" in values:
        role.name = values["name"]
    if "description" in values:
        role.description = values["description"]
    role.options = merge_options(role.options, values.get("options"))
    role.extra = merge_extra(role.extra, values, KNOWN)
    flush_unique(ctx, "role", taken(role.name, role.domain_id))
    epoch.touch(ctx)
    return role


def remove(ctx: Context, role: Role) -> None:
    """Delete a role and its assignments; raises NotAllowed."""
    check_mutable("role", role)
    ctx.session.execute(delete(Assignment).where(Assignment.role_id == role.id))
    ctx.session.execute(
        delete(ImpliedRole).where(
            or_(ImpliedRole.prior_id == role.id, ImpliedRole.implied_id == role.id)
        )
    )
    ctx.session.delete(role)
    ctx.session.flush()
    application_credentials.remove_invalid(ctx)
    events.emit(ctx, "identity.role.deleted", {"id": role.id})
    epoch.touch(ctx)


# -- implied roles -------------------------------------------------------------------------------


def implied(ctx: Context, prior: Role) -> list[Role]:
    statement = select(Role).join(ImpliedRole, ImpliedRole.implied_id == Role.id)
    return list(
        ctx.session.scalars(statement.where(ImpliedRole.prior_id == prior.id).order_by(Role.id))
    )


def inferences(ctx: Context) -> list[tuple[Role, list[Role]]]:
    """(role, implied roles) for every role that implies others."""
    roles = {role.id: role for role in ctx.session.scalars(select(Role))}
    implied_by: dict[str, list[Role]] = {}
    pairs = select(ImpliedRole.prior_id, ImpliedRole.implied_id)
    for prior_id, implied_id in ctx.session.execute(
        pairs.order_by(ImpliedRole.prior_id, ImpliedRole.implied_id)
    ):
        implied_by.setdefault(prior_id, []).append(roles[implied_id])
    return [(roles[prior_id], below) for prior_id, below in implied_by.items()]


def get_implication(ctx: Context, prior: Role, other: Role) -> ImpliedRole:
    """Raises ResourceNotFound."""
    implication = ctx.session.get(ImpliedRole, (prior.id, other.id))
    if implication is None:
        raise ResourceNotFound(f"{prior.id} does not imply {other.id}.")
    return implication


def imply(ctx: Context, prior: Role, other: Role) -> None:
    """Raises NotAllowed, BadRequest (a circle), Conflict (implied already)."""
    if other.name in NEVER_IMPLIED and not other.domain_id:
        raise NotAllowed(f"{other.id} cannot be an implied role.")
    if other.domain_id and not prior.domain_id:
        raise NotAllowed("A global role cannot imply a role of a domain.")
    if ctx.session.get(ImpliedRole, (prior.id, other.id)) is not None:
        raise Conflict(f"{prior.id} implies {other.id} already.")
    if prior.id in role_graph.read(ctx.session).closure([other.id]):
        raise BadRequest(f"{other.id} implies {prior.id} already: that would be a circle.")
    ctx.session.add(ImpliedRole(prior_id=prior.id, implied_id=other.id))
    ctx.session.flush()
    epoch.touch(ctx)


def remove_implied(ctx: Context, prior: Role, other: Role) -> None:
    """Raises ResourceNotFound."""
    ctx.session.delete(get_implication(ctx, prior, other))
    ctx.session.flush()
    application_credentials.remove_invalid(ctx)
    epoch.touch(ctx)
