"""The agent's side of the agent API: an interface and its HTTP transport."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

import httpx
import msgspec

from stratolith.kernel.agent.failures import in_words
from stratolith.kernel.agent.protocol import CLOUD_HEADER, SERVER_NAME, Hints, Offers

Connect = Callable[[], httpx.Client]
_LIMITS = httpx.Limits(max_connections=64)
_TIMEOUT = httpx.Timeout(60.0, connect=5.0, pool=60.0)


class Unreachable(Exception):
    """The control plane does not answer; try again later."""


class Refused(Exception):
    """The control plane answered with an error."""

    def __init__(self, text: str, status: int = 0) -> None:
        super().__init__(text)
        self.status = status

    @property
    def is_final(self) -> bool:
        """Whether this host is not, or no longer, a host of the cloud: it left or was removed."""
        return self.status == 401


@dataclass(frozen=True)
class Reply:
    """An answer that is passed on unchanged."""

    status: int
    headers: Mapping[str, str]  # names in lower case
    body: bytes


class Transport(Protocol):
    """What an agent needs from the control plane; raises Unreachable and Refused."""

    def hints(self, host: str, epoch: str, after: int, timeout: float) -> Hints: ...

    def seen(
        self,
        host: str,
        version: str,
        views: list[str],
        started_at: datetime,
        offers: Offers | None = None,
    ) -> None: ...

    def view(self, host: str, view: str, keys: list[str] | None) -> bytes:
        """Desired state as JSON."""

    def report(self, host: str, view: str, payload: Any) -> Any: ...

    def download(self, path: str) -> Any:
        """Context manager that returns an iterator over the bytes of GET ``path``."""

    def forward(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes | None,
        limit: int,
        seconds: float,
    ) -> Reply:
        """The answer with any status; of a long body only the first ``limit`` bytes.

        Raises Unreachable, also when a step takes more than ``seconds``.
        """

    def wake(self, host: str) -> None:
        """End a waiting ``hints`` early if possible, because the agent stops."""


def by_socket(socket: Path) -> Connect:
    """Connect to the server on this machine by its unix socket."""

    def connect() -> httpx.Client:
        transport = httpx.HTTPTransport(uds=str(socket), limits=_LIMITS)
        return httpx.Client(transport=transport, base_url="http://stratolith", timeout=_TIMEOUT)

    return connect


def by_tls(server: str, context: Callable[[], ssl.SSLContext]) -> Connect:
    """Connect to the server at ``server`` (ADDRESS:PORT); ``context`` is called at each connect."""

    def connect() -> httpx.Client:
        transport = _ToServer(verify=context(), limits=_LIMITS)
        return httpx.Client(transport=transport, base_url=f"https://{server}", timeout=_TIMEOUT)

    return connect


def tls_context(authority: str, credentials: Path | None = None) -> ssl.SSLContext:
    """A context that trusts only this authority (PEM). credentials: file of certificate and key."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_verify_locations(cadata=authority)
    if credentials is not None:
        context.load_cert_chain(credentials)
    return context


class _ToServer(httpx.HTTPTransport):
    """Checks that the server has the certificate of a cloud's server, whatever its address."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.extensions = {**request.extensions, "sni_hostname": SERVER_NAME}
        return super().handle_request(request)


class HttpTransport:
    """Transport over a unix socket (``by_socket``) or mutual TLS (``by_tls``).

    cloud_file: stores the id of the cloud to which this host belongs, from the first contact on.
    The server of another cloud then refuses the requests (Refused).
    """

    def __init__(self, connect: Connect, cloud_file: Path) -> None:
        self._connect = connect
        self._cloud_file = cloud_file
        self._retired: httpx.Client | None = None
        self._http = self._open()

    def _open(self) -> httpx.Client:
        opened = self._connect()
        if self._cloud_file.exists():
            opened.headers[CLOUD_HEADER] = self._cloud_file.read_text().strip()
        return opened

    def reconnect(self) -> None:
        """Use new connections from now on; requests on the others continue.

        Connections that an earlier call replaced are closed: they are no longer in use.
        """
        if self._retired is not None:
            self._retired.close()
        self._retired, self._http = self._http, self._open()

    def renew(self, host: str, request: str) -> str:
        """A new certificate (PEM) for the signing request (PEM) of this host."""
        path = f"/v1/hosts/{quote(host)}/certificate"
        return self._ask("POST", path, request.encode()).decode()

    def hints(self, host: str, epoch: str, after: int, timeout: float) -> Hints:
        path = f"/v1/hosts/{quote(host)}/hints?epoch={epoch}&after={after}&timeout={timeout}"
        answer = msgspec.json.decode(self._ask("GET", path), type=Hints)
        if answer.cloud and CLOUD_HEADER not in self._http.headers:
            self._store_cloud_id(answer.cloud)
        return answer

    def _store_cloud_id(self, cloud_id: str) -> None:
        fresh = self._cloud_file.with_suffix(".part")
        fresh.write_text(f"{cloud_id}\n")
        fresh.replace(self._cloud_file)  # atomically
        self._http.headers[CLOUD_HEADER] = cloud_id

    def seen(
        self,
        host: str,
        version: str,
        views: list[str],
        started_at: datetime,
        offers: Offers | None = None,
    ) -> None:
        beat = {"version": version, "views": views, "started_at": started_at, "offers": offers}
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
                    text = response.read().decode(errors="replace").strip()
                    raise Refused(text, response.status_code)
                yield response.iter_bytes(1 << 20)
        except httpx.TransportError as error:
            raise Unreachable(in_words(error)) from None

    def forward(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes | None,
        limit: int,
        seconds: float,
    ) -> Reply:
        try:
            asked = self._http.stream(method, path, headers=headers, content=body, timeout=seconds)
            with asked as response:
                data = bytearray()
                for piece in response.iter_bytes():
                    data += piece
                    if len(data) >= limit:
                        break
                return Reply(response.status_code, dict(response.headers), bytes(data[:limit]))
        except httpx.TransportError as error:
            raise Unreachable(in_words(error)) from None

    def wake(self, host: str) -> None:
        """Nothing to do: the process ends soon, and its connection with it."""

    def close(self) -> None:
        """Close the connections; the transport cannot be used again."""
        self._http.close()
        if self._retired is not None:
            self._retired.close()

    def leave(self, host: str, *, force: bool) -> None:
        """Tell the server that this machine is no longer a host."""
        self._ask("DELETE", f"/v1/hosts/{quote(host)}?force={str(force).lower()}")

    def _ask(self, method: str, path: str, body: bytes | None = None) -> bytes:
        try:
            response = self._http.request(method, path, content=body)
        except httpx.TransportError as error:
            raise Unreachable(in_words(error)) from None
        if response.status_code in (502, 503):
            raise Unreachable(response.text.strip())
        if response.status_code >= 400:
            text = f"{method} {path}: {response.status_code} {response.text.strip()}"
            raise Refused(text, response.status_code)
        return response.content
