"""Policy documents over HTTP."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from stratolith.identity.api.collections import (
    collection,
    member_links,
    page_of,
    same_id,
    text_filters,
)
from stratolith.identity.managers import policy_blobs
from stratolith.identity.models import PolicyBlob
from stratolith.identity.schemas import credentials as schemas
from stratolith.kernel.context import Context
from stratolith.kernel.http.listing import Listing
from stratolith.kernel.http.routing import Route

Body = dict[str, Any]

POLICIES = Listing(
    PolicyBlob,
    filters=text_filters("type", PolicyBlob.type),
    default_sort=[("id", "asc")],
)


def render(ctx: Context, policy: PolicyBlob) -> Body:
    return {
        **policy.extra,
        "id": policy.id,
        "type": policy.type,
        "blob": policy.blob,
        "links": member_links(ctx, "policies", policy.id),
    }


def index(ctx: Context) -> Body:
    page = page_of(ctx, POLICIES, select(PolicyBlob))
    return collection(ctx, "policies", [render(ctx, one) for one in page.rows], page)


def show(ctx: Context, policy_id: str) -> Body:
    return {"policy": render(ctx, policy_blobs.get(ctx, policy_id))}


def create(ctx: Context, body: Body) -> Body:
    return {"policy": render(ctx, policy_blobs.create(ctx, body["policy"]))}


def update(ctx: Context, policy_id: str, body: Body) -> Body:
    policy = policy_blobs.get(ctx, policy_id)
    same_id(body["policy"], "policy", policy_id)
    return {"policy": render(ctx, policy_blobs.update(ctx, policy, body["policy"]))}


def remove(ctx: Context, policy_id: str) -> None:
    ctx.session.delete(policy_blobs.get(ctx, policy_id))


ROUTES = [
    Route.get("/policies", index, rule="identity:list_policies"),
    Route.post(
        "/policies",
        create,
        rule="identity:create_policy",
        body=schemas.CREATE_POLICY,
        status=201,
    ),
    Route.get("/policies/{policy_id}", show, rule="identity:get_policy"),
    Route.patch(
        "/policies/{policy_id}", update, rule="identity:update_policy", body=schemas.UPDATE_POLICY
    ),
    Route.delete("/policies/{policy_id}", remove, rule="identity:delete_policy"),
]
