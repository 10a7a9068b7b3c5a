"""Application credentials and the access rules they may be confined to."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from stratolith.identity.exceptions import Duplicate, NotAllowed, ResourceNotFound
from stratolith.identity.managers import effective, epoch, role_graph
from stratolith.identity.managers.attributes import flush_unique, taken
from stratolith.identity.models import AccessRuleRow, ApplicationCredential, Project, Role
from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import BadRequest, NotFound

Values = dict[str, Any]


@dataclass(frozen=True)
class Secret:
    """Hashed before the transaction began; ``text`` is shown once."""

    text: str
    hash: str


def new_secret() -> str:
    return secrets.token_urlsafe(64)


def get(ctx: Context, user_id: str, credential_id: str) -> ApplicationCredential:
    """Raises ResourceNotFound."""
    found = ctx.session.get(ApplicationCredential, credential_id)
    if found is None or found.user_id != user_id:
        raise ResourceNotFound(kind="Application Credential", id=credential_id)
    return found


def create(
    ctx: Context, values: Values, secret: Secret, expires_at: datetime | None
) -> ApplicationCredential:
    """For the user, project and (some of the) roles of the token; raises Duplicate,
    BadRequest, NotFound.
    """
    who = ctx.who
    credential = ApplicationCredential(
        name=values["name"],
        user_id=who.user_id,
        project_id=who.project_id,
        description=values.get("description"),
        secret_hash=secret.hash,
        role_ids=_role_ids(ctx, values.get("roles")),
        expires_at=expires_at,
        unrestricted=bool(values.get("unrestricted")),
        access_rule_ids=_rule_ids(ctx, values.get("access_rules")),
    )
    ctx.session.add(credential)
    flush_unique(ctx, "application_credential", taken(credential.name))
    return credential


def remove(ctx: Context, credential: ApplicationCredential) -> None:
    ctx.session.delete(credential)
    ctx.session.flush()
    epoch.touch(ctx)


def end_void(ctx: Context, user_ids: Iterable[str] | None = None) -> None:
    """Remove the credentials that hold a role which their user has on the project no longer.

    For whatever takes roles away; to be called after it, in the same transaction. Otherwise such
    a credential would work again as soon as somebody grants the role again.
    user_ids: whose; None: anybody's.
    """
    graph = role_graph.read(ctx.session)
    held: dict[tuple[str, str], set[str]] = {}
    gone = False
    for credential in _credentials_of(ctx, user_ids):
        place = (credential.user_id, credential.project_id)
        if place not in held:
            project = ctx.session.get(Project, credential.project_id)
            mine = effective.on_project(ctx.session, credential.user_id, project) if project else []
            held[place] = set(graph.closure(mine))
        if not set(credential.role_ids) <= held[place]:
            ctx.session.delete(credential)
            gone = True
    if gone:
        ctx.session.flush()
        epoch.touch(ctx)


def _credentials_of(ctx: Context, user_ids: Iterable[str] | None) -> list[ApplicationCredential]:
    if user_ids is None:
        return list(ctx.session.scalars(select(ApplicationCredential)))
    ids = list(user_ids)
    found: list[ApplicationCredential] = []
    for at in range(0, len(ids), 500):
        of_some = ApplicationCredential.user_id.in_(ids[at : at + 500])
        found += ctx.session.scalars(select(ApplicationCredential).where(of_some))
    return found


def roles_of(ctx: Context, role_ids: Sequence[str]) -> list[Role]:
    found = {
        role.id: role for role in ctx.session.scalars(select(Role).where(Role.id.in_(role_ids)))
    }
    return [found[role_id] for role_id in role_ids if role_id in found]


def _role_ids(ctx: Context, given: list[Values] | None) -> list[str]:
    """The roles asked for with all that they imply, each of which the token must have; all of the
    token's by default.
    """
    held = list(ctx.who.role_ids)
    if not given:
        return held
    wanted = [one["id"] if one.get("id") else named_role(ctx, one).id for one in given]
    check_each_once("application_credential", "roles", wanted)
    found = role_graph.read(ctx.session).closure(wanted)
    for role_id in found:
        if role_id not in held:
            raise BadRequest(
                "Invalid application credential: Could not find role assignment with role: "
                f"{role_id}, user or group: {ctx.user_id}, project, domain, or system: "
                f"{ctx.project_id}."
            )
    return found


def named_role(ctx: Context, given: Values) -> Role:
    """The role of ``{"id"}`` or ``{"name"}``; raises BadRequest, NotFound."""
    if given.get("id"):
        role = ctx.session.get(Role, given["id"])
    elif given.get("name"):
        statement = select(Role).where(Role.name == given["name"], Role.domain_id == "")
        role = ctx.session.scalars(statement).first()
    else:
        raise BadRequest("roles: each needs an id or a name.")
    if role is None:
        raise NotFound(f"Role {given.get('id') or given['name']} is not defined")
    return role


def check_each_once(kind: str, field: str, ids: list[str]) -> None:
    """Raises Duplicate for a list of a request that has an entry twice, as upstream."""
    if len(set(ids)) < len(ids):
        twice = next(one for one in ids if ids.count(one) > 1)
        raise Duplicate(kind=kind, reason=f"{field} has the same entry twice: {twice}.")


# -- access rules --------------------------------------------------------------------------------


def get_rule(ctx: Context, user_id: str, rule_id: str) -> AccessRuleRow:
    """Raises ResourceNotFound."""
    found = ctx.session.get(AccessRuleRow, rule_id)
    if found is None or found.user_id != user_id:
        raise ResourceNotFound(kind="Access Rule", id=rule_id)
    return found


def remove_rule(ctx: Context, rule: AccessRuleRow) -> None:
    """Raises NotAllowed while a credential uses it."""
    statement = select(ApplicationCredential.access_rule_ids).where(
        ApplicationCredential.user_id == rule.user_id
    )
    if any(rule.id in (ids or ()) for ids in ctx.session.scalars(statement)):
        raise NotAllowed("May not delete access rule in use")
    ctx.session.delete(rule)


def rules_of(ctx: Context, rule_ids: Sequence[str]) -> dict[str, AccessRuleRow]:
    rows = select(AccessRuleRow).where(AccessRuleRow.id.in_(rule_ids))
    return {rule.id: rule for rule in ctx.session.scalars(rows)}


def _rule_ids(ctx: Context, given: list[Values] | None) -> list[str] | None:
    """Rules by id, or new ones; equal ones are the same rule.

    None confines nothing, and neither does an empty list: the openstack client sends one for
    every credential that it was given no rules for.
    """
    if not given:
        return None
    found = [_rule(ctx, one).id for one in given]
    check_each_once("application_credential", "access_rules", found)
    return found


def _rule(ctx: Context, given: Values) -> AccessRuleRow:
    if "id" in given:
        return get_rule(ctx, ctx.user_id, given["id"])
    missing = [name for name in ("service", "path", "method") if name not in given]
    if missing:
        raise BadRequest(f"access_rules: {missing[0]} is missing.")
    wanted = {name: given[name] for name in ("service", "path", "method")}
    statement = select(AccessRuleRow).filter_by(user_id=ctx.user_id, **wanted)
    found = ctx.session.scalars(statement).first()
    if found is None:
        newest = select(func.max(AccessRuleRow.number)).filter_by(user_id=ctx.user_id)
        number = (ctx.session.scalar(newest) or 0) + 1
        found = AccessRuleRow(user_id=ctx.user_id, number=number, **wanted)
        ctx.session.add(found)
        ctx.session.flush()
    return found
