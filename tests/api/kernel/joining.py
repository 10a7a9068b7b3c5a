"""A cloud of the tests that listens for agents of other machines, with real TLS."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import uvicorn

from stratolith.kernel.agent import admission
from stratolith.kernel.agent.client import HttpTransport, by_socket
from stratolith.kernel.agent.door import AgentDoor
from stratolith.kernel.agent.member import Membership
from stratolith.kernel.environment import Environment
from stratolith.kernel.hosts.listener import HostsListener, ServerWithHosts
from stratolith.kernel.http.connections import Limits
from stratolith.kernel.http.local_socket import LocalSocket
from stratolith.kernel.http.protocol import guarded
from stratolith.kernel.http.turns import Turns


@dataclass
class Served:
    """Where the agent API is: for the administrator by the socket, for machines by TLS."""

    env: Environment
    path: Path
    address: str  # ADDRESS:PORT
    agents: list[HttpTransport] = field(default_factory=list)

    def as_admin(self, method: str, path: str) -> httpx.Response:
        with by_socket(self.path)() as client:
            return client.request(method, path)

    def token(self, minutes: int = 60) -> str:
        answer = self.as_admin("POST", f"/v1/cloud/tokens?minutes={minutes}")
        assert answer.status_code == 200, answer.text
        return str(answer.json()["token"])

    def join(self, folder: Path, name: str, token: str = "") -> HttpTransport:
        """What a machine does that joins; gives its way to the server."""
        membership = Membership(folder)
        admission.ask(self.address, token or self.token(), name).keep(membership)
        self.agents.append(membership.transport(folder / "cloud-id"))
        return self.agents[-1]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def served(env: Environment, folder: Path) -> Iterator[Served]:
    local = LocalSocket(folder / "agent.sock")
    listening, turns = local.open(), Turns(4)
    listener = HostsListener(env, ("127.0.0.1", free_port()))
    config = uvicorn.Config(
        AgentDoor(env, turns),
        http=guarded(Limits()),
        lifespan="off",
        log_config=None,
        timeout_graceful_shutdown=1,
    )
    server = ServerWithHosts(config, listener)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([listening])))
    thread.start()
    end = time.monotonic() + 10
    while not server.started and time.monotonic() < end:
        time.sleep(0.01)
    found = Served(env, local.path, f"127.0.0.1:{listener.address[1]}")
    try:
        yield found
    finally:
        for agent in found.agents:
            agent.close()
        server.should_exit = True
        thread.join()
        turns.shutdown(wait=True)
