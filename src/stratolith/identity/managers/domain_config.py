"""Configuration of domains: options in groups, validated and stored."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import delete, select

from stratolith.identity.exceptions import DomainConfigNotFound, InvalidDomainConfig
from stratolith.identity.managers.domain_options import OPTIONS
from stratolith.identity.managers.token_keys import sealing
from stratolith.identity.models import DomainOption, Project
from stratolith.identity.settings import IdentitySettings
from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import BadRequest

Config = dict[str, Any]  # group -> option -> value
COMPLIANCE = "security_compliance"


def defaults(group: str | None = None, option: str | None = None) -> Config:
    """The default values; raises InvalidDomainConfig."""
    check_names(group, option)
    shown = {
        name: {
            key: definition.default
            for key, definition in options.items()
            if not definition.sensitive
        }
        for name, options in OPTIONS.items()
    }
    if group is None:
        return shown
    if option is None:
        return {group: shown[group]}
    if option not in shown[group]:
        raise InvalidDomainConfig(reason=f"Option {option} in group {group} is not shown")
    return {option: shown[group][option]}


def get(
    ctx: Context, domain: Project, group: str | None = None, option: str | None = None
) -> Config:
    """The configuration without sensitive options; raises DomainConfigNotFound or
    InvalidDomainConfig.
    """
    check_names(group, option)
    rows = [row for row in _rows(ctx, domain, group, option) if not row.sensitive]
    if not rows:
        raise _missing(domain, group, option)
    if option is not None:
        return {option: rows[0].value}
    config: Config = {}
    for row in rows:
        config.setdefault(row.group, {})[row.option] = row.value
    return config


def compliance(ctx: Context, domain: Project, option: str | None) -> Config:
    """The password rules that users may read; raises InvalidDomainConfig."""
    if domain.id != "default":
        raise InvalidDomainConfig(reason="Only the default domain shows its password rules")
    settings = ctx.env.settings.of(IdentitySettings)
    values = {
        "password_regex": settings.password_regex or None,
        "password_regex_description": settings.password_regex_description or None,
    }
    if option is None:
        return {COMPLIANCE: values}
    if option not in values:
        raise InvalidDomainConfig(reason=f"Only {' and '.join(values)} may be read")
    return {option: values[option]}


def replace(ctx: Context, domain: Project, config: Config) -> bool:
    """Replace the configuration; returns whether there was none before."""
    _check(config)
    was_new = not _rows(ctx, domain)
    _erase(ctx, domain)
    _store(ctx, domain, config)
    return was_new


def update(
    ctx: Context, domain: Project, config: Config, group: str | None, option: str | None
) -> Config:
    """Merge into the configuration; a group or option in the path must exist and match the body.

    Raises DomainConfigNotFound, InvalidDomainConfig, BadRequest.
    """
    check_names(group, option)
    if group is not None and option is not None:
        config = {group: config}
    _check(config)
    if group is not None and list(config) != [group]:
        raise InvalidDomainConfig(reason=f"Only group {group} may be in the request")
    if group is not None and option is not None and list(config[group]) != [option]:
        raise InvalidDomainConfig(reason=f"Only option {option} may be in the request")
    if group is not None and not _rows(ctx, domain, group, option):
        raise _missing(domain, group, option)
    _store(ctx, domain, config)
    return get(ctx, domain)


def remove(ctx: Context, domain: Project, group: str | None, option: str | None) -> None:
    """Raises DomainConfigNotFound for a group or option that is not set."""
    check_names(group, option)
    if group is not None and not _rows(ctx, domain, group, option):
        raise _missing(domain, group, option)
    _erase(ctx, domain, group, option)


def check_names(group: str | None, option: str | None) -> None:
    """Raises InvalidDomainConfig for a group or option that domains cannot have."""
    if group is None:
        return
    if group not in OPTIONS:
        raise InvalidDomainConfig(
            reason=f"Group {group} is not supported for domain specific configurations"
        )
    if option is not None and option not in OPTIONS[group]:
        raise InvalidDomainConfig(
            reason=f"Option {option} in group {group} is not supported for domain specific "
            "configurations"
        )


def _check(config: Config) -> None:
    if not config:
        raise InvalidDomainConfig(reason="No options specified")
    for group, options in config.items():
        check_names(group, None)
        if not isinstance(options, dict) or not options:
            raise InvalidDomainConfig(
                reason=f"The value of group {group} should be a dictionary of options"
            )
        for option, value in options.items():
            check_names(group, option)
            problem = OPTIONS[group][option].problem(value)
            if problem:
                raise BadRequest(f"config.{group}.{option}: {problem}.")


def _rows(
    ctx: Context, domain: Project, group: str | None = None, option: str | None = None
) -> list[DomainOption]:
    statement = select(DomainOption).where(DomainOption.domain_id == domain.id)
    if group is not None:
        statement = statement.where(DomainOption.group == group)
    if option is not None:
        statement = statement.where(DomainOption.option == option)
    ordered = statement.order_by(DomainOption.group, DomainOption.option)
    return list(ctx.session.scalars(ordered))


def _store(ctx: Context, domain: Project, config: Config) -> None:
    for group, options in config.items():
        for option, value in options.items():
            sensitive = OPTIONS[group][option].sensitive
            if sensitive:
                value = sealing.encrypted(ctx.env, msgspec.json.encode(value).decode())
            row = DomainOption(
                domain_id=domain.id, group=group, option=option, value=value, sensitive=sensitive
            )
            ctx.session.merge(row)
    ctx.session.flush()


def _erase(
    ctx: Context, domain: Project, group: str | None = None, option: str | None = None
) -> None:
    statement = delete(DomainOption).where(DomainOption.domain_id == domain.id)
    if group is not None:
        statement = statement.where(DomainOption.group == group)
    if option is not None:
        statement = statement.where(DomainOption.option == option)
    ctx.session.execute(statement)


def _missing(domain: Project, group: str | None, option: str | None) -> DomainConfigNotFound:
    what = "any options"
    if group is not None:
        what = f"group {group}" if option is None else f"option {option} in group {group}"
    return DomainConfigNotFound(what=what, id=domain.id)
