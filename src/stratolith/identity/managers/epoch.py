"""The epoch: a number that grows with every write that can matter to a validated token.

Caches of identity (validated tokens, catalogue, role graph) keep the epoch they were filled in
and are void in any other. It moves right after the commit, in every server process, before
the answer is sent (an acknowledged hint). A process that may have missed a hint moves it at each
look, so that it believes no cache.
"""

from __future__ import annotations

import itertools

from stratolith.kernel.context import Context
from stratolith.kernel.environment import Environment
from stratolith.kernel.hints import HintBus

HINT = "identity.epoch"
_NAME = "identity.epoch"


class Epoch:
    """``number`` only ever grows."""

    def __init__(self, bus: HintBus) -> None:
        self._counter = itertools.count(1)
        self._number = 0
        self._bus = bus

    @property
    def number(self) -> int:
        if not self._bus.is_current():
            self.move()
        return self._number

    def move(self, key: str = "") -> None:
        self._number = next(self._counter)


def of(env: Environment) -> Epoch:
    """The epoch of this process."""
    found: Epoch | None = env.caches.get(_NAME)
    if found is None:
        found = env.caches.setdefault(_NAME, Epoch(env.hints))
        env.hints.listen(HINT, found.move)
        env.hints.on_lost(found.move)
    return found


def touch(ctx: Context) -> None:
    """This transaction changes something that caches hold."""
    of(ctx.env)
    ctx.hint(HINT, "", acknowledged=True)
