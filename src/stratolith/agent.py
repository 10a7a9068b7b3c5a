"""The agent process of a host, and the simulated hosts of a fake cloud."""

from __future__ import annotations

import fcntl
import logging
import signal
import socket
import threading
from typing import TYPE_CHECKING

from stratolith import roster
from stratolith.kernel.agent import health
from stratolith.kernel.agent.client import HttpTransport
from stratolith.kernel.agent.host import Host, Room
from stratolith.kernel.config import ApiSection, Settings

if TYPE_CHECKING:
    from stratolith.kernel.environment import Environment

LOG = logging.getLogger(__name__)


def host_name() -> str:
    return socket.gethostname()


def health_port(settings: Settings) -> int:
    """Where the agent answers /healthz, /readyz and /metrics: beside the one port."""
    return settings.of(ApiSection).port + 1


def make_rooms(settings: Settings, host: str, *, fake: bool) -> list[Room]:
    """Every service's rooms on this host: ``rooms(settings, host, fake)`` of its agent.

    In the order of the services: wires before guests. Raises PluginError.
    """
    found: list[Room] = []
    for _, agent in roster.rooms("agent"):
        found += agent.rooms(settings, host, fake)
    return found


def simulated_hosts(env: Environment) -> list[Host]:
    """Agents with fake drivers inside the server's process."""
    from stratolith.kernel.agent.local import LocalTransport

    assert env.agents is not None
    name = host_name()
    transport = LocalTransport(env.agents)
    return [Host(name, transport, make_rooms(env.settings, name, fake=True))]


class AlreadyRunning(Exception):
    """Another agent works on this host."""


def run(settings: Settings) -> None:
    """Run this host's agent until SIGTERM or SIGINT; raises AlreadyRunning."""
    from stratolith.kernel import logging as logs

    logs.set_up(settings, "agent")
    settings.state_dir.mkdir(parents=True, exist_ok=True, mode=0o750)
    with open(settings.state_dir / "agent.lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise AlreadyRunning(f"an agent already works on {settings.state_dir}") from None
        name = host_name()
        transport = HttpTransport(settings.agent_socket, settings.state_dir / "cloud-id")
        host = Host(name, transport, make_rooms(settings, name, fake=settings.fake))
        ended = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: ended.set())
        host.start()
        page = health.serve(host.problems, health_port(settings), host.left_out)
        LOG.info("agent of %s runs", name)
        ended.wait()
        if page is not None:
            page.shutdown()
        host.stop()
