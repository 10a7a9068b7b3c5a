"""The transport of agents inside the server's process: simulated hosts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import msgspec

from stratolith.kernel.agent.client import Refused, Reply, Unreachable
from stratolith.kernel.agent.interface import Agents
from stratolith.kernel.agent.protocol import Hints, Offers
from stratolith.kernel.exceptions import ApiError, Unavailable


@contextmanager
def _answers() -> Iterator[None]:
    """Turns errors into those that an agent gets over HTTP."""
    try:
        yield
    except Unavailable as error:
        raise Unreachable(str(error)) from None
    except ApiError as error:
        raise Refused(str(error)) from None


class LocalTransport:
    """Calls the hub of this process directly (simulated hosts)."""

    def __init__(self, hub: Agents) -> None:
        self._hub = hub

    def hints(self, host: str, epoch: str, after: int, timeout: float) -> Hints:
        return self._hub.wait(host, epoch, after, timeout)

    def seen(
        self,
        host: str,
        version: str,
        views: list[str],
        started_at: datetime,
        offers: Offers | None = None,
    ) -> None:
        with _answers():
            self._hub.seen(host, version, views, started_at, offers)

    def view(self, host: str, view: str, keys: list[str] | None) -> bytes:
        with _answers():
            return self._hub.view(host, view, keys)

    def report(self, host: str, view: str, payload: Any) -> Any:
        # convert through JSON, so that both transports deliver equal values
        plain = msgspec.json.decode(msgspec.json.encode(payload))
        with _answers():
            return msgspec.json.decode(self._hub.report(host, view, plain))

    def forward(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes | None,
        limit: int,
        seconds: float,
    ) -> Reply:
        raise Refused("a simulated host does not forward requests")

    def wake(self, host: str) -> None:
        self._hub.hint(host, "")

    @contextmanager
    def download(self, path: str) -> Iterator[Iterator[bytes]]:
        raise Refused("a simulated host does not download")
        yield iter(())
