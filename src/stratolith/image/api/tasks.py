"""Tasks: list and show, for administrators. Imports create tasks; POST is obsolete."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import ColumnElement

from stratolith.image.exceptions import InvalidFilter, TaskDeletionNotAllowed
from stratolith.image.managers import tasks
from stratolith.image.models import Task
from stratolith.image.schemas import tasks as schemas
from stratolith.image.settings import ImageSettings
from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import BadRequest
from stratolith.kernel.http.resource import Column, Filter, Listing, asked_limit
from stratolith.kernel.http.routing import EarlyChecks, Route

Body = dict[str, Any]


def _known(name: str, column: Column, values: Sequence[str]) -> Filter:
    """Equal to a known value; an empty value matches nothing."""

    def build(given: Sequence[str]) -> ColumnElement[bool]:
        if given[-1] and given[-1] not in values:
            raise InvalidFilter(f"Invalid {name} value: {given[-1]}")
        return column == given[-1]

    return build


def _visible(ctx: Context) -> ColumnElement[bool] | None:
    return None if ctx.is_admin else ctx.own(Task.owner)


LISTING = Listing(
    Task,
    visible=_visible,
    filters={
        "type": _known("type", Task.type, schemas.TYPES),
        "status": _known("status", Task.status, schemas.STATUSES),
    },
    sort_keys={
        "created_at": Task.created_at,
        "updated_at": Task.updated_at,
        "type": Task.type,
        "status": Task.status,
        "id": Task.id,
    },
)


def list_tasks(ctx: Context) -> Body:
    ctx.authorize("get_tasks")
    within = LISTING.seen(ctx)
    statement = within.where(*LISTING.where(ctx))
    limit = asked_limit(ctx)
    if limit is None:
        limit = ctx.env.settings.of(ImageSettings).default_page
    sort = (ctx.query.get("sort_key", "created_at"), ctx.query.get("sort_dir", "desc"))
    page = LISTING.page(ctx, statement, limit=limit, sort=[sort], within=within)
    query = [(k, v) for k, v in ctx.query.multi_items() if k != "marker"]
    document: Body = {
        "tasks": [schemas.render_brief(task) for task in page.rows],
        "first": _link(query),
        "schema": "/v2/schemas/tasks",
    }
    if page.more:
        document["next"] = _link([*query, ("marker", str(page.marker))])
    return document


def show(ctx: Context, task_id: str) -> Body:
    """The route checks the permission for tasks before this reports a missing task."""
    task = tasks.get(ctx, task_id)
    ctx.authorize("get_task", task.policy_target())
    return schemas.render(task)


def create(ctx: Context, *, body: Body) -> None:
    """Refuses every task: images are imported by their own call."""
    ctx.authorize("add_task")
    if body["type"] not in schemas.TYPES:
        raise BadRequest(f"Unknown type of task: {body['type']}.")
    raise BadRequest("URI for legacy import task does not pass filtering: use /images/ID/import.")


def delete(ctx: Context, task_id: str) -> None:
    """Raises TaskDeletionNotAllowed, whether the task exists or not."""
    raise TaskDeletionNotAllowed


def _link(query: list[tuple[str, str]]) -> str:
    return "/v2/tasks" + (f"?{urlencode(query)}" if query else "")


ACCESS = "tasks_api_access"
ROUTES = [
    Route.get("/tasks", list_tasks, rule=ACCESS, listing=LISTING),
    Route.post(
        "/tasks",
        create,
        rule=ACCESS,
        body=schemas.CREATE,
        status=201,
        early_checks=EarlyChecks.NOTHING,
    ),
    Route.get("/tasks/{task_id}", show, rule=ACCESS),
    Route.delete("/tasks/{task_id}", delete, rule=ACCESS, writes=False),
]
