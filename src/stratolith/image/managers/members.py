"""Members: the projects with which an image is shared."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select

from stratolith.image.exceptions import (
    DuplicateMember,
    LimitExceeded,
    MemberNotFound,
    NotShared,
)
from stratolith.image.models import Image, ImageMember
from stratolith.image.settings import ImageSettings
from stratolith.kernel.context import Context


def list_for(ctx: Context, image: Image) -> Sequence[ImageMember]:
    """All members for the owner, only the caller's own entry for a member; raises NotShared."""
    _require_shared(image)
    statement = select(ImageMember).where(ImageMember.image_id == image.id)
    if not _sees_all(ctx, image):
        statement = statement.where(ctx.own(ImageMember.member_id))
    return ctx.session.scalars(statement.order_by(ImageMember.member_id)).all()


def get(ctx: Context, image: Image, member_id: str) -> ImageMember:
    """Raises MemberNotFound, also when a member asks for another member."""
    member = ctx.session.get(ImageMember, (image.id, member_id))
    if member is None or not (_sees_all(ctx, image) or ctx.owns(member_id)):
        raise MemberNotFound(member_id=member_id, image_id=image.id)
    return member


def create(ctx: Context, image: Image, member_id: str) -> ImageMember:
    """Offer the image to a project; raises NotShared, DuplicateMember, LimitExceeded."""
    _require_shared(image)
    if ctx.session.get(ImageMember, (image.id, member_id)) is not None:
        raise DuplicateMember(member_id=member_id, image_id=image.id)
    limit = ctx.env.settings.of(ImageSettings).max_members
    count = ctx.session.scalar(
        select(func.count()).select_from(ImageMember).where(ImageMember.image_id == image.id)
    )
    if (count or 0) >= limit:
        raise LimitExceeded(what="members", limit=limit)
    member = ImageMember(image_id=image.id, member_id=member_id, status="pending")
    ctx.session.add(member)
    ctx.session.flush()
    return member


def set_status(ctx: Context, member: ImageMember, status: str) -> ImageMember:
    """``status``: pending, accepted or rejected."""
    member.status = status
    ctx.session.flush()
    return member


def delete(ctx: Context, member: ImageMember) -> None:
    ctx.session.delete(member)
    ctx.session.flush()


def _sees_all(ctx: Context, image: Image) -> bool:
    return ctx.is_admin or ctx.owns(image.owner)


def _require_shared(image: Image) -> None:
    if image.visibility != "shared":
        raise NotShared(image_id=image.id, visibility=image.visibility)
