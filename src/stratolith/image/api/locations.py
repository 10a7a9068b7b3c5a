"""Locations of image data: the API of 2.17, and changes by patches of the image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stratolith.image.exceptions import InvalidPatch
from stratolith.image.managers import images, location_imports, locations
from stratolith.image.models import Image
from stratolith.image.schemas import locations as schemas
from stratolith.image.schemas.json_patch import Operation
from stratolith.kernel.context import Context
from stratolith.kernel.http.routing import Route

Editor = locations.Editor
NAME = "locations"


def add(ctx: Context, image: Image, *, body: dict[str, Any]) -> None:
    """Start adding the data at a URL to the image; /images/{id}/tasks shows the progress."""
    location_imports.start(ctx, image, body["url"], body.get("validation_data") or {})


def list_all(ctx: Context, image: Image) -> list[dict[str, Any]]:
    return locations.of(ctx, image)


def edit(ctx: Context, image: Image, operations: Sequence[Operation]) -> tuple[Image, Editor]:
    """Apply operations of a patch; reloads the image because remote servers are asked in between.

    Raises LocationsHidden, Forbidden, InvalidPatch, InvalidLocation and what Editor raises.
    """
    for operation in operations:
        rule = "delete_image_location" if operation.op == "remove" else "set_image_location"
        locations.require_shown(ctx, image, rule)
    places = [place for operation in operations for place in _places(operation)]
    image_id = image.id
    measured = locations.measure(ctx, image, [place["url"] for place in places])
    image = images.get(ctx, image_id)
    editor = Editor(ctx, image, measured)
    for operation in operations:
        if operation.op == "add":
            editor.add(operation.position, operation.value)
        elif operation.op == "replace":
            editor.replace(operation.value)
        else:
            editor.remove(operation.position)
    return image, editor


def _places(operation: Operation) -> list[dict[str, Any]]:
    if operation.op == "remove":
        return []
    places = [operation.value] if operation.op == "add" else operation.value
    if not isinstance(places, list):
        raise InvalidPatch("The locations of an image are a list.")
    schemas.PLACES.check(places, None, what="locations")
    return places


PATH = "/images/{image_id}/locations"
ROUTES = [
    Route.get(PATH, list_all, load=images.get, rule="fetch_image_location"),
    Route.post(
        PATH, add, load=images.get, rule="add_image_location", body=schemas.ADD_LOCATION, status=202
    ),
]
