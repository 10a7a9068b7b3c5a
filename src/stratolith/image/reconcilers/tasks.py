"""Ends imports whose process died, and deletes old tasks."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import delete, select

from stratolith.image.managers import imports, location_imports, tasks
from stratolith.image.models import Task
from stratolith.image.reconcilers.uploads import FILES, ORPHANS
from stratolith.kernel.context import Context
from stratolith.kernel.reconcile import Reconciler, Result

EXPIRED = "expired"


class TaskSweeper(Reconciler):
    """Keys: ids of open tasks, and EXPIRED for those that ended long ago."""

    name = "image.tasks"
    interval = 30.0

    def keys(self, ctx: Context) -> Iterable[str]:
        return [EXPIRED, *ctx.session.scalars(select(Task.id).where(Task.status.in_(tasks.OPEN)))]

    def reconcile(self, ctx: Context, key: str) -> Result | None:
        if key == EXPIRED:
            ctx.session.execute(delete(Task).where(Task.expires_at < ctx.env.clock.now()))
            return None
        task = ctx.session.get(Task, key)
        if task is not None and tasks.is_dead(ctx, task):
            fail = location_imports.fail if task.type == tasks.LOCATION else imports.fail
            fail(ctx, task.id, "The server stopped while the import was under way.")
            ctx.hint(ORPHANS, FILES)
        return None
