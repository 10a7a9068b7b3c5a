"""What others changed on the host while the pass worked."""

from __future__ import annotations

from collections.abc import Mapping

from stratolith.network.drivers.linux.bridging import flat
from stratolith.network.drivers.linux.host_kernel import netlink
from stratolith.network.drivers.linux.host_kernel.netlink import Link
from stratolith.network.drivers.linux.passes.work import Work
from stratolith.network.drivers.linux.watch import Ours, Watch


def detect(work: Work) -> None:
    """Discard reports of our own changes; detect changes that others made during the pass.

    Links are read again for this. Reports about rules were discarded when they were loaded.
    """
    host = work.memory.host
    assert host is not None and host.ours is not None
    _detect_mapped(work, host.ours)
    if work.links_unchanged:
        _check_touched(work, host, host.ours)
        return
    host.forget_links()
    links = netlink.links()
    work.memory.links = {name: link for name, link in links.items() if work.links.is_ours(link)}
    host.ours.links = {link.index: link for link in work.memory.links.values()}
    host.ours.carriers = _carriers(work, links)
    names = {bridge.name for bridge in work.plan.bridges if bridge.owner not in work.errors}
    names |= {tap.name for tap in work.plan.taps if tap.port_id not in work.errors}
    names |= {tunnel.name for tunnel in work.plan.tunnels if tunnel.network_id not in work.errors}
    for branch in work.plan.branches:
        if branch.owner not in work.errors:
            names |= {branch.name, branch.end}
    for patch in work.plan.patches:
        if patch.network_id not in work.errors:
            names |= {patch.name, patch.end}
    for space in work.plan.namespaces:
        if space.owner not in work.errors:
            names |= {device.host_name for device in space.devices}
    names &= set(work.links.by_name)
    work.memory.unsettled |= any(
        name not in links
        or not links[name].up
        or links[name].index != work.links.by_name[name].index
        for name in names
    )


def _detect_mapped(work: Work, ours: Ours) -> None:
    """The devices of flat networks are as they were at the beginning of the pass."""
    present = {name: netlink.link(name) for name in work.plan.mapped}
    ours.mapped = frozenset(link.index for link in present.values() if link is not None)
    work.memory.unsettled |= flat.survey(present, work.links.is_ours) != work.devices
    for spec in work.plan.cards:
        if spec.network_id not in work.errors:
            card, bridge = present[spec.card], work.links.by_name.get(spec.bridge)
            is_there = card is not None and bridge is not None and card.master == bridge.index
            work.memory.unsettled |= not is_there


def _carriers(work: Work, links: Mapping[str, Link]) -> frozenset[int]:
    """Indexes of the machine's own devices that carry our tags."""
    physical = [split.shared for split in work.plan.splits if split.physical]
    return frozenset(links[name].index for name in physical if name in links)


def _check_touched(work: Work, host: Watch, ours: Ours) -> None:
    """Read the links that the pass changed; all other reports are changes by others."""
    known = work.memory.links
    for name, index in work.links.touched.items():
        link, before = netlink.link(name), known.pop(name, None)
        for old_index in {index, before.index if before else index}:
            ours.links.pop(old_index, None)
        expected = work.links.by_name.get(name)
        if link is not None and work.links.is_ours(link):
            known[name] = ours.links[link.index] = link
        if expected is not None:
            as_made = link is not None and link.up and link.index == expected.index
            work.memory.unsettled |= not as_made
    if work.before is None or work.plan.splits != work.before.splits:
        physical = [split.shared for split in work.plan.splits if split.physical]
        links = {name: netlink.link(name) for name in physical}
        ours.carriers = _carriers(work, {n: link for n, link in links.items() if link})
    indexes = set(work.links.touched.values())
    work.memory.unsettled |= not host.forget_own(indexes, work.new_places)
