"""Configuration of domains over HTTP: the whole, a group or an option; and the defaults."""

from __future__ import annotations

from typing import Any

from stratolith.identity.api.targets import nothing
from stratolith.identity.managers import domain_config, domains
from stratolith.identity.managers.domain_options import OPTIONS
from stratolith.identity.schemas import domain_config as schemas
from stratolith.kernel.context import Context
from stratolith.kernel.http import Response
from stratolith.kernel.http.routing import Asked, Choice, EarlyChecks, Route

Body = dict[str, Any]


def show(ctx: Context, domain_id: str, group: str | None = None, option: str | None = None) -> Body:
    if group == domain_config.COMPLIANCE:
        domain = domains.get(ctx, domain_id)
        return {"config": domain_config.compliance(ctx, domain, option)}
    return {"config": domain_config.get(ctx, domains.get(ctx, domain_id), group, option)}


def replace(ctx: Context, domain_id: str, body: Body) -> Response:
    domain = domains.get(ctx, domain_id)
    was_new = domain_config.replace(ctx, domain, body["config"])
    # answers omit sensitive options, so the answer may be empty
    shown = {
        group: {name: value for name, value in options.items() if not _is_secret(group, name)}
        for group, options in body["config"].items()
    }
    return Response({"config": shown}, status=201 if was_new else 200)


def _is_secret(group: str, name: str) -> bool:
    return OPTIONS[group][name].sensitive


def update(
    ctx: Context,
    domain_id: str,
    body: Body,
    group: str | None = None,
    option: str | None = None,
) -> Body:
    domain = domains.get(ctx, domain_id)
    return {"config": domain_config.update(ctx, domain, body["config"], group, option)}


def remove(
    ctx: Context, domain_id: str, group: str | None = None, option: str | None = None
) -> None:
    domain_config.remove(ctx, domains.get(ctx, domain_id), group, option)


def defaults(ctx: Context, group: str | None = None, option: str | None = None) -> Body:
    return {"config": domain_config.defaults(group, option)}


def _read_rule(ctx: Context, asked: Asked) -> str:
    """Every user may read the rules for passwords, so they have a policy rule of their own."""
    return _READ_RULES[asked.variables.get("group") == domain_config.COMPLIANCE]


_READ_RULES = ("identity:get_domain_config", "identity:get_security_compliance_domain_config")
_READ = Choice(_READ_RULES, _read_rule)
_OWN = "/domains/{domain_id}/config"
_LEVELS = ("", "/{group}", "/{group}/{option}")

ROUTES = [
    *(
        Route.get(
            f"/domains/config{level}/default", defaults, rule="identity:get_domain_config_default"
        )
        for level in _LEVELS
    ),
    Route.put(
        _OWN,
        replace,
        rule="identity:create_domain_config",
        body=schemas.CONFIG,
        early_checks=EarlyChecks.GRAMMAR,
    ),
]
for level in _LEVELS:
    ROUTES += [
        Route.get(_OWN + level, show, rule=_READ, target=nothing),
        Route.patch(
            _OWN + level,
            update,
            rule="identity:update_domain_config",
            body=schemas.CONFIG,
            early_checks=EarlyChecks.GRAMMAR,
        ),
        Route.delete(_OWN + level, remove, rule="identity:delete_domain_config"),
    ]
