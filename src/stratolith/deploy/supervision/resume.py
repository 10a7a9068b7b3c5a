"""Starts the servers again that `down --guests` stopped."""

from __future__ import annotations

import json
import time

from stratolith.deploy import credentials
from stratolith.deploy.api_client import ApiClient, ApiError
from stratolith.deploy.errors import DeployError
from stratolith.deploy.layout import Layout
from stratolith.kernel.config import Settings

NOTICE_SECONDS = 30.0  # until the control plane knows that the guests are off


def start_again(layout: Layout, settings: Settings) -> int:
    """Start each server once its status is SHUTOFF; returns how many were started."""
    client = ApiClient(credentials.access(layout, settings), "admin")
    waiting = set(json.loads(layout.stopped_guests.read_text()))
    deadline = time.monotonic() + NOTICE_SECONDS
    started = 0
    while waiting:
        for server_id in sorted(waiting):
            status = _status(client, server_id)
            if status == "SHUTOFF":
                client.post("compute", f"/servers/{server_id}/action", {"os-start": None})
                started += 1
            if status != "ACTIVE":  # started, deleted, or in another state, which stays
                waiting.discard(server_id)
        if waiting and time.monotonic() > deadline:
            raise DeployError(
                f"These servers still have the status ACTIVE: {', '.join(sorted(waiting))}.",
                "run `stratolith up` again; see `stratolith status`",
            )
        time.sleep(0.1 if waiting else 0)
    return started


def _status(client: ApiClient, server_id: str) -> str:
    try:
        return str(client.get("compute", f"/servers/{server_id}")["server"]["status"])
    except ApiError as error:
        if error.status == 404:
            return "DELETED"
        raise
