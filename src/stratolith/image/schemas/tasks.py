"""Tasks: the published schemas and the rendering."""

from __future__ import annotations

from typing import Any

from stratolith.image.models import Task
from stratolith.image.schemas.images import UUID
from stratolith.kernel.clock import zulu
from stratolith.kernel.http.validation import Schema

_TEXT: dict[str, Any] = {"type": "string"}


def _text(description: str, **more: Any) -> dict[str, Any]:
    return {**_TEXT, "description": description, **more}


TYPES = ("import", "api_image_import", "location_import")
STATUSES = ("pending", "processing", "success", "failure")
TASK: dict[str, Any] = {
    "name": "task",
    "properties": {
        "id": _text("Id of the task", pattern=UUID),
        "type": _text("What the task does", enum=list(TYPES)),
        "status": _text("Progress of the task", enum=list(STATUSES)),
        "input": {"type": ["null", "object"], "description": "Input of the task"},
        "result": {"type": ["null", "object"], "description": "Result of the task"},
        "owner": _text("Project that created the task"),
        "message": _text("Error or progress"),
        "image_id": _text("Image the task works on"),
        "request_id": _text("Request that began the task"),
        "user_id": _text("User who created the task"),
        "expires_at": {"type": ["null", "string"], "description": "When the task is deleted"},
        "created_at": _text("When the task was created"),
        "updated_at": _text("When the task last changed"),
        "self": {**_TEXT, "readOnly": True},
        "schema": {**_TEXT, "readOnly": True},
    },
}
TASKS: dict[str, Any] = {
    "name": "tasks",
    "properties": {
        "tasks": {"type": "array", "items": TASK},
        "first": _TEXT,
        "next": _TEXT,
        "schema": _TEXT,
    },
    "links": [
        {"rel": "first", "href": "{first}"},
        {"rel": "next", "href": "{next}"},
        {"rel": "describedby", "href": "{schema}"},
    ],
}
CREATE = Schema(
    {
        "type": "object",
        "properties": {"type": _TEXT, "input": {"type": "object"}},
        "required": ["type", "input"],
    }
)


def render_brief(task: Task) -> dict[str, Any]:
    """A task as in lists: without input, result and message."""
    document: dict[str, Any] = {
        "id": task.id,
        "type": task.type,
        "status": task.status,
        "owner": task.owner,
        "created_at": zulu(task.created_at),
        "updated_at": zulu(task.updated_at),
        "self": f"/v2/tasks/{task.id}",
        "schema": "/v2/schemas/task",
    }
    if task.expires_at is not None:
        document["expires_at"] = zulu(task.expires_at)
    return document


def render(task: Task) -> dict[str, Any]:
    return {**render_brief(task), **_more(task)}


def render_of_image(task: Task) -> dict[str, Any]:
    """A task as in the list of an image's tasks."""
    document = {**render_brief(task), **_more(task)}
    for name in ("self", "schema"):
        del document[name]
    return document


def _more(task: Task) -> dict[str, Any]:
    return {
        "input": task.input,
        "result": task.result,
        "message": task.message,
        "image_id": task.image_id,
        "request_id": task.request_id,
        "user_id": task.user_id,
    }
