"""Decides whether an identity may do something to a target."""

from __future__ import annotations

import difflib
import itertools
import logging
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import yaml
from oslo_policy import _checks
from oslo_policy import policy as oslo

from stratolith.kernel import files
from stratolith.kernel.auth import Identity
from stratolith.kernel.policy.compiler import Check, UnknownCheck, compile_check
from stratolith.kernel.policy.rules import Rule

# The library logs parse errors with a traceback; here they are raised as exceptions.
logging.getLogger("oslo_policy._parser").setLevel(logging.CRITICAL)


_GENERATIONS = itertools.count(1)


class PolicyError(Exception):
    """policy.yaml cannot be used; the text names the rule."""


@cache
def _parse(text: str) -> Any:
    """The library's parse tree; most rules share a few texts, and parsing is slow.

    Raises ValueError for invalid text, for which the library only logs and returns "never".
    """
    tree = oslo.Rules.from_dict({"rule": text})["rule"]
    nodes = list(_nodes(tree))
    written = text.replace("(", " ").replace(")", " ").split()
    if sum(isinstance(node, _checks.FalseCheck) for node in nodes) > written.count("!"):
        raise ValueError(f"'{text}' is no valid rule")
    return tree


def _nodes(tree: Any) -> Iterable[Any]:
    yield tree
    for below in [*getattr(tree, "rules", ()), *filter(None, [getattr(tree, "rule", None)])]:
        yield from _nodes(below)


class _ServicePolicy:
    """The rules of one service, with the overrides applied; it never changes."""

    def __init__(self, defaults: Iterable[Rule], overrides: Mapping[str, str]) -> None:
        self.defaults = {rule.name: rule for rule in defaults}
        texts = {name: rule.check for name, rule in self.defaults.items()}
        texts.update(overrides)
        parsed = {name: _parsed(name, text) for name, text in texts.items()}
        self.texts = texts
        self._checks: dict[str, Check] = {}
        for name in texts:
            try:
                self._checks[name] = compile_check(parsed[name], parsed)
            except UnknownCheck as error:
                raise PolicyError(f"policy rule '{name}': {error}") from None

    def allows(self, name: str, identity: Identity, target: Mapping[str, Any]) -> bool:
        check = self._checks.get(name)
        if check is None:
            return False  # deny for an unknown rule
        rule = self.defaults.get(name)
        if rule is not None and rule.scope and scope_of(identity) not in rule.scope:
            return False
        return check(target, identity.credentials())


@lru_cache(maxsize=32)
def _service_policy(
    defaults: tuple[Rule, ...], overrides: frozenset[tuple[str, str]]
) -> _ServicePolicy:
    """A file that changes a few services' rules leaves the others' as they are; and processes with
    many clouds (tests) compile once. Raises PolicyError.
    """
    return _ServicePolicy(defaults, dict(overrides))


def _parsed(name: str, text: str) -> Any:
    try:
        return _parse(text)
    except ValueError as error:
        raise PolicyError(f"policy rule '{name}': {error}") from None


class Policies:
    """The policy of all services; overrides come from one policy.yaml.

    A name in the file that a service knows replaces that service's default; any other name is
    an alias that every service's rules may use.
    """

    def __init__(
        self, defaults: Mapping[str, Iterable[Rule]], overrides: Mapping[str, str] | None = None
    ) -> None:
        self._defaults = {service: tuple(rules) for service, rules in defaults.items()}
        self._services: Mapping[str, _ServicePolicy] = {}
        self.generation = 0  # a new number for each set of rules in this process
        self.override(overrides or {})

    def override(self, overrides: Mapping[str, str]) -> None:
        """Apply other overrides; after a PolicyError the rules are unchanged."""
        known = {rule.name for rules in self._defaults.values() for rule in rules}
        _check_names(overrides, known)
        services: dict[str, _ServicePolicy] = {}
        for service, rules in self._defaults.items():
            own = {rule.name for rule in rules}
            applicable = {n: text for n, text in overrides.items() if n in own or n not in known}
            services[service] = _service_policy(rules, frozenset(applicable.items()))
        self._services = services  # atomically: a request sees either the old or the new rules
        self.generation = next(_GENERATIONS)

    def allows(
        self, service: str, name: str, identity: Identity, target: Mapping[str, Any]
    ) -> bool:
        return self._services[service].allows(name, identity, target)

    def texts(self, service: str) -> dict[str, str]:
        """Rule name -> current text of the rule."""
        return dict(self._services[service].texts)


def _check_names(overrides: Mapping[str, str], known: set[str]) -> None:
    """Raises PolicyError for a reference to an unknown rule, and for a name that looks like a
    service's rule but is unknown.

    Names without a colon are allowed: they define aliases for other rules of the file.
    """
    used = " ".join(overrides.values())
    for name, text in overrides.items():
        for node in _nodes(_parsed(name, text)):
            if isinstance(node, _checks.RuleCheck) and node.match not in known | set(overrides):
                raise PolicyError(f"policy rule '{name}': there is no rule '{node.match}'")
        if name in known or f"rule:{name}" in used:
            continue
        close = difflib.get_close_matches(name, known, 1, 0.85)
        if close or ":" in name:
            hint = f"; did you mean '{close[0]}'?" if close else ""
            raise PolicyError(f"policy rule '{name}': no service has such a rule{hint}")


def scope_of(identity: Identity) -> str:
    if identity.system:
        return "system"
    # as in oslo.policy, an unscoped token counts as project-scoped
    return "domain" if identity.domain_id else "project"


def read_overrides(path: Path) -> dict[str, str]:
    """policy.yaml as rule name -> text; empty when there is none; raises PolicyError."""
    if not path.exists():
        return {}
    try:
        document = yaml.safe_load(files.read(path)) or {}
    except (yaml.YAMLError, OSError, ValueError, RecursionError) as error:
        raise PolicyError(f"{path}: {error}") from None
    if not isinstance(document, dict):
        raise PolicyError(f"{path}: must be a mapping of rule names to rules")
    for name, text in document.items():
        if not isinstance(name, str):
            raise PolicyError(f"{path}: rule name {name!r} must be text")
        if not isinstance(text, str):
            raise PolicyError(f"{path}: rule '{name}' must be text")
    return document
