"""The transport of agents that live in the server's own process: simulated hosts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import msgspec

from stratolith.kernel.agent.client import Refused
from stratolith.kernel.agent.hub import AgentHub
from stratolith.kernel.agent.protocol import Hints
from stratolith.kernel.exceptions import ApiError


class LocalTransport:
    """Straight to the hub of this process (simulated hosts)."""

    def __init__(self, hub: AgentHub) -> None:
        self._hub = hub

    def hints(self, host: str, epoch: str, after: int, timeout: float) -> Hints:
        return self._hub.wait(host, epoch, after, timeout)

    def seen(self, host: str, version: str, views: list[str], started_at: datetime) -> None:
        try:
            self._hub.seen(host, version, views, started_at)
        except ApiError as error:
            raise Refused(str(error)) from None

    def view(self, host: str, view: str, keys: list[str] | None) -> bytes:
        try:
            return self._hub.view(host, view, keys)
        except ApiError as error:
            raise Refused(str(error)) from None

    def report(self, host: str, view: str, payload: Any) -> Any:
        # through JSON, so that both transports hand over the same values
        plain = msgspec.json.decode(msgspec.json.encode(payload))
        try:
            return msgspec.json.decode(self._hub.report(host, view, plain))
        except ApiError as error:
            raise Refused(str(error)) from None

    def wake(self, host: str) -> None:
        self._hub.hint(host, "")

    @contextmanager
    def download(self, path: str) -> Iterator[Iterator[bytes]]:
        raise Refused("a simulated host downloads nothing")
        yield iter(())
