"""Devices of the host: bridges, taps, tunnels, branches, and cards of flat networks."""

from __future__ import annotations

from pyroute2.netlink.exceptions import NetlinkError

from stratolith.network.drivers.base import NetworkDriverError
from stratolith.network.drivers.linux.host_kernel import netlink, promiscuity
from stratolith.network.drivers.linux.objects import HostPlan, SplitSpec
from stratolith.network.drivers.linux.passes.work import Work


def make_bridges(work: Work) -> None:
    """Make the bridges; nothing is attached to them yet."""
    settled = set(work.before.bridges) if work.before else set()
    for bridge in work.plan.bridges:
        with work.noted(bridge.owner):
            if bridge not in settled:
                work.links.ensure_bridge(bridge)


def attach(work: Work) -> None:
    """Make everything on the bridges; the filters must be in force."""
    for tap in work.plan.taps:
        with work.noted(tap.port_id):
            work.links.ensure_tap(tap)
    settled = set(work.before.tunnels) if work.before else set()
    for tunnel in work.plan.tunnels:
        with work.noted(tunnel.network_id):
            if tunnel not in settled:
                work.links.ensure_tunnel(tunnel)
    _branches(work)
    _flat(work)


def _branches(work: Work) -> None:
    branches = set(work.before.branches) if work.before else set()
    for branch in work.plan.branches:
        with work.noted(branch.owner):
            if branch not in branches:
                work.links.ensure_branch(branch)
    splits = set(work.before.splits) if work.before else set()
    for split in work.plan.splits:
        if split in splits:
            continue
        try:
            _promiscuous(work, split)
            work.links.ensure_split(split)
        except (NetworkDriverError, NetlinkError, OSError) as error:
            for branch in split.branches:  # none of them gets a frame
                work.errors.setdefault(branch.owner, str(error))


def _flat(work: Work) -> None:
    """Connect flat networks to their devices of the machine."""
    settled = {*work.before.cards, *work.before.patches} if work.before else set()
    for patch in work.plan.patches:
        with work.noted(patch.network_id):
            if patch not in settled:
                work.links.ensure_patch(patch)
    for card in work.plan.cards:
        if card in settled:
            continue
        with work.noted(card.network_id):
            work.ledger.entries.cards[card.card] = card.bridge
            work.record()
            work.links.ensure_card(card)


def _promiscuous(work: Work, split: SplitSpec) -> None:
    if split.physical and not promiscuity.is_on(split.shared):
        if split.shared not in work.ledger.entries.promiscuous:
            work.ledger.entries.promiscuous.append(split.shared)
            work.record()
        work.links.set_promiscuous(split.shared, on=True)


def _names(plan: HostPlan) -> set[str]:
    """The names of all devices of the plan in the host's own namespace."""
    wanted = {bridge.name for bridge in plan.bridges}
    wanted |= {tap.name for tap in plan.taps}
    wanted |= {tunnel.name for tunnel in plan.tunnels}
    for branch in plan.branches:
        wanted |= {branch.name, branch.end}
    for patch in plan.patches:
        wanted |= {patch.name, patch.end}
    return wanted | {dev.host_name for space in plan.namespaces for dev in space.devices}


def remove_unwanted(work: Work) -> None:
    wanted = _names(work.plan)
    for link in work.links.ours():
        if link.name not in wanted:
            with work.noted(link.name):
                work.links.delete(link)
    _remove_unwanted_splits(work)
    _release_cards(work)


def _remove_unwanted_splits(work: Work) -> None:
    wanted = {split.shared for split in work.plan.splits}
    wanted |= {branch.end for branch in work.plan.branches}
    former = None
    if work.before is not None:
        former = [split.shared for split in work.before.splits]
    with work.noted("VLAN tags"):
        work.links.remove_splits(wanted, former)
    changed = work.ledger.entries.promiscuous
    for name in [name for name in changed if name not in wanted]:
        with work.noted(name):
            if netlink.link(name) is not None:
                work.links.set_promiscuous(name, on=False)
            changed.remove(name)


def _release_cards(work: Work) -> None:
    wanted = {card.card: card.bridge for card in work.plan.cards}
    cards = work.ledger.entries.cards
    for name, bridge in list(cards.items()):
        with work.noted(name):
            if wanted.get(name) != bridge:
                work.links.release_card(name, bridge)
                del cards[name]
