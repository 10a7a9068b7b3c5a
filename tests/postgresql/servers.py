"""Real server processes on one PostgreSQL database, for tests."""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import yaml

from stratolith.deploy.credentials import SECRET_NAMES

START_SECONDS = 120.0
SECRETS = {name: secrets.token_urlsafe(12) for name in SECRET_NAMES}


class Server:
    """One `stratolith server` with a state directory of its own."""

    def __init__(self, place: Path, url: str, *, fake: bool, **sections: dict[str, Any]) -> None:
        self.place = place
        self.environment: dict[str, str] = {}
        self.port = _free_port()
        place.mkdir()
        self.environment["STRATOLITH_CLOUD_STATE_DIR"] = str(place)
        config = {
            "cloud": {"fake": fake, "state_dir": str(place), "run_dir": str(place / "run")},
            "api": {"port": self.port, "single_port": True},
            "database": {"url": url},
            **sections,
        }
        (place / "stratolith.yaml").write_text(yaml.safe_dump(config))
        (place / "stratolith.yaml").chmod(0o640)  # the URL may have a password
        (place / "secrets.json").write_text(json.dumps(SECRETS))
        (place / "seed.json").write_text('{"fake": true}')
        self._process: subprocess.Popen[bytes] | None = None
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=30)

    def start(self) -> None:
        """Start the process; returns before it answers."""
        with (self.place / "output").open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "stratolith", "server",
                 "--config", str(self.place / "stratolith.yaml")],
                stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                env={**os.environ, **self.environment},
            )  # fmt: skip

    def wait_ready(self) -> None:
        def answers() -> bool:
            assert self._process is not None
            assert self._process.poll() is None, (self.place / "output").read_text()
            return self.is_ready()

        until(answers, START_SECONDS)

    def is_ready(self) -> bool:
        try:
            return self.http.get("/readyz").status_code == 200
        except httpx.TransportError:
            return False

    def end(self, how: signal.Signals = signal.SIGTERM) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(20)
            self._process = None

    def wait_end(self) -> int:
        """The status a process ends with by itself."""
        assert self._process is not None
        return self._process.wait(START_SECONDS)

    def signal(self, which: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(which)

    # -- as a client -----------------------------------------------------------------------------

    def log_in(self, user: str = "admin", project: str | None = "admin", password: str = "") -> str:
        """A token; raises AssertionError with the answer."""
        answer = self.try_log_in(user, project, password)
        assert answer.status_code == 201, answer.text
        return answer.headers["x-subject-token"]

    def try_log_in(self, user: str, project: str | None, password: str = "") -> httpx.Response:
        who = {
            "name": user,
            "domain": {"id": "default"},
            "password": password or SECRETS[f"{user}_password"],
        }
        auth: dict[str, Any] = {"identity": {"methods": ["password"], "password": {"user": who}}}
        if project is not None:
            auth["scope"] = {"project": {"name": project, "domain": {"id": "default"}}}
        return self.http.post("/identity/v3/auth/tokens", json={"auth": auth})

    def call(self, method: str, path: str, token: str, **options: Any) -> httpx.Response:
        return self.http.request(method, path, headers={"X-Auth-Token": token}, **options)

    def made(self, path: str, token: str, document: dict[str, Any]) -> Any:
        """What POST answers: the one object in it."""
        answer = self.call("POST", path, token, json=document)
        assert answer.status_code in (200, 201, 202), answer.text
        return next(iter(answer.json().values()))

    def accepts(self, token: str) -> bool:
        """Whether the token opens a door."""
        answer = self.call("GET", "/identity/v3/auth/catalog", token)
        assert answer.status_code in (200, 401), answer.text
        return answer.status_code == 200


def until(check: Callable[[], Any], seconds: float = 20.0) -> Any:
    """What ``check`` gives once it is true."""
    end = time.monotonic() + seconds
    while True:
        found = check()
        if found:
            return found
        assert time.monotonic() < end, "it did not become true in time"
        time.sleep(0.05)


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port
