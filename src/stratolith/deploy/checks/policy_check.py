"""`stratolith policy check USER ACTION TARGET`: whether the user may do it, and why."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from oslo_policy import policy as oslo
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from stratolith import server
from stratolith.deploy.errors import DeployError
from stratolith.identity.managers import tokens
from stratolith.identity.managers.login import accounts
from stratolith.identity.managers.token_keys import claims
from stratolith.identity.managers.token_keys.claims import Claims
from stratolith.identity.models import Project
from stratolith.kernel.auth import Identity
from stratolith.kernel.config import Settings
from stratolith.kernel.environment import Environment
from stratolith.kernel.exceptions import Unauthorized
from stratolith.kernel.policy.compiler import compile_check
from stratolith.kernel.policy.enforcer import PolicyError, scope_of
from stratolith.kernel.service import Service, plates

ALLOWED, DENIED = 0, 1
Facts = Mapping[str, Any]


@dataclass(frozen=True)
class Question:
    """target: ``name=value`` pairs; empty: the user's own project; project: its name; "":
    the project with the user's name; domain: a scope instead of a project.
    """

    user: str
    action: str
    target: Sequence[str] = ()
    project: str = ""
    domain: str = ""
    system: bool = False
    user_domain: str = "Default"


def check(settings: Settings, question: Question) -> int:
    """Print the answer and its reasons; raises DeployError for what does not exist."""
    place = settings.database_url.removeprefix("sqlite:///")
    if place != settings.database_url and not Path(place).exists():
        raise DeployError("This cloud has no database yet.", "start it once: stratolith up")
    env = _environment(settings)
    try:
        service = _service(env, question.action)
        with env.db.read() as session:
            identity = _identity(env, session, question)
        target = _target(question.target, identity)
        print("\n".join(explain(env, service, question.action, identity, target)))
        allowed = env.policies.allows(service.type, question.action, identity, target)
        return ALLOWED if allowed else DENIED
    except DBAPIError as error:
        raise DeployError(
            f"The database cannot be read: {error.orig}", "start the cloud once: stratolith up"
        ) from None
    finally:
        env.db.dispose()


def _environment(settings: Settings) -> Environment:
    try:
        return server.make_environment(settings)
    except PolicyError as error:
        raise DeployError(f"The policy cannot be used: {error}.") from None


def explain(
    env: Environment, service: Service, action: str, identity: Identity, target: Facts
) -> Iterator[str]:
    """Lines of text: the answer, the user, the target, and the result of each part of the rule."""
    allowed = env.policies.allows(service.type, action, identity, target)
    yield f"{'allowed' if allowed else 'denied'}: {action} ({service.type})"
    yield f"  user {identity.user_name}, {_place(identity)}, roles {', '.join(identity.roles)}"
    shown = ", ".join(f"{name}={value}" for name, value in target.items())
    yield f"  target {shown or 'nothing'}"
    texts = env.policies.texts(service.type)
    default = next((rule for rule in service.policies if rule.name == action), None)
    if default is not None and default.check != texts[action]:
        yield "  the rule comes from policy.yaml"
    if default is not None and default.scope and scope_of(identity) not in default.scope:
        yield (
            f"  no   the token has {scope_of(identity)} scope; the action needs "
            f"{' or '.join(default.scope)} scope"
        )
    rules = oslo.Rules.from_dict(texts)
    yield from _parts(rules[action], rules, target, identity.credentials(), 1)


def _parts(
    node: Any, rules: Mapping[str, Any], target: Facts, facts: Facts, depth: int
) -> Iterator[str]:
    """A line for this part of the rule, then the lines of its own parts."""
    kind = type(node).__name__
    holds = compile_check(node, rules)(target, facts)
    words = {"AndCheck": "all of", "OrCheck": "any of", "NotCheck": "not"}
    text = words.get(kind, str(node))
    if kind == "TrueCheck":
        text = "anybody"
    elif kind == "FalseCheck":
        text = "nobody"
    yield f"{'  ' * depth}{'yes' if holds else 'no':4} {text}"
    below: Sequence[Any] = ()
    if kind in ("AndCheck", "OrCheck"):
        below = node.rules
    elif kind == "NotCheck":
        below = [node.rule]
    elif kind == "RuleCheck" and node.match in rules:
        below = [rules[node.match]]
    for part in below:
        yield from _parts(part, rules, target, facts, depth + 1)


def _service(env: Environment, action: str) -> Service:
    known: list[str] = []
    for service in plates(env):
        texts = env.policies.texts(service.type)
        if action in texts:
            return service
        known += texts
    close = difflib.get_close_matches(action, known, 3)
    fix = f"did you mean {' or '.join(close)}?" if close else "docs/ lists the actions"
    raise DeployError(f"No service has a policy rule '{action}'.", fix)


def _identity(env: Environment, session: Session, question: Question) -> Identity:
    account = accounts.by_name(session, question.user, {"name": question.user_domain})
    if account is None:
        raise DeployError(
            f"There is no user '{question.user}' in domain {question.user_domain}.",
            "`openstack user list` shows them",
        )
    scope, scope_id = _scope(session, question, account.domain.id)
    now = env.clock.now()
    user_claims = Claims(
        account.user.id, ("password",), now, now + timedelta(minutes=1), scope, scope_id
    )
    try:
        return tokens.resolve(env, session, user_claims)
    except Unauthorized:
        raise DeployError(
            f"User '{question.user}' cannot log in there: it is disabled or has no role.",
            "`openstack role assignment list --names` shows who has which",
        ) from None


def _scope(session: Session, question: Question, domain_id: str) -> tuple[int, str]:
    if question.system:
        return claims.SYSTEM, "all"
    if question.domain:
        project = session.scalars(
            select(Project).where(Project.is_domain, Project.name == question.domain)
        ).first()
        kind, name = claims.DOMAIN, question.domain
    else:
        name = question.project or question.user
        project = session.scalars(
            select(Project).where(Project.domain_id == domain_id, Project.name == name)
        ).first()
        kind = claims.PROJECT
    if project is None:
        raise DeployError(
            f"There is no {'domain' if question.domain else 'project'} '{name}'.",
            "name one with --project or --domain, or use --system",
        )
    return kind, project.id


def _target(pairs: Sequence[str], identity: Identity) -> dict[str, Any]:
    if not pairs:
        own = identity.project_id
        return {"project_id": own, "tenant_id": own, "user_id": identity.user_id}
    target: dict[str, Any] = {}
    for pair in (item for text in pairs for item in text.split(",")):
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise DeployError(
                f"'{pair}' is no target.", "write name=value, for instance project_id=ID"
            )
        target[name] = value
    if "project_id" in target:
        target.setdefault("tenant_id", target["project_id"])
    return target


def _place(identity: Identity) -> str:
    if identity.system:
        return "system"
    if identity.domain_id:
        return f"domain {identity.domain_name}"
    return f"project {identity.project_name}"
