"""Processes of the host: DHCP servers, daemons that advertise routers, elections."""

from __future__ import annotations

import logging

from stratolith.kernel import metrics
from stratolith.network.drivers.linux import names
from stratolith.network.drivers.linux.objects import DhcpSpec
from stratolith.network.drivers.linux.passes.work import Work

log = logging.getLogger(__name__)


def start(work: Work) -> None:
    """Start what does not run; elections first, because they decide who may advertise."""
    _elections(work)
    for server in work.plan.dhcp:
        with work.noted(server.owner):
            _dhcp(work, server)


def stop_unwanted(work: Work) -> None:
    """End the processes of other networks and routers; a full look finds those without files."""
    for helpers in (work.dnsmasq.processes, work.keepalived.processes):
        helpers.forget()
        helpers.namespaces = set(work.ledger.entries.namespaces.values())
        if work.deep:
            helpers.look()
    for network_id in set(work.dnsmasq.processes.owners()) - {s.owner for s in work.plan.dhcp}:
        work.memory.forget_server(network_id)
        work.dnsmasq.stop(network_id)
    elected = {s.owner for s in work.plan.namespaces if s.election is not None}
    left = sorted(set(work.keepalived.processes.owners()) - elected)
    for router_id in left:
        work.memory.forget_server(names.router_namespace(router_id))
    work.keepalived.stop(left)


def _dhcp(work: Work, server: DhcpSpec) -> None:
    if not _is_active(work, server.namespace):
        work.memory.forget_server(server.owner)
        work.dnsmasq.stop(server.owner)
        return
    # do not use the process handle: it reports the end a moment later
    was_there = server.owner in work.memory.servers
    has_died = was_there and work.dnsmasq.pid(server.owner) is None
    if has_died:  # counted before the start, because a server may end again while it starts
        metrics.HELPER_RESTARTS.labels("dnsmasq").inc()
        log.warning("dnsmasq of %s had ended: started again", server.owner)
    pid = work.dnsmasq.ensure(server)
    work.memory.remember_server(server.owner, pid)


def _elections(work: Work) -> None:
    for space in work.plan.namespaces:
        if space.election is None or space.owner in work.errors:
            continue
        with work.noted(space.owner):
            former = work.keepalived.pid(space.owner)
            if space.name in work.memory.servers and former is None:
                metrics.HELPER_RESTARTS.labels("keepalived").inc()
                log.warning("keepalived of %s had ended: started again", space.owner)
            pid = work.keepalived.ensure(space, space.election)
            if pid != former:  # what was seen before are addresses that a dead one left
                work.memory.active[space.name] = False
            work.memory.remember_server(space.name, pid)


def _is_active(work: Work, namespace: str) -> bool:
    """Whether this host may send as the namespace's router: only its active host may."""
    elected = {space.name for space in work.plan.namespaces if space.election is not None}
    return namespace not in elected or work.memory.active.get(namespace, False)
