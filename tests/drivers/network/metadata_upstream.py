"""A way of the metadata proxy to a metadata service of the tests, over plain HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import httpx

from stratolith.kernel.agent.client import HttpTransport, Reply
from stratolith.network.agent.metadata import Upstream


def by_http(url: str) -> Upstream:
    limits = httpx.Limits(max_keepalive_connections=0)  # no connection is left open
    transport = HttpTransport(
        lambda: httpx.Client(base_url=url, limits=limits), Path("/nowhere/cloud-id")
    )

    def ask(
        method: str, path: str, headers: Mapping[str, str], body: bytes | None, limit: int
    ) -> Reply:
        return transport.forward(method, path, headers, body, limit, 10.0)

    return ask
