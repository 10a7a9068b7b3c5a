"""The epoch: a number that grows with every write that can matter to a validated token.

Caches of identity (validated tokens, catalogue, role graph) keep the epoch they were filled in
and are void in any other. Within a process the epoch moves right after the commit, before
the answer is sent. Other processes learn by a hint; on SQLite there are none (one server works
on a state directory), and with PostgreSQL the hint bus carries it (issue 3).
"""

from __future__ import annotations

import itertools

from stratolith.kernel.context import Context
from stratolith.kernel.environment import Environment

HINT = "identity.epoch"
_NAME = "identity.epoch"


class Epoch:
    """``number`` only ever grows."""

    def __init__(self) -> None:
        self._counter = itertools.count(1)
        self.number = 0

    def move(self, key: str = "") -> None:
        self.number = next(self._counter)


def of(env: Environment) -> Epoch:
    """The epoch of this process."""
    found: Epoch | None = env.caches.get(_NAME)
    if found is None:
        found = env.caches.setdefault(_NAME, Epoch())
        env.hints.listen(HINT, found.move)
    return found


def touch(ctx: Context) -> None:
    """This transaction changes something that caches hold."""
    of(ctx.env)
    ctx.hint(HINT, "")
