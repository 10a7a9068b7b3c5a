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
from stratolith.kernel.http.routing import Asked, Route

Body = dict[str, Any]

KEYPAIRS = Listing(
    Keypair,
    key=Keypair.name,
    sort_keys={"name": Keypair.name},
    default_sort=[("name", "asc")],
)


def _user(ctx: Context, body: Body | None = None) -> str:
    """The owner of the keypairs: the caller, or from 2.10 on the user that the request names."""
    if not since(ctx, 10):
        return ctx.user_id
    wanted = body["keypair"].get("user_id") if body else None
    return wanted or ctx.query.get("user_id") or ctx.user_id


def _of_user(ctx: Context, asked: Asked) -> Body:
    return {"user_id": _user(ctx, asked.body)}


def _load(ctx: Context, name: str) -> Keypair:
    return keypairs.get(ctx, _user(ctx), name)


def render(ctx: Context, keypair: Keypair) -> Body:
    answer = {
        "name": keypair.name,
        "public_key": keypair.public_key,
        "fingerprint": keypair.fingerprint,
    }
    if since(ctx, 2):
        answer["type"] = keypair.type
    return answer


def index(ctx: Context) -> Body:
    statement = select(Keypair).where(Keypair.user_id == _user(ctx))
    if since(ctx, 35):
        page = KEYPAIRS.page(ctx, statement, within=statement)
    else:
        rows = ctx.session.scalars(statement.order_by(Keypair.name))
        return {"keypairs": [{"keypair": render(ctx, keypair)} for keypair in rows]}
    rendered = [{"keypair": render(ctx, keypair)} for keypair in page.rows]
    marker = page.rows[-1].name if page.rows else None
    return with_next(ctx, "keypairs", page, rendered, marker)


def create(ctx: Context, body: Body) -> Response:
    wanted = body["keypair"]
    user_id = _user(ctx, body)
    type_ = wanted.get("type", "ssh")
    material = keypairs.make(user_id, type_, wanted.get("public_key"))
    keypair = keypairs.create(ctx, user_id, wanted["name"].strip(), type_, material)
    answer = {**render(ctx, keypair), "user_id": user_id}
    if material.private_key is not None:
        answer["private_key"] = material.private_key
    return Response({"keypair": answer}, status=201 if since(ctx, 2) else 200)


def show(ctx: Context, keypair: Keypair) -> Body:
    answer = {
        **render(ctx, keypair),
        "user_id": keypair.user_id,
        "id": keypair.id,
        "created_at": naive_micro(keypair.created_at),
        "updated_at": None,
        "deleted": False,
        "deleted_at": None,
    }
    return {"keypair": answer}


def remove(ctx: Context, name: str) -> Response:
    keypairs.remove(ctx, _user(ctx), name)
    return Response(status=204 if since(ctx, 2) else 202)


def _asks(verb: str) -> dict[str, Any]:
    return {"rule": f"os_compute_api:os-keypairs:{verb}", "target": _of_user}


_ONE = "/os-keypairs/{name}"
ROUTES = [
    Route.get("/os-keypairs", index, **_asks("index"), query=schemas.LIST_QUERY, listing=KEYPAIRS),
    Route.post("/os-keypairs", create, **_asks("create"), body=schemas.CREATE),
    Route.get(_ONE, show, load=_load, hides_missing=True, **_asks("show"), query=schemas.QUERY),
    Route.delete(_ONE, remove, **_asks("delete"), query=schemas.QUERY),
]
