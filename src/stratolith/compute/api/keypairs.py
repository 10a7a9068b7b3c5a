"""Keypairs over HTTP."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from stratolith.compute.api.links import since, with_next
from stratolith.compute.managers import keypairs
from stratolith.compute.models import Keypair
from stratolith.compute.schemas import keypairs as schemas
from stratolith.kernel.clock import naive_micro
from stratolith.kernel.context import Context
from stratolith.kernel.http import Response
from stratolith.kernel.http.resource import Listing
from stratolith.kernel.http.routing import Route

Body = dict[str, Any]
_RULE = "os_compute_api:os-keypairs:"

KEYPAIRS = Listing(
    Keypair,
    key=Keypair.name,
    sort_keys={"name": Keypair.name},
    default_sort=[("name", "asc")],
)


def _user(ctx: Context, rule: str, asked: str | None = None) -> str:
    """Whose keypairs: the caller's, or another user's from 2.10 on when policy allows."""
    user_id = ctx.user_id
    if since(ctx, 10):
        user_id = asked or ctx.query.get("user_id") or user_id
    ctx.authorize(_RULE + rule, {"user_id": user_id})
    return user_id


def render(ctx: Context, keypair: Keypair) -> Body:
    found = {
        "name": keypair.name,
        "public_key": keypair.public_key,
        "fingerprint": keypair.fingerprint,
    }
    if since(ctx, 2):
        found["type"] = keypair.type
    return found


def index(ctx: Context) -> Body:
    user_id = _user(ctx, "index")
    statement = select(Keypair).where(Keypair.user_id == user_id)
    if since(ctx, 35):
        page = KEYPAIRS.page(ctx, statement, within=statement)
    else:
        rows = ctx.session.scalars(statement.order_by(Keypair.name))
        return {"keypairs": [{"keypair": render(ctx, one)} for one in rows]}
    rendered = [{"keypair": render(ctx, one)} for one in page.rows]
    marker = page.rows[-1].name if page.rows else None
    return with_next(ctx, "keypairs", page, rendered, marker)


def create(ctx: Context, body: Body) -> Response:
    wanted = body["keypair"]
    user_id = _user(ctx, "create", wanted.get("user_id"))
    type_ = wanted.get("type", "ssh")
    material = keypairs.make(user_id, type_, wanted.get("public_key"))
    keypair = keypairs.create(ctx, user_id, wanted["name"].strip(), type_, material)
    found = {**render(ctx, keypair), "user_id": user_id}
    if material.private_key is not None:
        found["private_key"] = material.private_key
    return Response({"keypair": found}, status=201 if since(ctx, 2) else 200)


def show(ctx: Context, name: str) -> Body:
    keypair = keypairs.get(ctx, _user(ctx, "show"), name)
    found = {
        **render(ctx, keypair),
        "user_id": keypair.user_id,
        "id": keypair.id,
        "created_at": naive_micro(keypair.created_at),
        "updated_at": None,
        "deleted": False,
        "deleted_at": None,
    }
    return {"keypair": found}


def remove(ctx: Context, name: str) -> Response:
    keypairs.remove(ctx, _user(ctx, "delete"), name)
    return Response(status=204 if since(ctx, 2) else 202)


ROUTES = [
    Route.get("/os-keypairs", index, query=schemas.LIST_QUERY),
    Route.post("/os-keypairs", create, body=schemas.CREATE),
    Route.get("/os-keypairs/{name}", show, query=schemas.QUERY),
    Route.delete("/os-keypairs/{name}", remove, query=schemas.QUERY),
]
