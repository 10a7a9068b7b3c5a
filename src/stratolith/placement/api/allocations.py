"""Allocations of consumers and of providers, and the reshaper."""

from __future__ import annotations

import uuid as uuids
from collections.abc import Mapping
from typing import Any

from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import BadRequest
from stratolith.kernel.http.response import Response
from stratolith.kernel.http.routing import Route
from stratolith.kernel.ids import is_uuid
from stratolith.placement.api.freshness import at_least, fresh
from stratolith.placement.api.inventories import check_reserved
from stratolith.placement.exceptions import NoAllocations
from stratolith.placement.managers import allocations, providers, reshaper
from stratolith.placement.managers.allocations import ANY_GENERATION, Claim
from stratolith.placement.managers.usages import UNKNOWN
from stratolith.placement.schemas import allocations as schemas

# Owner of allocations written before 1.8, as upstream.
NOBODY = "00000000-0000-0000-0000-000000000000"


def show(ctx: Context, *, consumer_uuid: str) -> Response:
    held = allocations.held_by(ctx, consumer_uuid)
    body: dict[str, Any] = {
        "allocations": {
            uuid: {"resources": resources, "generation": held.providers[uuid]}
            for uuid, resources in held.resources.items()
        }
    }
    consumer = held.consumer
    if consumer is not None and held.resources and at_least(ctx, 12):
        body |= {"project_id": consumer.project_id, "user_id": consumer.user_id}
        if at_least(ctx, 28):
            body["consumer_generation"] = consumer.generation
        if at_least(ctx, 38):
            body["consumer_type"] = consumer.consumer_type or UNKNOWN
    return Response(body, headers=fresh(ctx, held.last_change))


def replace(ctx: Context, *, consumer_uuid: str, body: dict[str, Any]) -> None:
    if not is_uuid(consumer_uuid):
        raise BadRequest(f"Malformed consumer_uuid: {consumer_uuid}")
    if not at_least(ctx, 12):
        listed = body["allocations"]
        body = {**body, "allocations": {a["resource_provider"]["uuid"]: a for a in listed}}
    allocations.replace(ctx, [_claim(ctx, str(uuids.UUID(consumer_uuid)), body)])


def replace_many(ctx: Context, *, body: dict[str, Any]) -> None:
    allocations.replace(ctx, [_claim(ctx, uuid, document) for uuid, document in body.items()])


def delete(ctx: Context, *, consumer_uuid: str) -> None:
    if not allocations.release(ctx, consumer_uuid):
        raise NoAllocations(consumer=consumer_uuid)


def list_for_provider(ctx: Context, *, uuid: str) -> Response:
    provider = providers.get(ctx, uuid)
    by_consumer: dict[str, Any] = {}
    rows = allocations.of_provider(ctx, uuid)
    for row, consumer in rows:
        document = by_consumer.setdefault(row.consumer_uuid, {"resources": {}})
        document["resources"][row.resource_class] = row.used
        if at_least(ctx, 28):
            document["consumer_generation"] = consumer.generation
    body = {"allocations": by_consumer, "resource_provider_generation": provider.generation}
    return Response(body, headers=fresh(ctx, *(row.created_at for row, _ in rows)))


def reshape(ctx: Context, *, body: dict[str, Any]) -> None:
    for document in body["inventories"].values():
        for name, given in document["inventories"].items():
            check_reserved(ctx, name, given)
    claims = [_claim(ctx, uuid, document) for uuid, document in body["allocations"].items()]
    reshaper.reshape(ctx, body["inventories"], claims)


def _claim(ctx: Context, consumer_id: str, body: Mapping[str, Any]) -> Claim:
    return Claim(
        consumer_id=consumer_id,
        resources={uuid: document["resources"] for uuid, document in body["allocations"].items()},
        project_id=body.get("project_id", NOBODY),
        user_id=body.get("user_id", NOBODY),
        consumer_type=body.get("consumer_type"),
        generation=body["consumer_generation"] if at_least(ctx, 28) else ANY_GENERATION,
    )


RULE = "placement:allocations"
PATH = "/allocations/{consumer_uuid}"
ROUTES = [
    Route.get(PATH, show, rule=f"{RULE}:list"),
    Route.put(PATH, replace, rule=f"{RULE}:update", body=schemas.SET, status=204),
    Route.delete(PATH, delete, rule=f"{RULE}:delete"),
    Route.post(
        "/allocations",
        replace_many,
        rule=f"{RULE}:manage",
        body=schemas.SET_MANY,
        since="1.13",
        status=204,
    ),
    Route.get(
        "/resource_providers/{uuid}/allocations",
        list_for_provider,
        rule="placement:resource_providers:allocations:list",
    ),
    Route.post(
        "/reshaper",
        reshape,
        rule="placement:reshaper:reshape",
        body=schemas.RESHAPE,
        since="1.30",
        status=204,
    ),
]
