"""Takes the gateways of routers from hosts that seem to be dead, with driver ovn.

Among three hosts OVN does it by itself. Of two, the one that is left does not know whether it is
the one that is cut off; the server does, as agents ask it for hints all the time.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Iterable, Mapping

from stratolith.kernel.context import Context
from stratolith.kernel.hosts import records
from stratolith.kernel.reconcile import Reconciler, Result
from stratolith.network.drivers.base import NetworkDriverError
from stratolith.network.drivers.ovn.switch import database_socket
from stratolith.network.drivers.ovn.tunnel_states import TunnelStates
from stratolith.network.managers import host_hints
from stratolith.network.managers.routing.gateway_hosts import SILENT
from stratolith.network.reconcilers.northbound import WHOLE
from stratolith.network.settings import NetworkSettings

LOG = logging.getLogger(__name__)
HOSTS = "hosts"
ANSWER_SECONDS = 1.0  # in which an agent answers when it is woken
ALONE_SECONDS = 15.0  # without a request; what counts when tunnels show nothing
PAUSE, CLOSE_PAUSE = 0.5, 0.1  # seconds between looks, and while tunnels are interrupted
_WAKE = "wake"  # a view that no agent has: the hint ends its request, and it makes the next one


class Suspicion:
    """Which hosts are dead: those that do not answer when they are woken, because their tunnels are
    interrupted, or that are silent for long.

    An agent that is started again is silent for some seconds, and its tunnels go on.
    """

    def __init__(self) -> None:
        self._woken: dict[str, float] = {}  # host -> when, on the caller's clock

    def look(
        self,
        now: float,
        silences: Mapping[str, float],
        interrupted: Collection[str],
        wake: Callable[[str], None],
    ) -> frozenset[str]:
        """The dead hosts. One that did not answer is dead until it asks again, because without
        gateways its tunnels are not watched.
        """
        dead = set()
        for host, seconds in silences.items():
            since = now - self._woken.get(host, now)
            is_waiting = host in self._woken and seconds >= since
            if not is_waiting and since > ANSWER_SECONDS:
                del self._woken[host]
            if host in interrupted and host not in self._woken and seconds <= ALONE_SECONDS:
                self._woken[host] = now
                wake(host)
            if seconds > ALONE_SECONDS or (is_waiting and since > ANSWER_SECONDS):
                dead.add(host)
        return frozenset(dead)


class GatewayWatch(Reconciler):
    """The only key is HOSTS."""

    name = "network.gateway_watch"
    interval = PAUSE

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tunnels: TunnelStates | None = None
        self._suspicion = Suspicion()
        self._dead: frozenset[str] = frozenset()

    def keys(self, ctx: Context) -> Iterable[str]:
        settings, agents = ctx.env.settings, ctx.env.agents
        is_used = settings.of(NetworkSettings).driver == "ovn" and settings.hosts_address
        if not is_used or agents is None:
            self.interval = 20.0
            return []
        interrupted = self._interrupted(ctx)
        self.interval = CLOSE_PAUSE if interrupted else PAUSE
        known = SILENT.of(ctx.env).hosts
        self._dead = self._suspicion.look(
            ctx.env.clock.monotonic(),
            agents.silences(),
            interrupted,
            lambda host: agents.hint(host, _WAKE),
        )
        return [HOSTS] if self._dead != known else []

    def reconcile(self, ctx: Context, key: str) -> Result | None:
        known, hosts = SILENT.of(ctx.env), self._dead
        members = {record.name for record in records.records(ctx.session)}
        for host in sorted(members & hosts - known.hosts):
            LOG.warning("host %s does not answer: other hosts get the gateways of routers", host)
        if hosts != known.hosts:
            known.hosts = hosts
            ctx.hint(host_hints.NORTHBOUND, WHOLE)
        return None

    def _interrupted(self, ctx: Context) -> set[str]:
        with self._lock:
            if self._tunnels is None:
                self._tunnels = TunnelStates(database_socket(ctx.env.settings.state_dir))
            try:
                return self._tunnels.interrupted()
            except NetworkDriverError:  # the switch starts, or this machine has none
                self._tunnels.close()
                return set()
