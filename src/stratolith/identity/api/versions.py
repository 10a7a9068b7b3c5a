"""Version discovery: the versions of the API and their URLs."""

from __future__ import annotations

from typing import Any

from stratolith.kernel.context import Context
from stratolith.kernel.http import Response
from stratolith.kernel.http.routing import Route
from stratolith.kernel.urls import service_root

_VERSION = "v3.14"
_UPDATED = "2020-04-07T00:00:00Z"


def document(ctx: Context) -> dict[str, Any]:
    return {
        "id": _VERSION,
        "status": "stable",
        "updated": _UPDATED,
        "links": [{"rel": "self", "href": service_root(ctx, "identity") + "/v3/"}],
        "media-types": [
            {
                "base": "application/json",
                "type": "application/vnd.openstack.identity-v3+json",
            }
        ],
    }


def versions(ctx: Context) -> Response:
    return Response(
        {"versions": {"values": [document(ctx)]}},
        status=300,
        headers={"Location": service_root(ctx, "identity") + "/v3/"},
    )


def version(ctx: Context) -> dict[str, Any]:
    return {"version": document(ctx)}


def old_version(ctx: Context, **variables: str) -> Response:
    """Clients that ask for v2.0 get the URL of v3."""
    where = service_root(ctx, "identity") + "/v3/"
    text = f"The identity API v2.0 is gone; use v3 at {where}"
    return Response(
        {
            "error": {"code": 410, "title": "Gone", "message": text},
            "versions": {"values": [document(ctx)]},
        },
        status=410,
        headers={"Location": where},
    )


ROUTES = [
    Route.get("/", versions, root=True, public=True),
    Route.get("/v3", version, root=True, public=True),
    Route.get("/v2.0", old_version, root=True, public=True),
    Route.get("/v2.0/{rest:path}", old_version, root=True, public=True),
    Route.post("/v2.0/{rest:path}", old_version, root=True, public=True, writes=False),
]
