"""The part of a service definition that does not depend on contexts.

The whole definition is in ``kernel/service.py``. Environment and Context know only this part,
because the rest (functions that run in a context) depends on them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy.orm import Session

from stratolith.kernel.http.routing import EarlyChecks


@dataclass(frozen=True)
class Countable:
    """A resource with a quota; usage is counted from rows, never stored in counters.

    ``default`` is the limit of a project without its own limit, -1 for no limit.
    """

    name: str
    default: int
    count: Callable[[Session, str], int]  # (session, project_id) -> number in use


class Plate(Protocol):
    """``Service`` documents each attribute."""

    @property
    def type(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def port(self) -> int: ...
    @property
    def mount(self) -> str: ...
    @property
    def prefix(self) -> str: ...
    @property
    def endpoint(self) -> str: ...
    @property
    def admin_rule(self) -> str: ...
    @property
    def quotas(self) -> Sequence[Countable]: ...
    @property
    def rule_names(self) -> frozenset[str]: ...
    @property
    def early_checks(self) -> EarlyChecks: ...
    @property
    def garbled_query(self) -> bool: ...
    @property
    def in_catalog(self) -> bool: ...
