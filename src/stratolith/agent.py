"""The agent process of a host."""

from __future__ import annotations

import fcntl
import logging
import signal
import socket
import threading

from stratolith import roster
from stratolith.kernel.addresses import is_loopback
from stratolith.kernel.agent import health
from stratolith.kernel.agent.client import HttpTransport, by_socket
from stratolith.kernel.agent.host import Addresses, Host, Room
from stratolith.kernel.agent.member import Membership, Renewal
from stratolith.kernel.agent.questions import QuestionRoom
from stratolith.kernel.concurrency import Supervisor, prepare_structs
from stratolith.kernel.config import ApiSection, HostsSection, Settings

LOG = logging.getLogger(__name__)

_EVERYWHERE = ("0.0.0.0", "::")
_SOMEWHERE = "192.0.2.1"  # of RFC 5737: an address that is reached by the default route


def host_name() -> str:
    return socket.gethostname()


def health_port(settings: Settings) -> int:
    """The port of /healthz, /readyz and /metrics of the agent: next to the API port."""
    return settings.of(ApiSection).port + 1


def make_rooms(settings: Settings, host: str, *, fake: bool) -> list[Room]:
    """The rooms of all services on this host: ``rooms(settings, host, fake)`` of their agents.

    In the order of the services: network before guests; last the one that answers questions.
    Raises PluginError.
    """
    rooms: list[Room] = []
    for _, agent in roster.rooms("agent"):
        rooms += agent.rooms(settings, host, fake)
    prepare_structs()
    return [*rooms, QuestionRoom(rooms)]


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
        prepare_structs()  # before the first thread, and for the rooms' modules once more
        threads = Supervisor()
        name, transport = _connect(settings, threads)
        rooms = make_rooms(settings, name, fake=settings.fake)
        host = Host(name, transport, rooms, own_addresses(settings))
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
        threads.stop()
        transport.close()


def _connect(settings: Settings, threads: Supervisor) -> tuple[str, HttpTransport]:
    """This host's name and its transport to the server; raises NotAMember."""
    cloud_file = settings.state_dir / "cloud-id"
    if not settings.of(HostsSection).server:
        return host_name(), HttpTransport(by_socket(settings.agent_socket), cloud_file)
    membership = Membership(settings.state_dir)
    transport = membership.transport(cloud_file)
    renewal = Renewal(membership, transport)
    threads.start("certificate", renewal.run, renewal.stop)
    return membership.read().name, transport


def own_addresses(settings: Settings) -> Addresses:
    """Addresses at which other hosts reach this one, as far as settings or routes define them."""
    api, hosts = settings.of(ApiSection), settings.of(HostsSection)
    own = ""
    if hosts.server:
        own = source_address(hosts.server.rpartition(":")[0].strip("[]"))
    elif settings.hosts_address is not None:
        listen = settings.hosts_address[0]
        own = source_address(_SOMEWHERE) if listen in _EVERYWHERE else listen
    is_api = not hosts.server and not is_loopback(api.listen)
    tunnel = hosts.tunnel_address or own
    return Addresses(own if is_api else "", tunnel, hosts.storage_address or tunnel)


def source_address(towards: str) -> str:
    """The source address of packets from this machine to another one; "" without a route."""
    family = socket.AF_INET6 if ":" in towards else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((towards, 9))  # sends no packet
            return str(probe.getsockname()[0])
        except OSError:
            return ""
