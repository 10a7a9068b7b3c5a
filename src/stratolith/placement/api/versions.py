"""The root document and the history of microversions."""

from __future__ import annotations

from typing import Any

from stratolith.kernel.context import Context
from stratolith.kernel.http.microversion import Microversions
from stratolith.kernel.http.response import Response
from stratolith.kernel.http.routing import Route
from stratolith.placement.api.freshness import fresh

HISTORY = Microversions(
    "placement",
    [
        ("1.0", "providers, inventories, usages, allocations"),
        ("1.1", "aggregates of a provider"),
        ("1.2", "custom resource classes"),
        ("1.3", "member_of for providers"),
        ("1.4", "resources for providers"),
        ("1.5", "delete all inventories"),
        ("1.6", "traits"),
        ("1.7", "idempotent PUT of a resource class"),
        ("1.8", "project_id and user_id required in allocations"),
        ("1.9", "usages of a project"),
        ("1.10", "allocation candidates"),
        ("1.11", "link to allocations of a provider"),
        ("1.12", "allocations by provider"),
        ("1.13", "allocations of many consumers"),
        ("1.14", "nested providers"),
        ("1.15", "Last-Modified and Cache-Control"),
        ("1.16", "limit for candidates"),
        ("1.17", "required traits for candidates"),
        ("1.18", "required traits for providers"),
        ("1.19", "generation with aggregates"),
        ("1.20", "a created provider is in the answer"),
        ("1.21", "member_of for candidates"),
        ("1.22", "forbidden traits"),
        ("1.23", "codes in errors"),
        ("1.24", "member_of repeated"),
        ("1.25", "numbered request groups"),
        ("1.26", "reserved may equal total"),
        ("1.27", "all resource classes in provider summaries"),
        ("1.28", "consumer generations"),
        ("1.29", "candidates over nested providers"),
        ("1.30", "reshaper"),
        ("1.31", "in_tree for candidates"),
        ("1.32", "forbidden aggregates"),
        ("1.33", "named request groups"),
        ("1.34", "mappings of request groups"),
        ("1.35", "root_required"),
        ("1.36", "same_subtree"),
        ("1.37", "moving a provider to another parent"),
        ("1.38", "consumer types"),
        ("1.39", "any-traits and repeated required"),
    ],
)


def show(ctx: Context) -> Response:
    version: dict[str, Any] = {
        "id": f"v{HISTORY.minimum}",
        "max_version": str(HISTORY.maximum),
        "min_version": str(HISTORY.minimum),
        "status": "CURRENT",
        "links": [{"rel": "self", "href": ""}],
    }
    return Response({"versions": [version]}, headers=fresh(ctx))


ROUTES = [Route.get("/", show, public=True)]
