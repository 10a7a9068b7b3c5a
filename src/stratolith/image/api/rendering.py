"""Images as the caller may see them."""

from __future__ import annotations

from typing import Any

from stratolith.image.managers import locations, property_rules
from stratolith.image.schemas import images as schemas
from stratolith.image.settings import ImageSettings
from stratolith.kernel.context import Context


def same_for_all(ctx: Context) -> bool:
    """Whether an image looks the same to all callers who may see it."""
    section = ctx.env.settings.of(ImageSettings)
    return not (
        section.show_multiple_locations
        or section.show_image_direct_url
        or section.property_protection_file
    )


def rendered(ctx: Context, image: Any) -> dict[str, Any]:
    """An image (or a row of its columns) as the caller may see it."""
    document = schemas.render(image)
    if same_for_all(ctx):
        return document
    shown = property_rules.readable(ctx, image.properties)
    for name in image.properties.keys() - shown.keys():
        del document[name]
    return {**document, **locations.shown(ctx, image)}
