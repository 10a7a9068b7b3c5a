"""The agent's side of the agent API: one small interface, and the transport over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

import httpx
import msgspec

from stratolith.kernel.agent.protocol import CLOUD_HEADER, Hints


class Unreachable(Exception):
    """The control plane does not answer; try again later."""


class Refused(Exception):
    """The control plane answered with an error."""


class Transport(Protocol):
    """What an agent needs of the control plane; raises Unreachable and Refused."""

    def hints(self, host: str, epoch: str, after: int, timeout: float) -> Hints: ...

    def seen(self, host: str, version: str, views: list[str], started_at: datetime) -> None: ...

    def view(self, host: str, view: str, keys: list[str] | None) -> bytes:
        """Desired state as JSON."""

    def report(self, host: str, view: str, payload: Any) -> Any: ...

    def download(self, path: str) -> Any:
        """Context manager that gives an iterator of the bytes of GET ``path``."""

    def wake(self, host: str) -> None:
        """End a waiting ``hints`` early if that is possible; the agent stops."""


class HttpTransport:
    """Over a unix socket (one machine) or, later, mutual TLS.

    cloud_file: where this host keeps the id of the cloud it belongs to, learned at the first
    contact. The server of another cloud is then refused by its own answer (Refused).
    """

    def __init__(self, socket: Path, cloud_file: Path) -> None:
        self._cloud_file = cloud_file
        known = cloud_file.read_text().strip() if cloud_file.exists() else ""
        self._http = httpx.Client(
            transport=httpx.HTTPTransport(uds=str(socket), limits=httpx.Limits(max_connections=64)),
            base_url="http://stratolith",
            timeout=httpx.Timeout(60.0, connect=5.0, pool=60.0),
            headers={CLOUD_HEADER: known} if known else {},
        )

    def hints(self, host: str, epoch: str, after: int, timeout: float) -> Hints:
        path = f"/v1/hosts/{quote(host)}/hints?epoch={epoch}&after={after}&timeout={timeout}"
        found = msgspec.json.decode(self._ask("GET", path), type=Hints)
        if found.cloud and CLOUD_HEADER not in self._http.headers:
            self._belong_to(found.cloud)
        return found

    def _belong_to(self, cloud_id: str) -> None:
        fresh = self._cloud_file.with_suffix(".part")
        fresh.write_text(f"{cloud_id}\n")
        fresh.replace(self._cloud_file)  # whole or not at all
        self._http.headers[CLOUD_HEADER] = cloud_id

    def seen(self, host: str, version: str, views: list[str], started_at: datetime) -> None:
        beat = {"version": version, "views": views, "started_at": started_at}
        self._ask("POST", f"/v1/hosts/{quote(host)}/seen", msgspec.json.encode(beat))

    def view(self, host: str, view: str, keys: list[str] | None) -> bytes:
        body = msgspec.json.encode({"keys": keys})
        return self._ask("POST", f"/v1/hosts/{quote(host)}/views/{view}", body)

    def report(self, host: str, view: str, payload: Any) -> Any:
        path = f"/v1/hosts/{quote(host)}/reports/{view}"
        return msgspec.json.decode(self._ask("POST", path, msgspec.json.encode(payload)))

    @contextmanager
    def download(self, path: str) -> Iterator[Iterator[bytes]]:
        try:
            with self._http.stream("GET", path) as response:
                if response.status_code >= 400:
                    raise Refused(response.read().decode(errors="replace").strip())
                yield response.iter_bytes(1 << 20)
        except httpx.TransportError as error:
            raise Unreachable(str(error)) from None

    def wake(self, host: str) -> None:
        """The process ends soon anyway, and the connection with it."""

    def close(self) -> None:
        """Close the connections; it cannot be used again."""
        self._http.close()

    def _ask(self, method: str, path: str, body: bytes | None = None) -> bytes:
        try:
            response = self._http.request(method, path, content=body)
        except httpx.TransportError as error:
            raise Unreachable(str(error)) from None
        if response.status_code in (502, 503):
            raise Unreachable(response.text.strip())
        if response.status_code >= 400:
            raise Refused(f"{method} {path}: {response.status_code} {response.text.strip()}")
        return response.content
