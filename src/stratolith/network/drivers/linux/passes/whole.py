"""The order of a pass, and its report.

The order matters for security: first unwanted objects are removed, then the filters are loaded,
and only then devices are attached. No frame of a guest passes before its rules are in force.
"""

from __future__ import annotations

import time

from stratolith.network.drivers.base import Applied, HostNetworkView
from stratolith.network.drivers.linux.passes import (
    changes,
    devices,
    processes,
    rules,
    settings,
    spaces,
    traffic,
    unwanted,
)
from stratolith.network.drivers.linux.passes.work import Work


def run(work: Work, view: HostNetworkView) -> Applied:
    """Apply the plan, which is made of ``view``."""
    memory = work.memory
    memory.unsettled = False
    work.record()
    refused_before, ports = memory.refused
    if ports and refused_before == work.whole and not work.deep:
        rules.leave_out(work, ports)
    settings.settle(work)
    unwanted.remove(work)
    filtered = rules.load(work)
    devices.make_bridges(work)
    if filtered:
        devices.attach(work)
        with work.noted("local IPs"):
            rules.load_answers(work)
    spaces.make(work)
    traffic.hold_places(work)
    processes.start(work)
    if filtered:
        traffic.end_forbidden(work)
    changes.detect(work)
    if work.deep:
        memory.last_deep = time.monotonic()
    work.record()
    failed = work.errors.keys() - work.plan.broken.keys()
    memory.done, memory.plan = work.plan, None if failed else work.plan
    return _applied(work, view, filtered)


def _applied(work: Work, view: HostNetworkView, filtered: bool) -> Applied:
    failed = work.errors
    networks = [net for net in view.networks if net.id not in failed]
    ports = [port.id for net in networks for port in net.ports if port.id not in failed]
    routers = [router for router in view.routers if router.id not in failed]
    return Applied(
        generation=view.generation,
        ports=ports if filtered else [],
        networks=[net.id for net in networks],
        routers=[router.id for router in routers],
        floating_ips=[
            *(fip.id for router in routers for fip in router.floating_ips),
            *{fwd.floating_ip_id for router in routers for fwd in router.port_forwardings},
        ],
        errors=dict(failed),
        elections={
            space.owner: work.memory.active.get(space.name, False)
            for space in work.plan.namespaces
            if space.election is not None and space.owner not in failed
        },
    )
