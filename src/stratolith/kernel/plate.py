"""What everybody may ask of a service: the part of its door plate that names no context.

The whole plate is ``kernel/service.py``. An Environment and a Context know this part only, because
the rest of a plate (what runs in a context) is made of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy.orm import Session

from stratolith.kernel.http.routing import Judged


@dataclass(frozen=True)
class Countable:
    """A resource with a quota; usage is counted from rows, never kept in counters.

    ``default`` is the limit of a project that has none of its own, -1 for no limit.
    """

    name: str
    default: int
    count: Callable[[Session, str], int]  # (session, project_id) -> how many are in use


class Plate(Protocol):
    """Each is explained at ``Service``."""

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
    def judged_first(self) -> Judged: ...
    @property
    def garbled_query(self) -> bool: ...
    @property
    def in_catalog(self) -> bool: ...
