"""The epoch: a number that grows with every write that can matter to a validated token.

Caches of identity (validated tokens, catalogue, role graph) keep the epoch they were filled in
and are void in any other. It moves right after the commit, in every server process, before
the answer is sent (an acknowledged hint). A process that may have missed a hint moves it at each
look, so that it believes no cache.
"""

from __future__ import annotations

from stratolith.kernel.caches import Epoch, Epochs
from stratolith.kernel.context import Context
from stratolith.kernel.environment import Environment

HINT = "identity.epoch"
EPOCHS = Epochs(HINT)


def of(env: Environment) -> Epoch:
    """The epoch of this process."""
    return EPOCHS.of(env)


def touch(ctx: Context) -> None:
    """This transaction changes something that caches hold."""
    EPOCHS.touch(ctx)
