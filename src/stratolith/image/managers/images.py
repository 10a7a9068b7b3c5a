"""Images: visibility, create, update, delete, tags, activation."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from sqlalchemy import ColumnElement, insert, or_, select, true
from sqlalchemy.orm import object_session

from stratolith.image.exceptions import (
    DuplicateImage,
    FormatsMissing,
    ImageNotActive,
    ImageNotBootable,
    ImageNotFound,
    ImageProtected,
    LimitExceeded,
    NotOwner,
    TagNotFound,
    WrongMoment,
    WrongStatus,
)
from stratolith.image.managers import limits, property_rules
from stratolith.image.models import FormerImage, Image, ImageMember, image_target
from stratolith.image.settings import ImageSettings
from stratolith.image.store import cache, files
from stratolith.image.store.inspection import TRANSPARENT
from stratolith.kernel.clock import utcnow
from stratolith.kernel.context import Context
from stratolith.kernel.ids import new_uuid

# Attributes with columns that users may write; everything else of a body is a custom property.
WRITABLE = (
    "name",
    "visibility",
    "owner",
    "disk_format",
    "container_format",
    "min_disk",
    "min_ram",
    "protected",
    "os_hidden",
)


# The values of a new row: every column is set, so that nothing must be read back.
NEW: dict[str, Any] = {
    **dict.fromkeys(column.key for column in Image.__table__.columns),
    "status": "queued",
    "min_disk": 0,
    "min_ram": 0,
    "protected": False,
    "os_hidden": False,
    "stores": [],
}
# A plain INSERT: the ORM's unit of work would cost more than the rest of the request
INSERT = insert(Image)


# -- visibility ----------------------------------------------------------------------------------


def accepted_by(project_id: Any) -> Any:
    """Ids of images shared with the project and accepted by it, as a subquery."""
    return select(ImageMember.image_id).where(
        ImageMember.member_id == project_id, ImageMember.status == "accepted"
    )


def visible_in_lists(*, is_admin: bool, project_id: Any) -> ColumnElement[bool]:
    """The condition for the images of a list without a visibility filter.

    ``project_id``: the caller's, or a bound parameter for it.
    """
    if is_admin:
        return or_(Image.visibility != "community", Image.owner == project_id)
    return or_(
        Image.owner == project_id,
        Image.visibility == "public",
        Image.id.in_(accepted_by(project_id)) & (Image.visibility == "shared"),
    )


def visible(ctx: Context) -> ColumnElement[bool]:
    """The condition for images that the caller may ``get``."""
    if ctx.is_admin:
        return true()
    offered = select(ImageMember.image_id).where(ctx.own(ImageMember.member_id))
    return or_(
        ctx.own(Image.owner),
        Image.visibility.in_(("public", "community")),
        Image.id.in_(offered) & (Image.visibility == "shared"),
    )


def get(ctx: Context, image_id: str, *_: str) -> Image:
    """Raises ImageNotFound, also for images that the caller may not see.

    This includes policy: a token of another scope must not learn from a 403 that an image exists.
    """
    image = _visible(ctx, image_id)
    seen = ctx.identity is None or ctx.env.policies.allows(
        "image", "get_image", ctx.identity, image.policy_target()
    )
    if not seen:
        raise ImageNotFound(image_id=image_id)
    return image


def _visible(ctx: Context, image_id: str) -> Image:
    image = ctx.session.get(Image, image_id)
    if image is None:
        raise ImageNotFound(image_id=image_id)
    if image.visibility == "shared" and not ctx.is_admin and not ctx.owns(image.owner):
        membership_key = (image_id, ctx.project_id)
        if not ctx.project_id or ctx.session.get(ImageMember, membership_key) is None:
            raise ImageNotFound(image_id=image_id)
        image.shared_with = ctx.project_id  # type: ignore[attr-defined]
        return image
    seen = ctx.is_admin or image.visibility in ("public", "community")
    if not seen and not ctx.owns(image.owner):
        raise ImageNotFound(image_id=image_id)
    return image


def require_bootable(ctx: Context, image_id: str) -> Image:
    """An image from which a server can boot.

    Raises ImageNotFound, ImageNotActive, ImageNotBootable (for a container format without a disk).
    """
    image = get(ctx, image_id)
    if image.status != "active":
        raise ImageNotActive(image_id=image_id)
    if image.container_format not in TRANSPARENT:
        raise ImageNotBootable(
            image_id=image_id,
            reason=f"its container format {image.container_format} holds no plain disk",
        )
    return image


def find_by_name(ctx: Context, name: str) -> Image | None:
    return ctx.session.scalars(select(Image).where(Image.name == name)).first()


# -- create, update, delete ----------------------------------------------------------------------


def create(ctx: Context, values: Mapping[str, Any], properties: Mapping[str, str]) -> Any:
    """A new image in status queued; ``values``: WRITABLE names, "id" and "tags".

    Returns an object with the columns, which is not in the session. Raises DuplicateImage,
    LimitExceeded, OverLimit, NotOwner, PropertyProtected, Forbidden.
    """
    known = dict(values)
    image_id = str(known.pop("id", None) or new_uuid()).lower()
    owner = known.pop("owner", None) or ctx.project_id
    if not (ctx.owns(owner) or ctx.is_admin):
        raise NotOwner(verb="create", owner=owner)
    if values.get("id"):
        _require_fresh(ctx, image_id)
    known["visibility"] = known.get("visibility") or "shared"
    known["tags"] = _tags(ctx, known.get("tags", []))
    now = utcnow()
    row: dict[str, Any] = {**NEW, "id": image_id, "owner": owner, **known}
    row |= {"properties": _properties(ctx, properties), "created_at": now, "updated_at": now}
    image = SimpleNamespace(**row)
    target = image_target(image)
    ctx.authorize("add_image", target)
    limits.check(ctx, owner, **{limits.COUNT: 1})
    property_rules.check(ctx, {}, properties)
    _authorize_visibility(ctx, target, image.visibility)
    ctx.session.connection().execute(INSERT, row)
    return image


def update(
    ctx: Context, image: Image, values: Mapping[str, Any], properties: Mapping[str, str]
) -> Image:
    """Set attributes (WRITABLE names and "tags") and all custom properties.

    Raises NotOwner, Forbidden, LimitExceeded.
    """
    image = _attached(ctx, image)
    if "owner" in values and values["owner"] != image.owner and not ctx.is_admin:
        raise NotOwner(verb="change the owner of", owner=image.owner)
    wanted = values.get("visibility", image.visibility)
    if wanted != image.visibility:
        _authorize_visibility(ctx, image.policy_target(), wanted)
    for name, value in values.items():
        value = _tags(ctx, value) if name == "tags" else value
        if getattr(image, name) != value:
            setattr(image, name, value)
    if dict(properties) != image.properties:
        property_rules.check(ctx, image.properties, properties)
        image.properties = _properties(ctx, properties)
    ctx.session.flush()
    return image


def delete(ctx: Context, image: Image) -> None:
    """Raises ImageProtected. The files are removed after the commit."""
    image = _attached(ctx, image)
    if image.protected:
        raise ImageProtected(image_id=image.id)
    settings = ctx.env.settings
    obsolete = [*files.paths(settings, image.id), *cache.paths(settings, image.id)]
    if image.upload_token is not None:
        obsolete.append(files.staging_path(settings, image.id, image.upload_token))
    ctx.session.delete(image)
    ctx.session.add(FormerImage(id=image.id))
    ctx.session.flush()
    ctx.after_commit(lambda: files.remove(*obsolete))


def _require_fresh(ctx: Context, image_id: str) -> None:
    """Raises DuplicateImage for an id that is or was in use."""
    if any(ctx.session.get(kind, image_id) is not None for kind in (Image, FormerImage)):
        raise DuplicateImage(image_id=image_id)


def require_status(image: Image, verb: str, *allowed: str) -> None:
    """Raises WrongMoment."""
    if image.status not in allowed:
        raise WrongMoment(verb=verb, status=image.status)


def require_formats(image: Image) -> None:
    """Raises FormatsMissing: without formats an image cannot become active."""
    if not image.disk_format or not image.container_format:
        raise FormatsMissing


# -- tags, activation ----------------------------------------------------------------------------


def add_tag(ctx: Context, image: Image, tag: str) -> None:
    """Raises LimitExceeded."""
    image = _attached(ctx, image)
    if tag not in image.tags:
        image.tags = _tags(ctx, [*image.tags, tag])
        ctx.session.flush()


def remove_tag(ctx: Context, image: Image, tag: str) -> None:
    """Raises TagNotFound."""
    image = _attached(ctx, image)
    if tag not in image.tags:
        raise TagNotFound(image_id=image.id, tag=tag)
    image.tags = [other for other in image.tags if other != tag]
    ctx.session.flush()


def deactivate(ctx: Context, image: Image) -> None:
    """Raises WrongStatus."""
    _switch(ctx, image, "active", "deactivated", "deactivate")


def reactivate(ctx: Context, image: Image) -> None:
    """Raises WrongStatus."""
    _switch(ctx, image, "deactivated", "active", "reactivate")


def _switch(ctx: Context, image: Image, before: str, after: str, verb: str) -> None:
    image = _attached(ctx, image)
    if image.status not in (before, after):
        raise WrongStatus(verb=verb, status=image.status)
    image.status = after
    ctx.session.flush()


def _attached(ctx: Context, image: Image) -> Image:
    """The image in this transaction's session; raises ImageNotFound if it was deleted."""
    if object_session(image) is ctx.session:
        return image
    return get(ctx, image.id)


def _authorize_visibility(ctx: Context, target: Mapping[str, Any], visibility: str) -> None:
    if visibility == "public":
        ctx.authorize("publicize_image", target)
    if visibility == "community":
        ctx.authorize("communitize_image", target)


def _tags(ctx: Context, tags: list[str]) -> list[str]:
    limit = ctx.env.settings.of(ImageSettings).max_tags
    distinct = list(dict.fromkeys(tags))
    if len(distinct) > limit:
        raise LimitExceeded(what="tags", limit=limit)
    return distinct


def _properties(ctx: Context, properties: Mapping[str, str]) -> dict[str, str]:
    limit = ctx.env.settings.of(ImageSettings).max_properties
    if len(properties) > limit:
        raise LimitExceeded(what="properties", limit=limit)
    return dict(properties)
