"""Property protections: who may create, read, update and delete custom properties.

A file in the INI format: each section is a regular expression for names of properties, and has
the keys create, read, update and delete. Their values are roles, separated by commas, or one
rule of policy.yaml; ``@`` allows all users and ``!`` none. The first matching section applies;
a property that matches no section is forbidden to all. Source: the Image service's guide, "Property
protections".
"""

from __future__ import annotations

import configparser
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from stratolith.image.exceptions import PropertyProtected
from stratolith.image.settings import ImageSettings
from stratolith.kernel import files
from stratolith.kernel.caches import Once
from stratolith.kernel.config import ConfigError
from stratolith.kernel.context import Context
from stratolith.kernel.environment import Environment

OPERATIONS = ("create", "read", "update", "delete")
EVERYBODY, NOBODY = "@", "!"


@dataclass(frozen=True)
class _Section:
    names: re.Pattern[str]
    allowed: Mapping[str, tuple[str, ...]]  # operation -> roles, or one rule


class PropertyRules:
    """The rules of one file."""

    def __init__(self, sections: list[_Section], *, by_policy: bool) -> None:
        self._sections = sections
        self._by_policy = by_policy

    def allows(self, ctx: Context, name: str, operation: str) -> bool:
        section = next((item for item in self._sections if item.names.search(name)), None)
        if section is None:
            return False
        allowed = section.allowed[operation]
        if NOBODY in allowed:
            return False
        if EVERYBODY in allowed:
            return True
        if self._by_policy:
            return any(ctx.can(rule) for rule in allowed)
        return bool({role.lower() for role in ctx.who.roles} & {item.lower() for item in allowed})


def read(path: Path, *, by_policy: bool) -> PropertyRules:
    """Raises ConfigError."""
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(files.read(path))
        sections = [_section(parser, name, by_policy) for name in parser.sections()]
    except (OSError, configparser.Error, re.error, ValueError) as error:
        raise ConfigError(f"image.property_protection_file: {path}: {error}") from None
    return PropertyRules(sections, by_policy=by_policy)


def _section(parser: configparser.ConfigParser, name: str, by_policy: bool) -> _Section:
    allowed = {}
    for operation in OPERATIONS:
        words = tuple(w.strip() for w in parser.get(name, operation).split(",") if w.strip())
        if by_policy and len(words) > 1:
            raise ValueError(f"[{name}] {operation} must name one rule")
        if EVERYBODY in words and NOBODY in words:
            raise ValueError(f"[{name}] {operation} cannot be both {EVERYBODY} and {NOBODY}")
        allowed[operation] = words
    return _Section(re.compile(name), allowed)


def of(env: Environment) -> PropertyRules | None:
    """The rules of this cloud, None when no properties are protected; raises ConfigError."""
    return _RULES.of(env)


def _read(env: Environment) -> PropertyRules | None:
    section = env.settings.of(ImageSettings)
    if not section.property_protection_file:
        return None
    by_policy = section.property_protection_rule_format == "policies"
    return read(Path(section.property_protection_file), by_policy=by_policy)


_RULES = Once(_read)


def readable(ctx: Context, properties: Mapping[str, str]) -> dict[str, str]:
    """The properties that the caller may read."""
    rules = of(ctx.env)
    if rules is None or ctx.identity is None:
        return dict(properties)
    return {name: text for name, text in properties.items() if rules.allows(ctx, name, "read")}


def check(ctx: Context, before: Mapping[str, str], after: Mapping[str, str]) -> None:
    """Raises PropertyProtected unless the caller may change ``before`` to ``after``."""
    rules = of(ctx.env)
    if rules is None or ctx.identity is None:
        return
    for name in sorted({*before, *after}):
        if before.get(name) == after.get(name):
            continue
        operation = "update" if name in before and name in after else "create"
        if name not in after:
            operation = "delete"
        if not rules.allows(ctx, name, operation):
            raise PropertyProtected(name=name)
