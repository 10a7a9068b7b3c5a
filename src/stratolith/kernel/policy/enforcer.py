"""Decides whether an identity may do something to a target."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from oslo_policy import policy as oslo

from stratolith.kernel.auth import Identity
from stratolith.kernel.policy.compiler import Check, UnknownCheck, compile_check
from stratolith.kernel.policy.rules import Rule


class PolicyError(Exception):
    """policy.yaml cannot be used; the text names the rule."""


@cache
def _parse(text: str) -> Any:
    """The library's parse tree; most rules share a few texts, and parsing is slow."""
    return oslo.Rules.from_dict({"rule": text})["rule"]


class _ServicePolicy:
    """The rules of one service, with the overrides laid over them."""

    def __init__(self, defaults: Iterable[Rule], overrides: Mapping[str, str]) -> None:
        self.defaults = {rule.name: rule for rule in defaults}
        texts = {name: rule.check for name, rule in self.defaults.items()}
        texts.update(overrides)
        parsed = {name: _parse(text) for name, text in texts.items()}
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
            return False  # an unknown rule protects something; never guess
        rule = self.defaults.get(name)
        if rule is not None and rule.scope and scope_of(identity) not in rule.scope:
            return False
        return check(target, identity.credentials())


class Policies:
    """The policy of all services; overrides come from one policy.yaml.

    A name in the file that a service knows replaces that service's default; any other name is
    an alias that every service's rules may use.
    """

    def __init__(
        self, defaults: Mapping[str, Iterable[Rule]], overrides: Mapping[str, str] | None = None
    ) -> None:
        overrides = dict(overrides or {})
        known = {rule.name for rules in defaults.values() for rule in rules}
        self._services: dict[str, _ServicePolicy] = {}
        for service, rules in defaults.items():
            own = {rule.name for rule in rules}
            mine = {n: text for n, text in overrides.items() if n in own or n not in known}
            self._services[service] = _ServicePolicy(rules, mine)

    def allows(
        self, service: str, name: str, identity: Identity, target: Mapping[str, Any]
    ) -> bool:
        return self._services[service].allows(name, identity, target)

    def texts(self, service: str) -> dict[str, str]:
        """Rule name -> rule as it is in force."""
        return dict(self._services[service].texts)


def scope_of(identity: Identity) -> str:
    if identity.system:
        return "system"
    # as oslo.policy has it, a token without any scope counts as one with project scope
    return "domain" if identity.domain_id else "project"


def read_overrides(path: Path) -> dict[str, str]:
    """policy.yaml as rule name -> text; empty when there is none; raises PolicyError."""
    if not path.exists():
        return {}
    try:
        document = yaml.safe_load(path.read_text()) or {}
    except yaml.YAMLError as error:
        raise PolicyError(f"{path}: {error}") from None
    if not isinstance(document, dict):
        raise PolicyError(f"{path}: must be a mapping of rule names to rules")
    for name, text in document.items():
        if not isinstance(text, str):
            raise PolicyError(f"{path}: rule '{name}' must be text")
    return document
