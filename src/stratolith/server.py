"""The control-plane process: the APIs of all services, reconcilers, agent API."""

from __future__ import annotations

import contextlib
import fcntl
import gc
import logging
import socket
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TextIO

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from stratolith import services as catalogue
from stratolith.kernel.agent.door import AgentDoor
from stratolith.kernel.agent.hub import AgentHub
from stratolith.kernel.bootstrap import Seed, read_secrets, read_seed
from stratolith.kernel.concurrency import Supervisor, prepare_structs
from stratolith.kernel.config import ApiSection, DatabaseSection, Settings
from stratolith.kernel.context import Context
from stratolith.kernel.db import Database, schema
from stratolith.kernel.db.engine import PREPARE_LOCK
from stratolith.kernel.environment import Environment
from stratolith.kernel.health import Health, root_index
from stratolith.kernel.hosts.listener import HostsListener, ServerWithHosts, open_port
from stratolith.kernel.http.app import Door, PathDoor
from stratolith.kernel.http.connections import Limits, raise_descriptor_limit
from stratolith.kernel.http.local_socket import LocalSocket
from stratolith.kernel.http.protocol import guarded
from stratolith.kernel.http.turns import Turns
from stratolith.kernel.ids import new_uuid
from stratolith.kernel.members import cloud
from stratolith.kernel.outbox import OutboxPublisher
from stratolith.kernel.policy.enforcer import Policies, read_overrides
from stratolith.kernel.policy.watcher import PolicyWatcher
from stratolith.kernel.reconcile import Controller
from stratolith.kernel.service import Service, plates

LOG = logging.getLogger(__name__)


class AlreadyRunning(Exception):
    """Another server works on this state directory."""


def make_environment(settings: Settings, services: Sequence[Service] | None = None) -> Environment:
    """The objects that all requests share; opens the database but does not change it."""
    loaded = list(services if services is not None else catalogue.load())
    prepare_structs()
    overrides = read_overrides(settings.state_dir / "policy.yaml")
    secrets = read_secrets(settings.state_dir / "secrets.json")
    env = Environment(
        settings=settings,
        db=Database(
            settings.database_url,
            settings.of(DatabaseSection).pool_size,
            password=secrets.get("database_password", ""),
        ),
        services=loaded,
        policies=Policies({s.type: s.policies for s in loaded}, overrides),
        secrets=secrets,
    )
    for service in loaded:
        if service.authenticator is not None:
            env.authenticator = service.authenticator(env)
    env.agents = AgentHub(env)
    return env


def prepare(env: Environment, seed: Seed) -> None:
    """Update the schema and create the first objects; only one server at a time."""
    with env.db.locked(PREPARE_LOCK):
        schema.upgrade(env.db, catalogue.migrations(plates(env)))
        env.db.run(lambda session: cloud.ensure_id(session, env.clock.now()))
        for service in plates(env):
            if service.bootstrap is not None:
                ctx = Context.of_the_cloud(env, service, write=True)
                ctx.transaction.run(partial(service.bootstrap, ctx, seed))


class FrontDoor:
    """Passes a request to the application of its port."""

    def __init__(self, by_port: Mapping[int, ASGIApp], otherwise: ASGIApp, agents: ASGIApp) -> None:
        """``agents`` also gets all TLS requests; the other applications have no TLS."""
        self._by_port = by_port
        self._otherwise = otherwise
        self._agents = agents

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        server = scope.get("server")
        port = server[1] if server else None
        if port is None or scope["scheme"] == "https":  # a unix socket has no port
            await self._agents(scope, receive, send)
        else:
            await self._by_port.get(port, self._otherwise)(scope, receive, send)


def build_app(env: Environment, turns: Turns) -> FrontDoor:
    """The ASGI application: classic ports, the port for all services, the agents' socket."""
    api = env.settings.of(ApiSection)
    by_port: dict[int, ASGIApp] = {}
    by_path: dict[str, ASGIApp] = {}
    for service in plates(env):
        by_port[service.port + api.port_offset] = Health(env, Door(env, service, turns))
        for mount in (service.mount, *service.aliases):
            by_path[mount] = Door(env, service, turns, mount=mount)
        for side in service.side_doors:
            options: dict[str, Any] = {"routes": side.routes, "errors": side.errors}
            by_port[side.port + api.port_offset] = Door(env, service, turns, **options)
            by_path[side.mount] = Door(env, service, turns, mount=side.mount, **options)
    root = Health(env, PathDoor(by_path, root_index(env)))
    return FrontDoor(by_port, root, AgentDoor(env, turns))


