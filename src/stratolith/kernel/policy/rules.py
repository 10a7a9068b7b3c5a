"""A policy rule as data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Rule:
    """``name`` and ``check`` in oslo.policy's language; ``scope`` lists the token scopes that
    may use it ("project", "domain", "system"), empty for any; ``operations`` names the API
    calls it protects, for the documentation.
    """

    name: str
    check: str
    scope: tuple[str, ...] = ()
    description: str = ""
    operations: tuple[str, ...] = ()
