"""Application credentials and the access rules that may restrict them."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from stratolith.identity.exceptions import Duplicate, NotAllowed, ResourceNotFound
from stratolith.identity.managers import effective, role_graph
from stratolith.identity.managers.attributes import flush_unique, taken
from stratolith.identity.managers.token_keys import epoch
from stratolith.identity.models import AccessRuleRow, ApplicationCredential, Project, Role
from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import BadRequest, NotFound

Values = dict[str, Any]


@dataclass(frozen=True)
class Secret:
    """A secret, hashed before the transaction begins; ``text`` is shown once."""

    text: str
    hash: str


def new_secret() -> str:
    return secrets.token_urlsafe(64)


def get(ctx: Context, user_id: str, credential_id: str) -> ApplicationCredential:
    """Raises ResourceNotFound."""
    credential = ctx.session.get(ApplicationCredential, credential_id)
    if credential is None or credential.user_id != user_id:
        raise ResourceNotFound(kind="Application Credential", id=credential_id)
    return credential


def create(
    ctx: Context, values: Values, secret: Secret, expires_at: datetime | None
) -> ApplicationCredential:
    """Create one for the token's user and project, with (some of) its roles; raises Duplicate,
    BadRequest, NotFound.
    """
    identity = ctx.who
    credential = ApplicationCredential(
        name=values["name"],
        user_id=identity.user_id,
        project_id=identity.project_id,
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


def remove_invalid(ctx: Context, user_ids: Iterable[str] | None = None) -> None:
    """Remove the credentials with a role that their user no longer has on the project.

    Must be called after every removal of roles, in the same transaction. Otherwise such a
    credential would work again as soon as the role is granted again.
    user_ids: the users to check; None: all users.
    """
    graph = role_graph.read(ctx.session)
    held: dict[tuple[str, str], set[str]] = {}
    is_changed = False
    for credential in _credentials_of(ctx, user_ids):
        place = (credential.user_id, credential.project_id)
        if place not in held:
            project = ctx.session.get(Project, credential.project_id)
            direct = (
                effective.on_project(ctx.session, credential.user_id, project) if project else []
            )
            held[place] = set(graph.closure(direct))
        if not set(credential.role_ids) <= held[place]:
            ctx.session.delete(credential)
            is_changed = True
    if is_changed:
        ctx.session.flush()
        epoch.touch(ctx)


def _credentials_of(ctx: Context, user_ids: Iterable[str] | None) -> list[ApplicationCredential]:
    if user_ids is None:
        return list(ctx.session.scalars(select(ApplicationCredential)))
    ids = list(user_ids)
    credentials: list[ApplicationCredential] = []
    for at in range(0, len(ids), 500):
        of_some = ApplicationCredential.user_id.in_(ids[at : at + 500])
        credentials += ctx.session.scalars(select(ApplicationCredential).where(of_some))
    return credentials


def roles_of(ctx: Context, role_ids: Sequence[str]) -> list[Role]:
    roles = {
        role.id: role for role in ctx.session.scalars(select(Role).where(Role.id.in_(role_ids)))
    }
    return [roles[role_id] for role_id in role_ids if role_id in roles]


def _role_ids(ctx: Context, given: list[Values] | None) -> list[str]:
    """The requested roles and the roles they imply; the token must have all of them. Without a
    request: all roles of the token.
    """
    held = list(ctx.who.role_ids)
    if not given:
        return held
    wanted = [
        reference["id"] if reference.get("id") else named_role(ctx, reference).id
        for reference in given
    ]
    check_each_once("application_credential", "roles", wanted)
    role_ids = role_graph.read(ctx.session).closure(wanted)
    for role_id in role_ids:
        if role_id not in held:
            raise BadRequest(
                "Invalid application credential: Could not find role assignment with role: "
                f"{role_id}, user or group: {ctx.user_id}, project, domain, or system: "
                f"{ctx.project_id}."
            )
    return role_ids


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
    """Raises Duplicate when a list of a request has an entry twice, as upstream."""
    if len(set(ids)) < len(ids):
        twice = next(id_ for id_ in ids if ids.count(id_) > 1)
        raise Duplicate(kind=kind, reason=f"{field} has the same entry twice: {twice}.")


# -- access rules --------------------------------------------------------------------------------


def get_rule(ctx: Context, user_id: str, rule_id: str) -> AccessRuleRow:
    """Raises ResourceNotFound."""
    rule = ctx.session.get(AccessRuleRow, rule_id)
    if rule is None or rule.user_id != user_id:
        raise ResourceNotFound(kind="Access Rule", id=rule_id)
    return rule


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
    """Ids of existing or new rules; a rule equal to an existing one is not created again.

    None and an empty list mean no restriction: the openstack client sends an empty list when
    the user gives no rules.
    """
    if not given:
        return None
    rule_ids = [_rule(ctx, item).id for item in given]
    check_each_once("application_credential", "access_rules", rule_ids)
    return rule_ids


def _rule(ctx: Context, given: Values) -> AccessRuleRow:
    if "id" in given:
        return get_rule(ctx, ctx.user_id, given["id"])
    missing = [name for name in ("service", "path", "method") if name not in given]
    if missing:
        raise BadRequest(f"access_rules: {missing[0]} is missing.")
    wanted = {name: given[name] for name in ("service", "path", "method")}
    statement = select(AccessRuleRow).filter_by(user_id=ctx.user_id, **wanted)
    rule = ctx.session.scalars(statement).first()
    if rule is None:
        newest = select(func.max(AccessRuleRow.number)).filter_by(user_id=ctx.user_id)
        number = (ctx.session.scalar(newest) or 0) + 1
        rule = AccessRuleRow(user_id=ctx.user_id, number=number, **wanted)
        ctx.session.add(rule)
        ctx.session.flush()
    return rule