def ports(settings: Settings, services: Sequence[Service]) -> dict[int, str]:
    """Port -> the service on it."""
    api = settings.of(ApiSection)
    by_port = {api.port: "all services by path"}
    if not api.single_port:
        for service in services:
            by_port[service.port + api.port_offset] = service.type
            for side in service.side_doors:
                by_port[side.port + api.port_offset] = side.name
    return by_port


def controllers(env: Environment) -> list[Controller]:
    """One controller for each reconciler of each service and of the kernel."""
    holder = new_uuid()
    all_controllers = [Controller(env, None, OutboxPublisher(), holder)]
    for service in plates(env):
        all_controllers += [
            Controller(env, service, kind(), holder) for kind in service.reconcilers
        ]
    return all_controllers


def serve(settings: Settings) -> None:
    """Run the control plane until SIGTERM or SIGINT; raises AlreadyRunning."""
    from stratolith.kernel import logging as logs

    logs.set_up(settings, "server")
    raise_descriptor_limit()
    with _only_one(settings):
        env = make_environment(settings)
        env.db.wait_ready(settings.of(DatabaseSection).wait_seconds)
        prepare(env, read_seed(settings.state_dir / "seed.json"))
        api = settings.of(ApiSection)
        turns = Turns(api.threads)
        supervisor = Supervisor()
        leave = _join(env, supervisor)
        watcher = PolicyWatcher(env.policies, settings.state_dir / "policy.yaml")
        supervisor.start("policy file", watcher.run, watcher.stop)
        for controller in controllers(env):
            for name, body in controller.threads():
                supervisor.start(name, body, controller.stop)
        hosts = _simulated_hosts(env) if settings.fake else []
        local = LocalSocket(settings.agent_socket)
        sockets = [*_listen(settings, plates(env)), local.open()]
        try:
            config = uvicorn.Config(
                build_app(env, turns),
                http=guarded(Limits.of(api)),
                ws="none",
                loop="uvloop",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_keep_alive=75,
                timeout_graceful_shutdown=3,
                proxy_headers=False,
            )
            LOG.info("serving %s", ports(settings, plates(env)))
            server = ServerWithHosts(config, _listener(env, supervisor))
            local.keep(server)
            _leave_out_of_collections()
            server.run(sockets=sockets)
        finally:
            for host in hosts:
                host.stop()
            supervisor.stop()
            leave()
            turns.shutdown(wait=False)
            env.db.dispose()


def _leave_out_of_collections() -> None:
    """What is loaded by now stays until the end.

    The garbage collector would look through all of it during each request that makes thousands of
    objects: up to half of the time of a long list.
    """
    gc.collect()
    gc.freeze()


def _join(env: Environment, supervisor: Supervisor) -> Callable[[], None]:
    """Connect to the other servers on the same database; returns a function that disconnects."""
    if env.db.is_sqlite:
        return lambda: None
    from stratolith.kernel.members.peers import Peers

    name = f"{socket.gethostname()}:{env.settings.of(ApiSection).port}"
    peers = Peers(env.db, env.hints, name)
    peers.start(supervisor)
    return peers.leave


def _listener(env: Environment, supervisor: Supervisor) -> HostsListener | None:
    """The listener for agents of other machines, if configured; raises CannotStart."""
    address = env.settings.hosts_address
    if address is None:
        return None
    listener = HostsListener(env, address)
    supervisor.start("server certificate", listener.keep_renewing, listener.stop)
    LOG.info("serving other hosts on %s port %d", *address)
    return listener


def _simulated_hosts(env: Environment) -> list[Any]:
    from stratolith.simulated import simulated_hosts

    hosts = simulated_hosts(env)
    for host in hosts:
        host.start()
    return hosts


@contextlib.contextmanager
def _only_one(settings: Settings) -> Any:
    """Hold the lock that allows only one server per state directory."""
    settings.state_dir.mkdir(parents=True, exist_ok=True, mode=0o750)
    lock: TextIO
    with open(settings.state_dir / "server.lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise AlreadyRunning(f"a server already works on {settings.state_dir}") from None
        yield


def _listen(settings: Settings, services: Sequence[Service]) -> list[socket.socket]:
    """Open all ports; the OSError it raises contains the address."""
    api = settings.of(ApiSection)
    return [open_port(api.listen, port) for port in ports(settings, services)]
