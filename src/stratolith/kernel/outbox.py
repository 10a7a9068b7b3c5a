"""The kernel's own reconciler: publishes the outbox and deletes old rows."""

from __future__ import annotations

from collections.abc import Iterable

from stratolith.kernel import events
from stratolith.kernel.context import Context
from stratolith.kernel.reconcile import Reconciler, Result

PUBLISH = "publish"


class OutboxPublisher(Reconciler):
    """For any key: publish all waiting events; the periodic pass also deletes old ones."""

    name = "kernel.outbox"
    hints = (events.HINT,)
    interval = 5.0

    def keys(self, ctx: Context) -> Iterable[str]:
        return [PUBLISH]

    def reconcile(self, ctx: Context, key: str) -> Result | None:
        if key == PUBLISH:
            events.purge(ctx.session, ctx.env.clock.now())
        ctx.after_commit(lambda: _publish(ctx))
        return None


def _publish(ctx: Context) -> None:
    events.publish_pending(ctx.env)
