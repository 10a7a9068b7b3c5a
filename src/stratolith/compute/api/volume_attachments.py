"""Volumes of servers. There is no block storage yet, so the list is always empty.

The route exists because dashboards call it on every page of a server.
"""

from __future__ import annotations

from typing import Any

from stratolith.compute.exceptions import NotOffered
from stratolith.compute.managers import servers
from stratolith.compute.models import Server
from stratolith.compute.schemas import queries
from stratolith.kernel.context import Context
from stratolith.kernel.exceptions import NotFound
from stratolith.kernel.http.routing import Route

Body = dict[str, Any]
_RULE = "os_compute_api:os-volumes-attachments:"


def index(ctx: Context, server: Server) -> Body:
    return {"volumeAttachments": []}


def show(ctx: Context, server: Server, volume_id: str) -> None:
    """Raises NotFound: nothing is attached."""
    raise NotFound(f"Volume {volume_id} is not attached to instance {server.id}.")


def attach(ctx: Context, server: Server) -> None:
    """Raises NotOffered."""
    raise NotOffered(what="Attaching volumes")


_PATH = "/servers/{server_id}/os-volume_attachments"
ROUTES = [
    Route.get(
        _PATH, index, rule=_RULE + "index", load=servers.get, query=queries.VOLUME_ATTACHMENTS
    ),
    Route.post(_PATH, attach, rule=_RULE + "create", load=servers.get, writes=False),
    Route.get(
        _PATH + "/{volume_id}", show, rule=_RULE + "show", load=servers.get, loads="server_id"
    ),
]
