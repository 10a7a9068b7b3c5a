"""Turns the parse tree of oslo.policy into closures.

The library parses the language, but its checks inspect each signature on every call, which takes
longer than the rest of a small request. So the trees of the built-in checks are compiled once.
Source of the semantics: oslo.policy's documentation, "Policy rule expressions" and "Attribute
checks".
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from oslo_policy import _checks

Facts = Mapping[str, Any]
Check = Callable[[Facts, Facts], bool]  # (target, credentials)


class UnknownCheck(Exception):
    """A rule uses a kind of check that this cloud does not offer."""


def compile_check(check: Any, rules: Mapping[str, Any], depth: int = 0) -> Check:
    """A closure with the same result as the parsed check; raises UnknownCheck."""
    if depth > 50:
        raise UnknownCheck("rules refer to each other in a circle")
    kind = type(check).__name__
    if kind == "TrueCheck":
        return lambda target, creds: True
    if kind == "FalseCheck":
        return lambda target, creds: False
    if kind == "NotCheck":
        inner = compile_check(check.rule, rules, depth + 1)
        return lambda target, creds: not inner(target, creds)
    if kind in ("AndCheck", "OrCheck"):
        parts = [compile_check(rule, rules, depth + 1) for rule in check.rules]
        return _all(parts) if kind == "AndCheck" else _any(parts)
    if kind == "RuleCheck":
        if check.match not in rules:
            return lambda target, creds: False
        return compile_check(rules[check.match], rules, depth + 1)
    if kind == "RoleCheck":
        return _role(check.match)
    if isinstance(check, _checks.GenericCheck) and check.kind == "field":
        return _field(check.match)
    if isinstance(check, _checks.GenericCheck):
        return _generic(check.kind, check.match)
    raise UnknownCheck(f"'{check}': checks of kind {kind} are not offered")


def _all(parts: Sequence[Check]) -> Check:
    return lambda target, creds: all(part(target, creds) for part in parts)


def _any(parts: Sequence[Check]) -> Check:
    return lambda target, creds: any(part(target, creds) for part in parts)


@lru_cache(4096)  # many rules have the same checks, and compiling is slow
def _role(match: str) -> Check:
    if "%" not in match:
        wanted = match.lower()
        return lambda target, creds: wanted in [r.lower() for r in creds.get("roles", ())]

    def check(target: Facts, creds: Facts) -> bool:
        try:
            name = (match % target).lower()
        except (KeyError, TypeError):
            return False
        return name in [r.lower() for r in creds.get("roles", ())]

    return check


@lru_cache(4096)
def _generic(kind: str, match: str) -> Check:
    try:
        literal = str(ast.literal_eval(kind))
        is_literal = True
    except (ValueError, SyntaxError):
        literal, is_literal = "", False
    path = kind.split(".")
    written = "%(" not in match  # a literal of the rule, as in "not domain_id:None"

    def check(target: Facts, creds: Facts) -> bool:
        try:
            wanted = match % target
        except (KeyError, TypeError):
            return False
        if is_literal:
            return literal == wanted
        return wanted in _values(creds, path, empty=written)

    return check


def _field(match: str) -> Check:
    """The network service's ``field:networks:shared=True`` and ``field:port:owner=~^x``."""
    name, sep, wanted = match.partition(":")[2].partition("=")
    if not name or not sep:
        raise UnknownCheck(f"'field:{match}' must be field:resource:attribute=value")
    pattern = re.compile(wanted[1:]) if wanted.startswith("~") else None

    def check(target: Facts, creds: Facts) -> bool:
        value = target.get(name)
        if value is None:
            return False
        return bool(pattern.search(str(value))) if pattern else str(value) == wanted

    return check


def _values(creds: Any, path: Sequence[str], *, empty: bool) -> list[str]:
    """The values of the credential at a dotted path, as text; a list in the path means each item.

    An attribute that the token lacks has no value, so it never equals a missing attribute of the
    target. empty: include it as "None", for a rule that compares with the literal None.
    """
    values = [creds]
    for key in path:
        values = [item[key] for item in values if isinstance(item, Mapping) and key in item]
        values = [x for item in values for x in (item if isinstance(item, list) else [item])]
    return [str(item) for item in values if empty or item is not None]
