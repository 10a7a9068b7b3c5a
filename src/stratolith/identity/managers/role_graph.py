"""The graph of implied roles and its closure, read once per epoch."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from stratolith.identity.managers.token_keys import epoch
from stratolith.identity.models import ImpliedRole, Role
from stratolith.kernel.caches import Copy
from stratolith.kernel.environment import Environment


@dataclass(frozen=True)
class RoleGraph:
    """names: role id -> name; domains: role id -> domain id ("" global); implies: id -> ids."""

    names: dict[str, str]
    domains: dict[str, str]
    implies: dict[str, tuple[str, ...]]

    def closure(self, role_ids: Iterable[str]) -> list[str]:
        """The given roles and all roles they imply, each once, the given ones first."""
        role_ids_reached = list(dict.fromkeys(role_ids))
        seen = set(role_ids_reached)
        for role_id in role_ids_reached:  # the list grows during the loop
            for implied in self.implies.get(role_id, ()):
                if implied not in seen:
                    seen.add(implied)
                    role_ids_reached.append(implied)
        return role_ids_reached

    def for_token(self, role_ids: Iterable[str]) -> list[tuple[str, str]]:
        """(id, name) of the global roles in the closure; tokens never contain domain roles."""
        return [
            (role_id, self.names[role_id])
            for role_id in self.closure(role_ids)
            if role_id in self.names and not self.domains[role_id]
        ]


def read(session: Session) -> RoleGraph:
    """The graph as this transaction sees it."""
    rows = session.execute(select(Role.id, Role.name, Role.domain_id)).all()
    implies: dict[str, list[str]] = {}
    for prior, implied in session.execute(select(ImpliedRole.prior_id, ImpliedRole.implied_id)):
        implies.setdefault(prior, []).append(implied)
    return RoleGraph(
        {row.id: row.name for row in rows},
        {row.id: row.domain_id for row in rows},
        {prior: tuple(sorted(ids)) for prior, ids in implies.items()},
    )


_GRAPH = Copy(epoch.EPOCHS, read)


def cached(env: Environment) -> RoleGraph:
    """The graph of this epoch; not for transactions that change roles."""
    return _GRAPH.of(env)
