"""Members of shared images."""

from __future__ import annotations

from typing import Any

from stratolith.image.managers import images, members
from stratolith.image.models import Image, ImageMember
from stratolith.image.schemas import members as schemas
from stratolith.kernel.context import Context
from stratolith.kernel.http.routing import Asked, Route

Pair = tuple[Image, ImageMember]


def list_members(ctx: Context, image: Image) -> dict[str, Any]:
    documents = [schemas.render(member) for member in members.list_for(ctx, image)]
    return {"members": documents, "schema": "/v2/schemas/members"}


def create(ctx: Context, image: Image, *, body: dict[str, Any]) -> dict[str, Any]:
    return schemas.render(members.create(ctx, image, body["member"]))


def show(ctx: Context, image: Image, *, member_id: str) -> dict[str, Any]:
    return schemas.render(members.get(ctx, image, member_id))


def update(ctx: Context, pair: Pair, *, image_id: str, body: dict[str, Any]) -> dict[str, Any]:
    return schemas.render(members.set_status(ctx, pair[1], body["status"]))


def delete(ctx: Context, pair: Pair, *, image_id: str) -> None:
    members.delete(ctx, pair[1])


def _load(ctx: Context, image_id: str, member_id: str) -> Pair:
    image = images.get(ctx, image_id)
    return image, members.get(ctx, image, member_id)


def _of_pair(ctx: Context, asked: Asked) -> dict[str, Any]:
    image, member = asked.loaded
    return {**image.policy_target(), "member_id": member.member_id}


_ONE = "/images/{image_id}/members/{member_id}"
_PAIR: dict[str, Any] = {"load": _load, "target": _of_pair}
ROUTES = [
    Route.get("/images/{image_id}/members", list_members, load=images.get, rule="get_members"),
    Route.post(
        "/images/{image_id}/members",
        create,
        load=images.get,
        rule="add_member",
        body=schemas.CREATE,
    ),
    Route.get(_ONE, show, load=images.get, loads="image_id", rule="get_member"),
    Route.put(_ONE, update, rule="modify_member", body=schemas.UPDATE, **_PAIR),
    Route.delete(_ONE, delete, rule="delete_member", **_PAIR),
]
