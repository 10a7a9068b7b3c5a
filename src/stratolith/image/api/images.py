"""Images: create, show, update, delete, tags, activation, import."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from stratolith.image.api import locations
from stratolith.image.api.image_lists import LISTING, list_images
from stratolith.image.api.rendering import rendered
from stratolith.image.exceptions import (
    AttributeReadOnly,
    AttributeReserved,
    ImageNotFound,
    InvalidPatch,
    PropertyKept,
    PropertyMissing,
    WrongStatus,
)
from stratolith.image.managers import images, imports, property_rules, tasks
from stratolith.image.managers.images import WRITABLE
from stratolith.image.models import Image
from stratolith.image.schemas import images as schemas
from stratolith.image.schemas import json_patch
from stratolith.image.schemas.json_patch import Operation
from stratolith.image.schemas.tasks import render_of_image
from stratolith.image.settings import ImageSettings
from stratolith.image.store import catalogue
from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import BadRequest, MethodNotAllowed
from stratolith.kernel.http.response import Response
from stratolith.kernel.http.routing import KEEP, Route

ATTRIBUTES = frozenset((*WRITABLE, "tags"))


def create(ctx: Context, *, body: dict[str, Any]) -> Response:
    """Create an image; its data follow by PUT .../file."""
    for name in body:
        _check_writable(name)
    schemas.WRITE.check(body, None, what="image")
    values = {name: body[name] for name in body if name in ATTRIBUTES or name == "id"}
    properties = {name: body[name] for name in body if name not in values}
    image = images.create(ctx, values, properties)
    settings = ctx.env.settings
    headers = {
        "Location": f"{ctx.base_url}/v2/images/{image.id}",
        "OpenStack-image-import-methods": ",".join(settings.of(ImageSettings).import_methods),
        "OpenStack-image-store-ids": ",".join(catalogue.ids(settings)),
    }
    return Response(rendered(ctx, image), headers=headers)


def show(ctx: Context, image: Image) -> dict[str, Any]:
    return rendered(ctx, image)


def update(ctx: Context, image: Image, *, body: list[dict[str, Any]]) -> dict[str, Any]:
    content_type = ctx.headers.get("content-type", "").split(";")[0].strip().lower()
    operations = json_patch.parse(body, content_type)
    moves = [operation for operation in operations if operation.name == locations.NAME]
    editor = None
    if moves:
        image, editor = locations.edit(ctx, image, moves)
    values: dict[str, Any] = {}
    properties = dict(image.properties)
    readable = property_rules.readable(ctx, properties).keys()
    for operation in operations:
        if operation.name != locations.NAME:
            _apply(image, operation, values, properties, readable)
    schemas.WRITE.check({**values, **properties}, None, what="image")
    image = images.update(ctx, image, values, properties)
    if editor is not None:
        editor.save()
        ctx.session.flush()
    return rendered(ctx, image)


def delete(ctx: Context, image: Image) -> None:
    images.delete(ctx, image)


def delete_without_id(ctx: Context) -> None:
    """DELETE of /images/ addresses an image with an empty id, DELETE of /images no image."""
    if ctx.path.endswith("/"):
        raise ImageNotFound(image_id="")
    error = MethodNotAllowed()
    error.headers["Allow"] = "GET, POST"
    raise error


def add_tag(ctx: Context, *, image_id: str, tag: str) -> None:
    if len(tag) > 255:
        raise BadRequest("A tag has at most 255 characters.")
    images.add_tag(ctx, _modifiable(ctx, image_id), tag)


def remove_tag(ctx: Context, *, image_id: str, tag: str) -> None:
    images.remove_tag(ctx, _modifiable(ctx, image_id), tag)


def deactivate(ctx: Context, image: Image) -> None:
    images.deactivate(ctx, image)


def reactivate(ctx: Context, image: Image) -> None:
    images.reactivate(ctx, image)


def import_data(ctx: Context, image: Image, *, body: dict[str, Any]) -> None:
    """Start an import; /images/{id}/tasks shows its progress."""
    imports.start(ctx, image, body)


def list_tasks(ctx: Context, image: Image) -> dict[str, Any]:
    return {"tasks": [render_of_image(task) for task in tasks.of_image(ctx, image)]}


def _modifiable(ctx: Context, image_id: str) -> Image:
    image = images.get(ctx, image_id)
    ctx.authorize("modify_image", image.policy_target())
    return image


def _check_writable(name: str, *, exists: bool = False) -> None:
    """Raises AttributeReadOnly or AttributeReserved; ``exists``: the id cannot change any more."""
    if name in schemas.READ_ONLY or (exists and name == "id"):
        raise AttributeReadOnly(name=name)
    if name in schemas.RESERVED or name.startswith(schemas.RESERVED_PREFIX):
        raise AttributeReserved(name=name)


def _apply(
    image: Image,
    operation: Operation,
    values: dict[str, Any],
    properties: dict[str, str],
    readable: Collection[str],
) -> None:
    name = operation.name
    _check_writable(name, exists=True)
    if name in ATTRIBUTES:
        if operation.op == "remove":
            raise PropertyKept(name=name)
        if name in ("disk_format", "container_format") and image.status != "queued":
            raise WrongStatus(verb=f"replace {name} of an", status=image.status)
        values[name] = operation.value
        return
    hidden = name in image.properties and name not in readable
    if operation.op != "add" and (hidden or name not in properties):
        raise PropertyMissing(name=name)
    if operation.op == "remove":
        del properties[name]
    elif not isinstance(operation.value, str):
        raise InvalidPatch(f"The value of the custom property {name} must be a string.")
    else:
        properties[name] = operation.value


MODIFY = "modify_image"
ROUTES = [
    Route.get("/images", list_images, rule="get_images", keep=KEEP, listing=LISTING),
    Route.post("/images", create, body=schemas.OBJECT, status=201),
    Route.delete("/images", delete_without_id, rule="get_images"),
    Route.get("/images/{image_id}", show, load=images.get, rule="get_image", keep=KEEP),
    Route.patch(
        "/images/{image_id}",
        update,
        load=images.get,
        rule=MODIFY,
        body=schemas.PATCH,
        media_types=json_patch.MEDIA_TYPES,
    ),
    Route.delete("/images/{image_id}", delete, load=images.get, rule="delete_image"),
    Route.put("/images/{image_id}/tags/{tag}", add_tag, status=204),
    Route.delete("/images/{image_id}/tags/{tag}", remove_tag),
    Route.post(
        "/images/{image_id}/actions/deactivate",
        deactivate,
        load=images.get,
        rule="deactivate",
        status=204,
    ),
    Route.post(
        "/images/{image_id}/actions/reactivate",
        reactivate,
        load=images.get,
        rule="reactivate",
        status=204,
    ),
    Route.get("/images/{image_id}/tasks", list_tasks, load=images.get, rule="get_image"),
    Route.post(
        "/images/{image_id}/import",
        import_data,
        load=images.get,
        rule=MODIFY,
        body=schemas.IMPORT,
        status=202,
    ),
]
