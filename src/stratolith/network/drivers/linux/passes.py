"""One pass over a host: the difference between a plan and the kernel, object by object.

The order matters for security: first unwanted objects are removed, then the filters are loaded,
and only then devices are attached. No frame of a guest passes before its rules are in force.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from pyroute2.netlink.exceptions import NetlinkError

from stratolith.kernel import metrics
from stratolith.network.drivers.base import Applied, HostNetworkView, NetworkDriverError
from stratolith.network.drivers.linux import inside, tables
from stratolith.network.drivers.linux import names as object_names
from stratolith.network.drivers.linux.bridging import flat
from stratolith.network.drivers.linux.dnsmasq import Dnsmasq
from stratolith.network.drivers.linux.filtering import culprits, local_ips
from stratolith.network.drivers.linux.host_kernel import (
    conntrack,
    namespaces,
    neighbours,
    netlink,
    nft,
    promiscuity,
    sysctl,
)
from stratolith.network.drivers.linux.host_kernel.links import HostLinks
from stratolith.network.drivers.linux.host_kernel.netlink import Link
from stratolith.network.drivers.linux.ipv6 import settings as settings6
from stratolith.network.drivers.linux.ledger import Ledger
from stratolith.network.drivers.linux.memory import Memory
from stratolith.network.drivers.linux.objects import DhcpSpec, HostPlan, NamespaceSpec, SplitSpec
from stratolith.network.drivers.linux.routing import keepalived
from stratolith.network.drivers.linux.routing.keepalived import Keepalived
from stratolith.network.drivers.linux.watch import Ours, Watch

log = logging.getLogger(__name__)

_PARALLEL = 8  # this many namespaces are settled in parallel


class Pass:
    """Applies one plan; ``errors`` collects the failures, by object id.

    ``planned`` makes the plan without the given ports; ``devices``: those of the machine that flat
    networks need, as the plan is made for.
    """

    def __init__(
        self,
        planned: Callable[[frozenset[str]], HostPlan],
        links: HostLinks,
        ledger: Ledger,
        dnsmasq: Dnsmasq,
        keepalived: Keepalived,
        memory: Memory,
        devices: Mapping[str, flat.Device],
    ) -> None:
        self.planned, self.plan = planned, planned(frozenset())
        self.whole = self.plan.ruleset  # of all ports, including refused ones
        self.links, self.ledger = links, ledger
        self.dnsmasq, self.keepalived, self.memory = dnsmasq, keepalived, memory
        self.devices = devices
        self.errors: dict[str, str] = dict(self.plan.broken)
        self.new_places: frozenset[neighbours.Key] = frozenset()  # added or deleted
        if memory.host is None:
            memory.add_watch(Watch(routes=False, ours=Ours(links.instance)))
        self.disturbed = memory.disturbed()
        self.deep = memory.is_stale()
        # Links are as the last pass left them: only differences to its plan are checked.
        self.links_unchanged = links.known is not None
        self.before = memory.plan if self.links_unchanged else None

    def run(self, view: HostNetworkView) -> Applied:
        self.memory.unsettled = False
        refused_before, ports = self.memory.refused
        if ports and refused_before == self.whole and not self.deep:
            self._leave_out(ports)
        self._sysctls()
        self._remove_unwanted()
        filtered = self._rules()
        bridges = set(self.before.bridges) if self.before else set()
        for bridge in self.plan.bridges:
            with self._noted(bridge.owner):
                if bridge not in bridges:
                    self.links.ensure_bridge(bridge)
        if filtered:
            for tap in self.plan.taps:
                with self._noted(tap.port_id):
                    self.links.ensure_tap(tap)
            settled = set(self.before.tunnels) if self.before else set()
            for tunnel in self.plan.tunnels:
                with self._noted(tunnel.network_id):
                    if tunnel not in settled:
                        self.links.ensure_tunnel(tunnel)
            self._branches()
            self._flat()
            with self._noted("local IPs"):
                self._answers()
        self._namespaces()
        self._places()
        self._elections()
        for server in self.plan.dhcp:
            with self._noted(server.owner):
                self._dhcp(server)
        if filtered:
            self._connections()
        self._detect_changes()
        if self.deep:
            self.memory.last_deep = time.monotonic()
        failed = self.errors.keys() - self.plan.broken.keys()
        self.memory.done, self.memory.plan = self.plan, None if failed else self.plan
        return self._applied(view, filtered)

    def _branches(self) -> None:
        branches = set(self.before.branches) if self.before else set()
        for branch in self.plan.branches:
            with self._noted(branch.owner):
                if branch not in branches:
                    self.links.ensure_branch(branch)
        splits = set(self.before.splits) if self.before else set()
        for split in self.plan.splits:
            if split in splits:
                continue
            try:
                self._promiscuous(split)
                self.links.ensure_split(split)
            except (NetworkDriverError, NetlinkError, OSError) as error:
                for branch in split.branches:  # none of them gets a frame
                    self.errors.setdefault(branch.owner, str(error))

    def _flat(self) -> None:
        """Connect flat networks to their devices of the machine."""
        settled = {*self.before.cards, *self.before.patches} if self.before else set()
        for patch in self.plan.patches:
            with self._noted(patch.network_id):
                if patch not in settled:
                    self.links.ensure_patch(patch)
        for card in self.plan.cards:
            if card in settled:
                continue
            with self._noted(card.network_id):
                self.ledger.entries.cards[card.card] = card.bridge
                self.ledger.save()
                self.links.ensure_card(card)

    def _release_cards(self) -> None:
        wanted = {card.card: card.bridge for card in self.plan.cards}
        cards = self.ledger.entries.cards
        for name, bridge in list(cards.items()):
            with self._noted(name):
                if wanted.get(name) != bridge:
                    self.links.release_card(name, bridge)
                    del cards[name]

    def _promiscuous(self, split: SplitSpec) -> None:
        if split.physical and not promiscuity.is_on(split.shared):
            if split.shared not in self.ledger.entries.promiscuous:
                self.ledger.entries.promiscuous.append(split.shared)
                self.ledger.save()
            self.links.set_promiscuous(split.shared, on=True)

    def _remove_unwanted_splits(self) -> None:
        wanted = {split.shared for split in self.plan.splits}
        wanted |= {branch.end for branch in self.plan.branches}
        former = None
        if self.before is not None:
            former = [split.shared for split in self.before.splits]
        with self._noted("VLAN tags"):
            self.links.remove_splits(wanted, former)
        changed = self.ledger.entries.promiscuous
        for name in [name for name in changed if name not in wanted]:
            with self._noted(name):
                if netlink.link(name) is not None:
                    self.links.set_promiscuous(name, on=False)
                changed.remove(name)

    def _dhcp(self, server: DhcpSpec) -> None:
        if not self._is_active(server.namespace):
            self.memory.forget_server(server.owner)
            self.dnsmasq.stop(server.owner)
            return
        # do not use the process handle: it reports the end a moment later
        was_there = server.owner in self.memory.servers
        has_died = was_there and self.dnsmasq.pid(server.owner) is None
        if has_died:  # counted before the start, because a server may end again while it starts
            metrics.HELPER_RESTARTS.labels("dnsmasq").inc()
            log.warning("dnsmasq of %s had ended: started again", server.owner)
        pid = self.dnsmasq.ensure(server)
        self.memory.remember_server(server.owner, pid)

    def _elections(self) -> None:
        for space in self.plan.namespaces:
            if space.election is None or space.owner in self.errors:
                continue
            with self._noted(space.owner):
                if space.name in self.memory.servers and self.keepalived.pid(space.owner) is None:
                    metrics.HELPER_RESTARTS.labels("keepalived").inc()
                    log.warning("keepalived of %s had ended: started again", space.owner)
                pid = self.keepalived.ensure(space, space.election)
                self.memory.remember_server(space.name, pid)

    def _is_active(self, namespace: str) -> bool:
        """Whether this host may send as the namespace's router: only its active host may."""
        elected = {space.name for space in self.plan.namespaces if space.election is not None}
        return namespace not in elected or self.memory.active.get(namespace, False)

    def _detect_changes(self) -> None:
        """Discard reports of our own changes; detect changes that others made during the pass.

        Links are read again for this. Reports about rules were discarded when they were loaded.
        """
        host = self.memory.host
        assert host is not None and host.ours is not None
        self._detect_mapped_changes(host.ours)
        if self.links_unchanged:
            self._check_touched(host, host.ours)
            return
        host.forget_links()
        links = netlink.links()
        self.memory.links = {name: link for name, link in links.items() if self.links.is_ours(link)}
        host.ours.links = {link.index: link for link in self.memory.links.values()}
        host.ours.carriers = self._carriers(links)
        names = {bridge.name for bridge in self.plan.bridges if bridge.owner not in self.errors}
        names |= {tap.name for tap in self.plan.taps if tap.port_id not in self.errors}
        names |= {
            tunnel.name for tunnel in self.plan.tunnels if tunnel.network_id not in self.errors
        }
        for branch in self.plan.branches:
            if branch.owner not in self.errors:
                names |= {branch.name, branch.end}
        for patch in self.plan.patches:
            if patch.network_id not in self.errors:
                names |= {patch.name, patch.end}
        for space in self.plan.namespaces:
            if space.owner not in self.errors:
                names |= {device.host_name for device in space.devices}
        names &= set(self.links.by_name)
        self.memory.unsettled |= any(
            name not in links
            or not links[name].up
            or links[name].index != self.links.by_name[name].index
            for name in names
        )

    def _detect_mapped_changes(self, ours: Ours) -> None:
        """The devices of flat networks are as they were at the beginning of the pass."""
        present = {name: netlink.link(name) for name in self.plan.mapped}
        ours.mapped = frozenset(link.index for link in present.values() if link is not None)
        self.memory.unsettled |= flat.survey(present, self.links.is_ours) != self.devices
        for spec in self.plan.cards:
            if spec.network_id not in self.errors:
                card, bridge = present[spec.card], self.links.by_name.get(spec.bridge)
                is_there = card is not None and bridge is not None and card.master == bridge.index
                self.memory.unsettled |= not is_there

    def _carriers(self, links: Mapping[str, Link]) -> frozenset[int]:
        """Indexes of the machine's own devices that carry our tags."""
        physical = [split.shared for split in self.plan.splits if split.physical]
        return frozenset(links[name].index for name in physical if name in links)

    def _check_touched(self, host: Watch, ours: Ours) -> None:
        """Read the links that the pass changed; all other reports are changes by others."""
        known = self.memory.links
        for name, index in self.links.touched.items():
            link, before = netlink.link(name), known.pop(name, None)
            for old_index in {index, before.index if before else index}:
                ours.links.pop(old_index, None)
            expected = self.links.by_name.get(name)
            if link is not None and self.links.is_ours(link):
                known[name] = ours.links[link.index] = link
            if expected is not None:
                as_made = link is not None and link.up and link.index == expected.index
                self.memory.unsettled |= not as_made
        if self.before is None or self.plan.splits != self.before.splits:
            physical = [split.shared for split in self.plan.splits if split.physical]
            links = {name: netlink.link(name) for name in physical}
            ours.carriers = self._carriers({n: link for n, link in links.items() if link})
        indexes = set(self.links.touched.values())
        self.memory.unsettled |= not host.forget_own(indexes, self.new_places)

    @contextlib.contextmanager
    def _noted(self, owner: str) -> Iterator[None]:
        try:
            yield
        except (NetworkDriverError, NetlinkError, OSError) as error:
            known = self.errors.get(owner)
            self.errors[owner] = f"{known}; {error}" if known else str(error)

    def _sysctls(self) -> None:
        wanted, changed = dict(self.plan.sysctls), self.ledger.entries.sysctls
        if settings6.FORWARDING in wanted:
            ours = [link.name for link in self.links.ours()]
            followers = [key for key in changed if key.endswith("/accept_ra")]
            followers += settings6.uplinks(ours)
            wanted = {**dict.fromkeys(followers, "2"), **wanted}
        for key, value in wanted.items():
            with self._noted(key):
                before = sysctl.read(key)
                if before is None and key in changed:
                    del changed[key]  # of a device that has ended
                    continue
                if before is None:
                    raise NetworkDriverError(f"this kernel has no setting {key}")
                if before != value:
                    changed.setdefault(key, before)
                    self.ledger.save()
                    sysctl.write(key, value)
        # forwarding ends before devices follow advertisements in the host's usual way
        for key in sorted(changed.keys() - wanted.keys(), reverse=True):
            with self._noted(key):
                sysctl.write(key, changed.pop(key))

    def _remove_unwanted(self) -> None:
        wanted = {bridge.name for bridge in self.plan.bridges}
        wanted |= {tap.name for tap in self.plan.taps}
        wanted |= {tunnel.name for tunnel in self.plan.tunnels}
        for branch in self.plan.branches:
            wanted |= {branch.name, branch.end}
        for patch in self.plan.patches:
            wanted |= {patch.name, patch.end}
        wanted |= {dev.host_name for space in self.plan.namespaces for dev in space.devices}
        for link in self.links.ours():
            if link.name not in wanted:
                with self._noted(link.name):
                    self.links.delete(link)
        self._remove_unwanted_splits()
        self._release_cards()
        for network_id in set(self.dnsmasq.networks()) - {s.owner for s in self.plan.dhcp}:
            self.memory.forget_server(network_id)
            self.dnsmasq.stop(network_id)
        elected = {s.owner for s in self.plan.namespaces if s.election is not None}
        left = sorted(set(self.keepalived.routers()) - elected)
        for router_id in left:
            self.memory.forget_server(object_names.router_namespace(router_id))
        self.keepalived.stop(left)
        names = {space.name for space in self.plan.namespaces}
        for name in [name for name in self.ledger.entries.namespaces if name not in names]:
            self.remove_namespace(name)

    def remove_namespace(self, name: str) -> None:
        self.memory.forget_namespace(name)
        number = self.ledger.entries.namespaces.pop(name)
        if number in (0, namespaces.inode(name)):
            namespaces.remove(name)

    def _rules(self) -> bool:
        host = self.memory.host
        touched = host is not None and host.rules.fileno() in self.disturbed
        if self.plan.ruleset == self.memory.ruleset and not touched and not self.deep:
            return True
        try:
            self._load_rules()
        except NetworkDriverError as error:
            self.memory.ruleset = None
            for tap in self.plan.taps:
                self.errors.setdefault(tap.port_id, f"filters not loaded: {error}")
            self.errors["filters"] = str(error)
            return False
        self.memory.ruleset = self.plan.ruleset
        return True

    def _load_rules(self) -> None:
        """Load all tables, or the tables without the ports whose rules nft refuses.

        Load only the changes, if the loaded tables were not changed by others.
        """
        host = self.memory.host
        touched = host is None or host.rules.fileno() in self.disturbed
        if self.memory.ruleset is not None and not touched and not self.deep:
            script = tables.changes(self.memory.ruleset, self.plan.ruleset)
            if script is not None:
                with contextlib.suppress(NetworkDriverError):
                    self._load(script)
                    return
        try:
            self._load(tables.text(self.plan.ruleset))
        except NetworkDriverError:
            reasons = culprits.find(
                [port.port_id for port in self.plan.flows],
                lambda ports: nft.complaint(tables.text(self.planned(ports).ruleset)),
            )
            if not reasons:
                raise
            self.memory.refused = (self.whole, reasons)
            self._leave_out(reasons)
            self._remove_unwanted()  # a tap without rules would accept everything
            self._load(tables.text(self.plan.ruleset))

    def _answers(self) -> None:
        """Load the tables that answer for local IPs: after their devices were made."""
        wanted = local_ips.present(self.plan.answers, self.links.by_name)
        before, self.memory.answers = self.memory.answers, None
        host = self.memory.host
        touched = host is not None and host.rules.fileno() in self.disturbed
        if touched or self.deep or local_ips.lost(before, self.links.touched):
            before = None
        if wanted != before:
            script = None if before is None else tables.changes(before, wanted)
            try:
                self._load(tables.text(wanted) if script is None else script)
            except NetworkDriverError:
                if script is None:
                    raise
                self._load(tables.text(wanted))
        self.memory.answers = wanted

    def _load(self, ruleset: str) -> None:
        """Load our tables; detect a change by another program at the same moment."""
        host = self.memory.host
        before = netlink.rules_generation()
        nft.load(ruleset)
        if host is not None:
            host.forget_rules()
        self.memory.unsettled |= netlink.rules_generation() - before > 1

    def _leave_out(self, ports: dict[str, str]) -> None:
        self.plan = self.planned(frozenset(ports))
        for port_id, reason in ports.items():
            self.errors.setdefault(port_id, f"nft refuses its filters: {reason}")

    def _namespaces(self) -> None:
        """Attach all namespaces, then settle their insides in parallel, since nft waits a lot."""
        work: list[tuple[NamespaceSpec, Callable[[], inside.Report]]] = []
        for spec in self.plan.namespaces:
            with self._noted(spec.owner):
                settle = self._wired(spec)
                if settle is not None:
                    work.append((spec, settle))
        if not work:
            return
        with ThreadPoolExecutor(min(_PARALLEL, len(work)), "netns") as pool:
            pending = [(spec, settle, pool.submit(self._settle, spec, settle))
                       for spec, settle in work]  # fmt: skip
        for spec, settle, future in pending:
            with self._noted(spec.owner):
                report = future.result()
                if report.missing:
                    self._plug_again(spec, report.missing)
                    report = self._settle(spec, settle)
                problems = report.errors + [f"{name} is missing" for name in report.missing]
                if problems:
                    raise NetworkDriverError("; ".join(problems))
                self.memory.specs[spec.name] = spec

    def _settle(self, spec: NamespaceSpec, settle: Callable[[], inside.Report]) -> inside.Report:
        report = namespaces.run_in(spec.name, settle)
        namespace_watch = self.memory.watches.get(spec.name)
        if namespace_watch is not None:
            namespace_watch.forget_links()
            namespace_watch.forget_rules()
            namespace_watch.kept = report.kept
        election = spec.election
        if election is not None:  # after that, so that the next change of it is noticed
            is_active = partial(keepalived.is_active, election)
            self.memory.active[spec.name] = namespaces.run_in(spec.name, is_active)
        return report

    def _wired(self, spec: NamespaceSpec) -> Callable[[], inside.Report] | None:
        """Make the namespace and its veth pairs; returns what must run to settle the inside."""
        self._namespace_exists(spec)
        for device in spec.devices:
            self.links.ensure_veth(device, spec.name)
        namespace_watch = self.memory.watches.get(spec.name)
        if namespace_watch is None:
            namespace_watch = namespaces.run_in(spec.name, lambda: Watch(routes=True))
            self.memory.add_watch(namespace_watch, spec.name)
        before = self.memory.specs.get(spec.name)
        links_unchanged = namespace_watch.links.fileno() not in self.disturbed and not self.deep
        rules_unchanged = namespace_watch.rules.fileno() not in self.disturbed and not self.deep
        if before == spec and links_unchanged and rules_unchanged:
            return None
        load_rules = before is None or before.ruleset != spec.ruleset or not rules_unchanged
        self.memory.specs.pop(spec.name, None)
        removed = set(before.translations) - set(spec.translations) if before else set()
        withdrawn = {outside for outside, _ in removed}
        ended = set(before.forwards) - set(spec.forwards) if before else set()
        instance = self.links.instance
        if (
            before is not None
            and links_unchanged
            and rules_unchanged
            and inside.is_all_but_neighbours(before, spec)
        ):
            return lambda: inside.change_neighbours(before, spec)
        return lambda: inside.settle(spec, instance, load_rules, withdrawn, ended)

    def _plug_again(self, spec: NamespaceSpec, missing: list[str]) -> None:
        for device in spec.devices:
            if device.inner_name in missing:
                link = self.links.by_name.get(device.host_name)
                if link is not None:
                    self.links.delete(link)
                self.links.ensure_veth(device, spec.name)

    def _namespace_exists(self, spec: NamespaceSpec) -> None:
        known = self.ledger.entries.namespaces
        present = namespaces.inode(spec.name)
        if present is not None and spec.name in known and known[spec.name] in (0, present):
            known[spec.name] = self.memory.inodes[spec.name] = present
            return
        if present is not None:
            raise NetworkDriverError(f"a namespace {spec.name} exists that Stratolith did not make")
        self.memory.forget_namespace(spec.name)
        known[spec.name] = 0
        self.ledger.save()
        try:
            known[spec.name] = self.memory.inodes[spec.name] = namespaces.create(spec.name)
        except NetworkDriverError:
            del known[spec.name]
            raise

    def _places(self) -> None:
        """Tell the bridges behind which devices the ports' MAC addresses are."""
        ends = [(tap.port_id, tap.name, tap.mac) for tap in self.plan.taps if tap.is_here]
        ends += [(b.owner, b.name, b.mac) for b in self.plan.branches if b.mac]
        here: set[str] = set()  # MAC addresses of routers that are active here or elsewhere
        for space in self.plan.namespaces:
            still = [device for device in space.devices if not device.moves]
            ends += [(space.owner, device.host_name, device.mac) for device in still]
            here |= {device.mac for device in space.devices if device.moves}
        for tunnel in self.plan.tunnels:
            macs = [mac for peer in tunnel.peers for mac in peer.macs]
            macs += [mac for mac in tunnel.moving if mac not in here]
            ends += [(tunnel.network_id, tunnel.name, mac) for mac in macs]
        places = frozenset(
            (self.links.by_name[name].index, netlink.packed(mac))
            for owner, name, mac in ends
            if owner not in self.errors and name in self.links.by_name
        )
        host = self.memory.host
        assert host is not None
        devices = {index for index, _ in places}
        by_name = self.links.by_name
        former_ends = [tap.name for tap in self.plan.taps]  # whose entries may all have gone
        former_ends += [tunnel.name for tunnel in self.plan.tunnels]
        devices |= {by_name[name].index for name in former_ends if name in by_name}
        # the kernel deletes the entries of a device that moves to another bridge
        moved = set(self.links.touched.values())
        self.new_places = frozenset(
            place for place in places if place not in host.kept or place[0] in moved
        )
        with self._noted("places"):
            former = [place for place in host.kept - places if place[0] in devices]
            neighbours.hold_places(self.new_places if self.links_unchanged else places, former)
            self.new_places |= set(former)
            host.kept = places

    def _connections(self) -> None:
        now = {port.port_id: port for port in self.plan.flows}
        before, groups = self.memory.flows, self.plan.groups
        if before is None:
            # rules may have changed while no agent ran: check all flows once
            changed, removed = list(now.values()), []
        else:
            shrunk = conntrack.shrunk(self.memory.groups, groups)
            changed = conntrack.ports_to_check(before, now, shrunk)
            removed = [port for key, port in before.items() if key not in now]
        with self._noted("connections"):
            conntrack.end_forbidden(changed, removed, groups)
            self.memory.flows, self.memory.groups = now, groups

    def _applied(self, view: HostNetworkView, filtered: bool) -> Applied:
        failed = self.errors
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
                space.owner: self.memory.active.get(space.name, False)
                for space in self.plan.namespaces
                if space.election is not None and space.owner not in failed
            },
        )
