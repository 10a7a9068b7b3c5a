"""A whole cloud in this process: the real app, the real database, no sockets.

    cloud = TestCloud(tmp_path)              # premade objects as after ``stratolith up --fake``
    admin = cloud.client("admin")            # project admin, user admin
    demo = cloud.client("demo")
    answer = demo.post("compute", "/servers", json={...})
    cloud.settle()                           # reconcilers and simulated hosts come to rest

Hosts run only after ``cloud.start_hosts()``; reconcilers run in ``settle()``, on this thread.
"""

from __future__ import annotations

import shutil
import socket
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx2 as httpx
import msgspec
from starlette.testclient import TestClient
from starlette.types import ASGIApp

from stratolith import server
from stratolith import services as catalogue
from stratolith.kernel import config
from stratolith.kernel.agent.caller import AgentCaller
from stratolith.kernel.agent.door import AgentDoor
from stratolith.kernel.bootstrap import Seed
from stratolith.kernel.health import Health, root_index
from stratolith.kernel.http.app import Door, PathDoor
from stratolith.kernel.http.turns import Turns
from stratolith.kernel.service import plates
from tests.testcloud.asgi import WithLifespan
from tests.testcloud.databases import databases, is_postgresql, share_statements

PASSWORD = "secret-of-the-tests"
SECRETS = {
    "admin_password": PASSWORD,
    "demo_password": PASSWORD,
    "service_password": PASSWORD,
    "metadata_secret": "metadata-secret",
    "database_key": "database-key",
}
_TEMPLATE: Path | None = None
_TokenKey = tuple[str, str | None, str]  # user, project, what else a log-in says
# Clouds of one template have its users, passwords and keys: a token of one is good in the others
# too. To log in takes longer than to make the cloud (a hash that is slow on purpose).
_TOKENS: dict[_TokenKey, str] = {}


def _template() -> Path:
    """A state directory bootstrapped once per test process, copied for each cloud."""
    global _TEMPLATE
    if _TEMPLATE is None:
        _TEMPLATE = Path(tempfile.mkdtemp(prefix="stratolith-tests-"))
        (_TEMPLATE / "secrets.json").write_bytes(msgspec.json.encode(SECRETS))
        if is_postgresql():
            databases().make_template(_bootstrap)
        else:
            _bootstrap("")
    return _TEMPLATE


def _bootstrap(url: str) -> None:
    assert _TEMPLATE is not None
    env = server.make_environment(_settings(_TEMPLATE, {"database": {"url": url}}))
    server.prepare(env, Seed(fake=True))
    env.db.dispose()


def _settings(state_dir: Path, overrides: dict[str, dict[str, Any]]) -> config.Settings:
    merged: dict[str, dict[str, Any]] = {
        "cloud": {"state_dir": str(state_dir), "run_dir": str(state_dir / "run"), "fake": True},
        "database": {},
    }
    for section, values in overrides.items():
        merged.setdefault(section, {}).update(values)
    return config.load(catalogue.sections(catalogue.load()), overrides=merged)


