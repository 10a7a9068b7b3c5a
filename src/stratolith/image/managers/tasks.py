"""Tasks: the requested imports and their progress."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update

from stratolith.image.exceptions import TaskNotFound
from stratolith.image.managers import uploads
from stratolith.image.models import Image, Task
from stratolith.kernel.context import Context
from stratolith.kernel.ids import new_uuid

IMPORT = "api_image_import"
LOCATION = "location_import"
OPEN = ("pending", "processing")
KEPT = timedelta(hours=48)  # how long a finished task is kept


def create(ctx: Context, image: Image, kind: str, request: dict[str, Any]) -> Task:
    """A task in status pending for an import into ``image``; ``request`` is its input."""
    task = Task(
        id=new_uuid(),
        type=kind,
        status="pending",
        owner=ctx.project_id or image.owner or "",
        user_id=ctx.user_id,
        image_id=image.id,
        request_id=ctx.request_id,
        input=request,
    )
    ctx.session.add(task)
    ctx.session.flush()
    return task


def get(ctx: Context, task_id: str) -> Task:
    """Raises TaskNotFound, also for tasks of other projects."""
    task = ctx.session.get(Task, task_id)
    if task is None or not (ctx.is_admin or ctx.owns(task.owner)):
        raise TaskNotFound(task_id=task_id)
    return task


def of_image(ctx: Context, image: Image) -> Sequence[Task]:
    """Tasks of one image, oldest first."""
    statement = select(Task).where(Task.image_id == image.id).order_by(Task.created_at, Task.id)
    return ctx.session.scalars(statement).all()


def under_way(ctx: Context) -> Sequence[str]:
    """Ids of the images with open tasks."""
    statement = select(Task.image_id).where(Task.status.in_(OPEN))
    return [image_id for image_id in ctx.session.scalars(statement) if image_id is not None]


def progress(ctx: Context, task_id: str, message: str) -> None:
    """Record the progress of a task; its update time shows that a process works on it."""
    ctx.session.execute(
        update(Task)
        .where(Task.id == task_id, Task.status.in_(OPEN))
        .values(status="processing", message=message[:1024], updated_at=ctx.env.clock.now())
    )


def finish(ctx: Context, task_id: str, error: str | None = None) -> None:
    """End a task: with success, or with ``error`` as failure."""
    now = ctx.env.clock.now()
    task = ctx.session.get(Task, task_id)
    if task is None or task.status not in OPEN:
        return
    task.status = "success" if error is None else "failure"
    task.message = "" if error is None else error[:1024]
    task.result = {"image_id": task.image_id} if error is None else None
    task.updated_at, task.expires_at = now, now + KEPT
    ctx.session.flush()


def is_dead(ctx: Context, task: Task) -> bool:
    """Whether the process that worked on an open task has ended."""
    if task.status not in OPEN or task.id in uploads.live(ctx.env):
        return False
    if ctx.env.hints.is_alone():
        return True  # no other process works on this cloud, and this one does not run the task
    return ctx.env.clock.now() - task.updated_at > uploads.DEAD_AFTER
