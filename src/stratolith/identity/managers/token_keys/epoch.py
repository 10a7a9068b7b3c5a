"""The epoch: a number that grows with every write that can affect a validated token.

The caches of identity (validated tokens, catalogue, role graph) store the epoch in which they were
filled and are invalid in any other. The epoch changes right after the commit, in every server
process, before the answer is sent (an acknowledged hint). A process that may have missed a hint
changes its epoch at every read, so that it uses no cached value.
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
    """Declare that this transaction changes cached data; the commit invalidates the caches."""
    EPOCHS.touch(ctx)
