"""/extensions: only what this service implements, by the aliases that clients look for"""

from __future__ import annotations

from typing import Any

from stratolith.kernel.context import Context
from stratolith.kernel.http.routing import Route
from stratolith.network.exceptions.general import ExtensionNotFound
from stratolith.network.extensions import KNOWN
from stratolith.network.managers import abilities


def _extension(alias: str) -> dict[str, Any]:
    name, updated = KNOWN[alias]
    return {
        "alias": alias,
        "name": name,
        "description": f"{name}.",
        "updated": updated,
        "links": [],
    }


def _is_offered(ctx: Context, alias: str) -> bool:
    """Whether the cloud's network driver has what the extension needs."""
    return abilities.offers(ctx, alias)


def index(ctx: Context) -> dict[str, Any]:
    return {"extensions": [_extension(alias) for alias in KNOWN if _is_offered(ctx, alias)]}


def show(ctx: Context, alias: str) -> dict[str, Any]:
    if alias not in KNOWN or not _is_offered(ctx, alias):
        raise ExtensionNotFound(alias=alias)
    return {"extension": _extension(alias)}


ROUTES = [Route.get("/extensions", index), Route.get("/extensions/{alias}", show)]
