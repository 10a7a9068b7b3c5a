"""The commands' own small client of the public APIs, on the standard library's HTTP."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from stratolith.deploy.credentials import Access
from stratolith.deploy.errors import DeployError

Json = Any
TIMEOUT_SECONDS = 30.0


class ApiError(DeployError):
    """An API answered with an error; ``status`` is the HTTP status."""

    def __init__(self, status: int, problem: str) -> None:
        super().__init__(problem)
        self.status = status


class ApiClient:
    """One user's session: logs in, finds the services in the catalogue, speaks JSON."""

    def __init__(self, access: Access, user: str) -> None:
        self._access = access
        self._user = user
        self._token = ""
        self._endpoints: dict[str, str] = {}

    def log_in(self) -> None:
        """Get a token and the catalogue; raises ApiError."""
        domain = {"id": "default"}
        password = self._access.passwords[self._user]
        user = {"name": self._user, "domain": domain, "password": password}
        body = {
            "auth": {
                "identity": {"methods": ["password"], "password": {"user": user}},
                "scope": {"project": {"name": self._user, "domain": domain}},
            }
        }
        headers, answer = _exchange("POST", f"{self._access.auth_url}/auth/tokens", body, {})
        self._token = headers["x-subject-token"]
        for service in answer["token"]["catalog"]:
            for endpoint in service["endpoints"]:
                if endpoint["interface"] == "public":
                    self._endpoints[service["type"]] = endpoint["url"].rstrip("/")

    def call(
        self, method: str, service: str, path: str, body: Json = None, *, version: str = ""
    ) -> Json:
        """One request to a service type; the decoded answer. Raises ApiError.

        ``version`` is the microversion of the service, such as "2.90".
        """
        if not self._token:
            self.log_in()
        base = self._endpoints.get(service)
        if base is None:
            raise DeployError(f"The catalogue of this cloud has no service '{service}'.")
        headers = {"X-Auth-Token": self._token}
        if version:
            headers["OpenStack-API-Version"] = f"{service} {version}"
        return _exchange(method, base + path, body, headers)[1]

    def get(self, service: str, path: str, *, version: str = "") -> Json:
        return self.call("GET", service, path, version=version)

    def post(self, service: str, path: str, body: Json, *, version: str = "") -> Json:
        return self.call("POST", service, path, body, version=version)

    def put(self, service: str, path: str, body: Json) -> Json:
        return self.call("PUT", service, path, body)

    def upload(self, service: str, path: str, blocks: Iterable[bytes], size: int) -> None:
        """PUT ``size`` bytes as they come; raises ApiError."""
        if not self._token:
            self.log_in()
        headers = {
            "X-Auth-Token": self._token,
            "Content-Type": "application/octet-stream",
            "Content-Length": str(size),
        }
        _exchange("PUT", self._endpoints[service] + path, blocks, headers)

    def delete(self, service: str, path: str) -> None:
        """Delete an object; an object that does not exist counts as deleted."""
        try:
            self.call("DELETE", service, path)
        except ApiError as error:
            if error.status != 404:
                raise


def wait_for(what: str, seconds: float, is_done: Callable[[], bool], pause: float = 0.1) -> None:
    """Call ``is_done`` until it is true; raises DeployError after ``seconds``."""
    deadline = time.monotonic() + seconds
    while not is_done():
        if time.monotonic() > deadline:
            raise DeployError(f"{what}: not within {seconds:.0f} s.")
        time.sleep(pause)


def _exchange(
    method: str, url: str, body: Json, headers: Mapping[str, str]
) -> tuple[dict[str, str], Json]:
    """One request; (headers with lower-case names, decoded body). Raises ApiError."""
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=TIMEOUT_SECONDS)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    payload = body if isinstance(body, Iterator) or body is None else json.dumps(body)
    sent = {"Content-Type": "application/json", "Accept": "application/json", **headers}
    try:
        connection.request(method, target, payload, sent)
        answer = connection.getresponse()
        content = answer.read()
    except (OSError, http.client.HTTPException) as error:
        raise DeployError(
            f"{parts.scheme}://{parts.netloc} does not answer: {error}", "stratolith up"
        ) from None
    finally:
        connection.close()
    if answer.status >= 400:
        text = content.decode(errors="replace")[:500]
        raise ApiError(answer.status, f"{method} {url} answered {answer.status}: {text}")
    response_headers = {name.lower(): value for name, value in answer.getheaders()}
    return response_headers, _decode(content)


def _decode(content: bytes) -> Json:
    if not content:
        return None
    try:
        return json.loads(content)
    except ValueError:
        return content.decode(errors="replace")
