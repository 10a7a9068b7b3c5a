"""Application credentials and access rules over HTTP."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from stratolith.identity.api.delegation import refuse_application_credentials
from stratolith.identity.api.filters import text_filters
from stratolith.identity.api.style import collection, page_of
from stratolith.identity.managers import application_credentials as manager
from stratolith.identity.managers import users
from stratolith.identity.managers.application_credentials import Secret
from stratolith.identity.managers.login import passwords
from stratolith.identity.models import AccessRuleRow, ApplicationCredential
from stratolith.identity.schemas import application_credentials as schemas
from stratolith.kernel.clock import naive_micro, parse_time
from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import BadRequest
from stratolith.kernel.http.resource import Listing
from stratolith.kernel.http.routing import Asked, Route

Body = dict[str, Any]

CREDENTIALS = Listing(
    ApplicationCredential,
    filters=text_filters("name", ApplicationCredential.name),
    default_sort=[("id", "asc")],
)
RULES = Listing(
    AccessRuleRow,
    filters={
        **text_filters("service", AccessRuleRow.service),
        **text_filters("path", AccessRuleRow.path),
        **text_filters("method", AccessRuleRow.method),
    },
    sort_keys={"number": AccessRuleRow.number},
    default_sort=[("number", "asc"), ("id", "asc")],
)


def _target(user_id: str) -> Body:
    return {"user_id": user_id, "target.user.id": user_id}


def _of_user(ctx: Context, asked: Asked) -> Body:
    return _target(asked.variables["user_id"])


# A UTC date with a time of day; another time zone is refused, as upstream
_MOMENT = re.compile(r"\d{4}-?\d{2}-?\d{2}[ T]\d{2}(:?\d{2}(:?\d{2}([.,]\d{1,9})?)?)?Z?", re.ASCII)


def moment_of(ctx: Context, text: str | None, name: str = "expires_at") -> datetime | None:
    """Parse a time in the future; raises BadRequest."""
    if text is None:
        return None
    try:
        if not _MOMENT.fullmatch(text):
            raise ValueError
        moment = parse_time(text)
    except (ValueError, OverflowError):
        raise BadRequest(
            f"{name}: Timestamp not in expected format: '{text}' is not a date with a time of day "
            "in UTC, such as 2030-12-31T00:00:00Z."
        ) from None
    if moment <= ctx.env.clock.now():
        raise BadRequest(f"The '{name}' must not be before now.")
    return moment


# -- application credentials ---------------------------------------------------------------------


def _url(ctx: Context, user_id: str) -> str:
    return f"{ctx.base_url}/v3/users/{user_id}/application_credentials"


def render_many(ctx: Context, credentials: Sequence[ApplicationCredential]) -> list[Body]:
    role_ids = [i for credential in credentials for i in credential.role_ids]
    roles = {role.id: role for role in manager.roles_of(ctx, role_ids)}
    rule_ids = [i for credential in credentials for i in credential.access_rule_ids or ()]
    rules = manager.rules_of(ctx, rule_ids)
    shown = []
    for credential in credentials:
        document: Body = {
            "id": credential.id,
            "name": credential.name,
            "description": credential.description,
            "user_id": credential.user_id,
            "project_id": credential.project_id,
            "system": None,
            "expires_at": naive_micro(credential.expires_at),
            "unrestricted": credential.unrestricted,
            "roles": [
                {
                    "id": role.id,
                    "name": role.name,
                    "domain_id": role.domain_id or None,
                    "description": role.description,
                    "options": role.options,
                }
                for role in (roles[i] for i in credential.role_ids if i in roles)
            ],
            "links": {"self": f"{_url(ctx, credential.user_id)}/{credential.id}"},
        }
        if credential.access_rule_ids is not None:
            document["access_rules"] = [
                _rule_document(rules[i]) for i in credential.access_rule_ids if i in rules
            ]
        shown.append(document)
    return shown


def index(ctx: Context, user_id: str) -> Body:
    refuse_application_credentials(ctx)
    users.get(ctx, user_id)
    statement = select(ApplicationCredential).where(ApplicationCredential.user_id == user_id)
    page = page_of(ctx, CREDENTIALS, statement)
    return collection(ctx, "application_credentials", render_many(ctx, page.rows), page)


def _admitted(
    ctx: Context, verb: str, user_id: str, credential_id: str, *, change: bool = False
) -> ApplicationCredential:
    """The credential, if the caller may access it; raises Forbidden before NotFound.

    The policy checks the owner of the credential. The user in the path counts only when the
    credential does not exist.
    """
    credential = ctx.session.get(ApplicationCredential, credential_id)
    owner = credential.user_id if credential is not None else user_id
    ctx.authorize(f"identity:{verb}_application_credential", _target(owner))
    refuse_application_credentials(ctx, change=change)
    return manager.get(ctx, owner, credential_id)


def show(ctx: Context, user_id: str, credential_id: str) -> Body:
    credential = _admitted(ctx, "get", user_id, credential_id)
    return {"application_credential": render_many(ctx, [credential])[0]}


def create(ctx: Context, user_id: str, body: Body) -> Body:
    refuse_application_credentials(ctx, change=True)
    if not ctx.project_id:
        raise BadRequest("An application credential needs a token with project scope.")
    values = body["application_credential"]
    expires_at = moment_of(ctx, values.get("expires_at"))
    text = values.get("secret") or manager.new_secret()
    secret = Secret(text, passwords.of(ctx.env).hash(text))  # before the transaction begins
    made = manager.create(ctx, values, secret, expires_at)
    shown = render_many(ctx, [made])[0]
    return {"application_credential": {**shown, "secret": secret.text}}


def remove(ctx: Context, user_id: str, credential_id: str) -> None:
    manager.remove(ctx, _admitted(ctx, "delete", user_id, credential_id, change=True))


# -- access rules --------------------------------------------------------------------------------


def _rule_document(rule: AccessRuleRow) -> Body:
    return {"id": rule.id, "service": rule.service, "path": rule.path, "method": rule.method}


def _render_rule(ctx: Context, rule: AccessRuleRow) -> Body:
    links = {"self": f"{ctx.base_url}/v3/users/{rule.user_id}/access_rules/{rule.id}"}
    return {**_rule_document(rule), "links": links}


def list_rules(ctx: Context, user_id: str) -> Body:
    refuse_application_credentials(ctx)
    statement = select(AccessRuleRow).where(AccessRuleRow.user_id == user_id)
    page = page_of(ctx, RULES, statement)
    return collection(ctx, "access_rules", [_render_rule(ctx, rule) for rule in page.rows], page)


def show_rule(ctx: Context, user_id: str, rule_id: str) -> Body:
    refuse_application_credentials(ctx)
    return {"access_rule": _render_rule(ctx, manager.get_rule(ctx, user_id, rule_id))}


def remove_rule(ctx: Context, user_id: str, rule_id: str) -> None:
    refuse_application_credentials(ctx, change=True)
    manager.remove_rule(ctx, manager.get_rule(ctx, user_id, rule_id))


_ALL = "/users/{user_id}/application_credentials"
_RULES = "/users/{user_id}/access_rules"


def _asks(rule: str) -> dict[str, Any]:
    return {"rule": f"identity:{rule}", "target": _of_user}


ROUTES = [
    Route.get(_ALL, index, **_asks("list_application_credentials"), listing=CREDENTIALS),
    Route.post(
        _ALL,
        create,
        **_asks("create_application_credential"),
        body=schemas.CREATE,
        status=201,
    ),
    Route.get(_ALL + "/{credential_id}", show),
    Route.delete(_ALL + "/{credential_id}", remove),
    Route.get(_RULES, list_rules, **_asks("list_access_rules"), listing=RULES),
    Route.get(_RULES + "/{rule_id}", show_rule, **_asks("get_access_rule")),
    Route.delete(_RULES + "/{rule_id}", remove_rule, **_asks("delete_access_rule")),
]