class TestCloud:
    """One cloud; ``overrides`` are settings by section. Close it when done."""

    __test__ = False  # not a test class, whatever its name looks like

    def __init__(
        self, folder: Path | None = None, *, fresh: bool = False, **overrides: dict[str, Any]
    ) -> None:
        self.folder = Path(folder or tempfile.mkdtemp(prefix="stratolith-cloud-"))
        if not fresh:
            shutil.copytree(_template(), self.folder, dirs_exist_ok=True)
        else:
            self.folder.mkdir(parents=True, exist_ok=True)
            (self.folder / "secrets.json").write_bytes(msgspec.json.encode(SECRETS))
        self._database = ""  # of a PostgreSQL server for tests, to be given back
        if is_postgresql() and "database" not in overrides:
            self._database = databases().empty() if fresh else databases().take()
            overrides = {**overrides, "database": {"url": self._database}}
        self._is_fresh = fresh
        self.settings = _settings(self.folder, overrides)
        self.env = server.make_environment(self.settings)
        share_statements(self.env.db)
        if fresh:
            server.prepare(self.env, Seed(fake=True))
        self.turns = Turns(8)
        doors: dict[str, Any] = {}
        for service in plates(self.env):
            doors[service.mount] = Door(self.env, service, self.turns, mount=service.mount)
            for side in service.side_doors:
                doors[side.mount] = Door(
                    self.env,
                    service,
                    self.turns,
                    mount=side.mount,
                    routes=side.routes,
                    errors=side.errors,
                )
        # who asks the agent API; here nobody comes by a connection that could tell
        self.agent = AgentCaller(socket.gethostname(), is_local=True)
        doors["/agent"] = AgentDoor(
            self.env, self.turns, identify=lambda env, scope: self.agent, mount="/agent"
        )
        self.app: ASGIApp = Health(self.env, PathDoor(doors, root_index(self.env)))
        self.http = TestClient(WithLifespan(self.app), base_url="http://cloud.test")
        self.http.__enter__()
        self.controllers = server.controllers(self.env)
        self.hosts: list[Any] = []
        self._tokens: dict[_TokenKey, str] = {}
        self._shares_tokens = not fresh and not overrides.keys() - {"database"}

    def client(
        self,
        user: str,
        project: str | None = "",
        *,
        password: str = PASSWORD,
        anew: bool = False,
        **scope: Any,
    ) -> Client:
        """A client with a token of ``user`` for the project of the same name, or ``project``.

        project None: unscoped; ``system=True`` or ``domain="Default"`` for other scopes.
        anew: log in now and share the token with nobody.
        """
        name = user if project == "" else project
        if anew:
            return Client(self, self._log_in(user, name, password, scope))
        key = (user, name, msgspec.json.encode(scope).decode() + password)
        if key not in self._tokens:
            known = _TOKENS.get(key, "") if self._shares_tokens else ""
            if not known or not self._is_good(known):
                known = self._log_in(user, name, password, scope)
                if self._shares_tokens and password == PASSWORD:
                    _TOKENS[key] = known
            self._tokens[key] = known
        return Client(self, self._tokens[key])

    def anonymous(self) -> Client:
        return Client(self, "")

    def start_hosts(self) -> None:
        """Start the simulated hosts' threads."""
        if not self.hosts:
            from stratolith.simulated import simulated_hosts

            self.hosts = simulated_hosts(self.env)
            for host in self.hosts:
                host.start()

    def settle(self, rounds: int = 20) -> None:
        """Run the reconcilers on this thread until no key is left."""
        for controller in self.controllers:
            controller.scan()
        for _ in range(rounds):
            worked = [controller.step(timeout=0) for controller in self.controllers]
            if not any(worked):
                return

    def wait(self, check: Any, seconds: float = 10.0) -> Any:
        """Poll ``check()`` until it is true (settling in between); fails after ``seconds``."""
        end = time.monotonic() + seconds
        while True:
            found = check()
            if found:
                return found
            assert time.monotonic() < end, "it did not become true in time"
            self.settle()
            time.sleep(0.01)

    def close(self) -> None:
        for host in self.hosts:
            host.stop()
        self.http.__exit__(None, None, None)
        self.turns.shutdown(wait=True)
        self.env.db.dispose()
        if self._database and not self._is_fresh:
            databases().give(self._database)

    def _is_good(self, token: str) -> bool:
        """Whether a token of another cloud of the template is one of this cloud too."""
        headers = {"X-Auth-Token": token, "X-Subject-Token": token}
        answer = self.http.get("/identity/v3/auth/tokens", headers=headers)
        return bool(answer.status_code == 200)

    def _log_in(self, user: str, project: str | None, password: str, scope: dict[str, Any]) -> str:
        who = {"name": user, "password": password, "domain": {"name": "Default"}}
        auth: dict[str, Any] = {"identity": {"methods": ["password"], "password": {"user": who}}}
        if scope.get("system"):
            auth["scope"] = {"system": {"all": True}}
        elif scope.get("domain"):
            auth["scope"] = {"domain": {"name": scope["domain"]}}
        elif project is not None:
            auth["scope"] = {"project": {"name": project, "domain": {"name": "Default"}}}
        answer = self.http.post("/identity/v3/auth/tokens", json={"auth": auth})
        assert answer.status_code == 201, answer.text
        return str(answer.headers["x-subject-token"])


class Client:
    """Talks to one cloud with one token; paths are relative to the service's endpoint."""

    def __init__(self, cloud: TestCloud, token: str) -> None:
        self.cloud = cloud
        self.token = token

    def request(self, method: str, service: str, path: str, **options: Any) -> httpx.Response:
        """``service`` is a service type; "raw" takes the path as it is."""
        headers = {"X-Auth-Token": self.token} if self.token else {}
        headers.update(options.pop("headers", {}))
        version = options.pop("microversion", None)
        if version:
            headers["OpenStack-API-Version"] = f"{service} {version}"
        if service != "raw":
            found = self.cloud.env.service(service)
            path = found.mount + found.prefix + path
        answer: httpx.Response = self.cloud.http.request(method, path, headers=headers, **options)
        return answer

    def get(self, service: str, path: str, **options: Any) -> httpx.Response:
        return self.request("GET", service, path, **options)

    def head(self, service: str, path: str, **options: Any) -> httpx.Response:
        return self.request("HEAD", service, path, **options)

    def post(self, service: str, path: str, **options: Any) -> httpx.Response:
        return self.request("POST", service, path, **options)

    def put(self, service: str, path: str, **options: Any) -> httpx.Response:
        return self.request("PUT", service, path, **options)

    def patch(self, service: str, path: str, **options: Any) -> httpx.Response:
        return self.request("PATCH", service, path, **options)

    def delete(self, service: str, path: str, **options: Any) -> httpx.Response:
        return self.request("DELETE", service, path, **options)
