"""Members of shared images."""

from __future__ import annotations

from typing import Any

from stratolith.image.managers import images, members
from stratolith.image.models import Image, ImageMember
from stratolith.image.schemas import members as schemas
from stratolith.kernel.context import Context
from stratolith.kernel.http.routing import Route


def list_members(ctx: Context, image: Image) -> dict[str, Any]:
    found = [schemas.render(one) for one in members.list_for(ctx, image)]
    return {"members": found, "schema": "/v2/schemas/members"}


def create(ctx: Context, image: Image, *, body: dict[str, Any]) -> dict[str, Any]:
    return schemas.render(members.create(ctx, image, body["member"]))


def show(ctx: Context, *, image_id: str, member_id: str) -> dict[str, Any]:
    image = images.get(ctx, image_id)
    ctx.authorize("get_member", image.policy_target())
    return schemas.render(members.get(ctx, image, member_id))


def update(ctx: Context, *, image_id: str, member_id: str, body: dict[str, Any]) -> dict[str, Any]:
    member = _member(ctx, image_id, member_id, "modify_member")
    return schemas.render(members.set_status(ctx, member, body["status"]))


def delete(ctx: Context, *, image_id: str, member_id: str) -> None:
    members.delete(ctx, _member(ctx, image_id, member_id, "delete_member"))


def _member(ctx: Context, image_id: str, member_id: str, rule: str) -> ImageMember:
    image = images.get(ctx, image_id)
    member = members.get(ctx, image, member_id)
    ctx.authorize(rule, {**image.policy_target(), "member_id": member.member_id})
    return member


ROUTES = [
    Route.get("/images/{image_id}/members", list_members, load=images.get, rule="get_members"),
    Route.post(
        "/images/{image_id}/members",
        create,
        load=images.get,
        rule="add_member",
        body=schemas.CREATE,
    ),
    Route.get("/images/{image_id}/members/{member_id}", show),
    Route.put("/images/{image_id}/members/{member_id}", update, body=schemas.UPDATE),
    Route.delete("/images/{image_id}/members/{member_id}", delete),
]
