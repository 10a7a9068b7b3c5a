"""Discovery: GET / and GET /v2.0"""

from __future__ import annotations

from typing import Any

from stratolith.kernel.context import Context
from stratolith.kernel.http.routing import Route

RESOURCES = (
    ("network", "networks"),
    ("subnet", "subnets"),
    ("subnetpool", "subnetpools"),
    ("port", "ports"),
)


def versions(ctx: Context) -> dict[str, Any]:
    links = [{"rel": "self", "href": f"{ctx.base_url}/v2.0/"}]
    return {"versions": [{"id": "v2.0", "status": "CURRENT", "links": links}]}


def resources(ctx: Context) -> dict[str, Any]:
    return {
        "resources": [
            {
                "name": name,
                "collection": collection,
                "links": [{"rel": "self", "href": f"{ctx.base_url}/v2.0/{collection}"}],
            }
            for name, collection in RESOURCES
        ]
    }


ROUTES = [
    Route.get("/", versions, root=True, public=True),
    Route.get("/v2.0", resources, root=True, public=True),
]
