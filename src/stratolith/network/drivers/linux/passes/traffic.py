"""What the kernel remembers of traffic: where MAC addresses are, and open connections."""

from __future__ import annotations

from stratolith.network.drivers.linux.host_kernel import conntrack, neighbours, netlink
from stratolith.network.drivers.linux.passes.work import Work


def hold_places(work: Work) -> None:
    """Tell the bridges behind which devices the ports' MAC addresses are."""
    ends = [(tap.port_id, tap.name, tap.mac) for tap in work.plan.taps if tap.is_here]
    ends += [(b.owner, b.name, b.mac) for b in work.plan.branches if b.mac]
    here: set[str] = set()  # MAC addresses of routers that are active here or elsewhere
    for space in work.plan.namespaces:
        still = [device for device in space.devices if not device.moves]
        ends += [(space.owner, device.host_name, device.mac) for device in still]
        here |= {device.mac for device in space.devices if device.moves}
    for tunnel in work.plan.tunnels:
        macs = [mac for peer in tunnel.peers for mac in peer.macs]
        macs += [mac for mac in tunnel.moving if mac not in here]
        ends += [(tunnel.network_id, tunnel.name, mac) for mac in macs]
    places = frozenset(
        (work.links.by_name[name].index, netlink.packed(mac))
        for owner, name, mac in ends
        if owner not in work.errors and name in work.links.by_name
    )
    host = work.memory.host
    assert host is not None
    devices = {index for index, _ in places}
    by_name = work.links.by_name
    former_ends = [tap.name for tap in work.plan.taps]  # whose entries may all have gone
    former_ends += [tunnel.name for tunnel in work.plan.tunnels]
    devices |= {by_name[name].index for name in former_ends if name in by_name}
    # the kernel deletes the entries of a device that moves to another bridge
    moved = set(work.links.touched.values())
    work.new_places = frozenset(
        place for place in places if place not in host.kept or place[0] in moved
    )
    with work.noted("places"):
        former = [place for place in host.kept - places if place[0] in devices]
        neighbours.hold_places(work.new_places if work.links_unchanged else places, former)
        work.new_places |= set(former)
        host.kept = places


def end_forbidden(work: Work) -> None:
    now = {port.port_id: port for port in work.plan.flows}
    before, groups = work.memory.flows, work.plan.groups
    if before is None:
        # rules may have changed while no agent ran: check all flows once
        changed, removed = list(now.values()), []
    else:
        shrunk = conntrack.shrunk(work.memory.groups, groups)
        changed = conntrack.ports_to_check(before, now, shrunk)
        removed = [port for key, port in before.items() if key not in now]
    with work.noted("connections"):
        conntrack.end_forbidden(changed, removed, groups)
        work.memory.flows, work.memory.groups = now, groups
