"""The Linux network driver: bridges, taps, namespaces, dnsmasq and nftables on one host."""

from __future__ import annotations

import contextlib
import logging
import shutil
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from stratolith.network.drivers.base import (
    Applied,
    HostNetworkView,
    MeterReading,
    NetworkDriverError,
)
from stratolith.network.drivers.hops import Asked, Hop
from stratolith.network.drivers.linux import inventory, limits, names, plan
from stratolith.network.drivers.linux.bridging import flat, resolution
from stratolith.network.drivers.linux.claim import Claim
from stratolith.network.drivers.linux.diagnosis import Diagnosis
from stratolith.network.drivers.linux.dnsmasq import Dnsmasq
from stratolith.network.drivers.linux.filtering import local_ips, packet_log
from stratolith.network.drivers.linux.filtering.packet_log import CANNOT_LOG, PacketLog, logs_of
from stratolith.network.drivers.linux.host_kernel import (
    namespaces,
    netlink,
    nft,
    promiscuity,
    sysctl,
)
from stratolith.network.drivers.linux.host_kernel.links import HostLinks
from stratolith.network.drivers.linux.inventory import Made
from stratolith.network.drivers.linux.ledger import Ledger
from stratolith.network.drivers.linux.memory import Memory
from stratolith.network.drivers.linux.objects import HostPlan
from stratolith.network.drivers.linux.passes import whole
from stratolith.network.drivers.linux.passes.work import Work
from stratolith.network.drivers.linux.qos import enforcement as qos
from stratolith.network.drivers.linux.routing import meters
from stratolith.network.drivers.linux.routing.keepalived import Keepalived

log = logging.getLogger(__name__)

_LOOK_SECONDS = (
    0.5  # how often namespaces are checked: the kernel reports no removal of their names
)
# Pause between two repairs of a host that is changed again and again; it doubles each time.
_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.1, 3.0
_BRIDGE_NETFILTER = Path("/proc/sys/net/bridge")


class LinuxNetworkDriver:
    """Realises views with standard tools of the Linux kernel.

    ``state_dir``: the cloud's directory; ``network/`` in it is ours. ``instance`` is the name of
    our tables and labels; ``claim`` prevents that two clouds of one name use the same machine.
    Any thread may call the methods; they run one at a time.
    """

    name = "linux"

    def __init__(
        self,
        state_dir: Path,
        instance: str = "stratolith",
        deep_interval: float = 60.0,
        claim: Claim | None = None,
    ) -> None:
        self._claim = claim
        self.instance = instance
        self._directory = state_dir / "network"
        self._dnsmasq = Dnsmasq(self._directory / "dhcp")
        self._keepalived = Keepalived(self._directory / "elections")
        self._deep_interval = deep_interval
        self._memory = Memory(deep_interval)
        self._ledger: Ledger | None = None
        self._native: bool | None = None
        self._timeouts: bool | None = None
        self._can_limit: bool | None = None
        self._can_lead: bool | None = None
        self._can_answer: bool | None = None
        self._packet_log = PacketLog(state_dir / "log")
        self._can_log: bool | None = None
        self._lock = threading.Lock()

    def check(self) -> list[str]:
        """What the host lacks, one sentence each; empty when nothing is missing."""
        lacking = [
            f"The program {program} is missing: install the package {package}."
            for program, package in (("nft", "nftables"), ("dnsmasq", "dnsmasq-base"))
            if shutil.which(program) is None
        ]
        if not Path("/dev/net/tun").exists():
            lacking.append("/dev/net/tun is missing: load the kernel module tun.")
        if not lacking:
            try:
                self._prepare()
                if not self._can_enforce_qos():
                    lacking.append(f"QoS policies are not enforced: {qos.CANNOT}.")
            except NetworkDriverError as error:
                lacking.append(str(error))
        return lacking

    def apply(self, view: HostNetworkView) -> Applied:
        """Bring the host to the view and remove our objects that are not in it.

        Raises ``NetworkDriverError`` only when nothing can be done at all; failures of single
        objects are in ``Applied.errors``.
        """
        with self._lock:
            if self._claim is not None:
                self._claim.take()
            memory = self._memory
            content = msgspec.structs.replace(view, generation=0)
            if memory.view == content and memory.applied is not None and memory.holds():
                return msgspec.structs.replace(memory.applied, generation=view.generation)
            try:
                applied = self._pass(view)
            except (OSError, msgspec.MsgspecError) as error:
                raise NetworkDriverError(f"cannot read or change the network: {error}") from error
            memory.view, memory.applied = content, applied
            return applied

    def keep_watch(
        self, stopping: threading.Event, repaired: Callable[[], None] = lambda: None
    ) -> None:
        """Repair from the last view what ends or is removed, until ``stopping`` is set.

        A DHCP server that ends and filters that are changed by hand are repaired without waiting
        for the next view or for the control plane.
        """
        pause = _SHORTEST_PAUSE
        while not stopping.is_set():
            if not self.wait_for_change(_LOOK_SECONDS):
                pause = _SHORTEST_PAUSE
                continue
            self._repair()
            repaired()
            stopping.wait(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    def wait_for_change(self, seconds: float) -> bool:
        """Whether our objects were changed; returns within a second, at most after ``seconds``."""
        deadline = time.monotonic() + seconds
        while True:
            memory = self._memory
            remaining = deadline - time.monotonic()
            memory.wait(max(0.0, min(remaining, _LOOK_SECONDS)))
            with self._lock:
                if memory is self._memory and memory.applied is not None and memory.is_changed():
                    return True
            if remaining <= 0:
                return False

    def _repair(self) -> None:
        """Apply the last view again."""
        with self._lock:
            memory = self._memory
            if memory.view is None:
                return
            try:
                memory.applied = self._pass(memory.view)
            except (OSError, NetworkDriverError, msgspec.MsgspecError) as error:
                log.warning("cannot repair the network of this host: %s", error)

    def diagnose(self, view: HostNetworkView, asked: Asked) -> list[Hop]:
        """Look at the kernel objects of a port; raises ``NetworkDriverError``."""
        try:
            native = self._prepare()
            return list(Diagnosis(view, asked, self._dnsmasq, self.instance, native).hops())
        except OSError as error:
            raise NetworkDriverError(f"cannot look at the network: {error}") from error

    def inventory(self) -> list[Made]:
        """All objects that the last apply made or found in the desired state."""
        with self._lock:
            return inventory.of_plan(self._memory.done) if self._memory.done else []

    def meter_readings(self) -> list[MeterReading]:
        """The counters of metering labels, of the routers that can be read at this moment."""
        with self._lock:
            view = self._memory.view
        readings = []
        for router in view.routers if view is not None else []:
            if not router.meters or router.gateway is None:
                continue
            with contextlib.suppress(OSError, NetworkDriverError):
                space = names.router_namespace(router.id)
                counted = namespaces.run_in(space, lambda: meters.read(self.instance))
                readings += meters.readings(router, counted)
        return readings

    def _pass(self, view: HostNetworkView) -> Applied:
        native = self._prepare()
        ledger = self._open_ledger()
        zones = ledger.zones_for(plan.zone_owners(view))

        if self._timeouts is None:
            self._timeouts = limits.can_choose_timeouts(self.instance, native)
        limit = limits.Limits(
            port=view.connections.port,
            project=view.connections.project,
            timeouts=self._timeouts,
        )

        view, errors = self._realisable(view)

        known = self._memory.links if self._memory.are_links_unchanged() else None
        links = HostLinks(self.instance, native, known)
        devices = flat.survey(flat.devices(view), links.is_ours)

        def planned(refused: frozenset[str]) -> HostPlan:
            memory = self._memory
            able = (self._can_enforce_qos(), self._can_lead_questions(), bool(self._can_answer))
            content = msgspec.structs.replace(view, generation=0)
            made_of = (content, dict(zones), refused, limit, able, dict(devices))
            if memory.planned is None or memory.planned[0] != made_of:
                made = plan.build_plan(
                    view, zones, self.instance, native, refused, limit, memory.book, *able, devices
                )
                memory.planned = (made_of, made)
            return memory.planned[1]

        with links:
            helpers = self._dnsmasq, self._keepalived
            work = Work(planned, links, ledger, *helpers, self._memory, devices)
            applied = whole.run(work, view)
            indexes = {name: link.index for name, link in links.by_name.items()}
        errors |= self._log_packets(indexes)
        if errors:
            applied = msgspec.structs.replace(applied, errors={**errors, **applied.errors})
        return applied

    def _realisable(self, view: HostNetworkView) -> tuple[HostNetworkView, dict[str, str]]:
        """The view without the objects that this kernel cannot realise, and why it cannot."""
        errors: dict[str, str] = {}
        if logs := logs_of(view):
            if self._can_log is None:
                self._can_log = packet_log.can_log(self.instance)
            if not self._can_log:
                errors |= dict.fromkeys(logs, CANNOT_LOG)
                view = packet_log.without_logs(view)
        if self._can_answer is None:
            self._can_answer = local_ips.can_answer(self.instance)
        if not self._can_answer and (unanswered := local_ips.ids_of(view)):
            errors |= dict.fromkeys(unanswered, local_ips.CANNOT)
            view = local_ips.without(view)
        return view, errors

    def _can_enforce_qos(self) -> bool:
        if self._can_limit is None:
            self._can_limit = qos.can_enforce(self.instance)
        return self._can_limit

    def _can_lead_questions(self) -> bool:
        if self._can_lead is None:
            self._can_lead = resolution.can_lead(self.instance)
        return self._can_lead

    def _log_packets(self, indexes: Mapping[str, int]) -> dict[str, str]:
        """Write the packets of logged ports from now on; returns log id -> why that fails."""
        done = self._memory.done
        logged = done.logged if done is not None else ()
        try:
            self._packet_log.update(logged, indexes)
        except OSError as error:
            reason = f"another program reads this host's logged packets: {error.strerror}"
            return {log.id: reason for port in logged for log in port.logs}
        return {}

    def _prepare(self) -> bool:
        """Whether the bridge family can filter by itself; if not, br_netfilter is required."""
        if self._native is None:
            self._native = nft.has_bridge_conntrack(self.instance)
        if not self._native and not _BRIDGE_NETFILTER.exists():
            nft.load_module("br_netfilter")
            if not _BRIDGE_NETFILTER.exists():
                raise NetworkDriverError(
                    "This kernel cannot filter bridged packets: load the module br_netfilter."
                )
        return self._native

    def _open_ledger(self) -> Ledger:
        if self._ledger is None:
            self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._ledger = Ledger(self._directory / "ledger.json")
        return self._ledger

    def close(self) -> None:
        """Close the sockets; everything that was realised stays."""
        with self._lock:
            self._packet_log.close()
            self._memory.close()
            self._memory = Memory(self._deep_interval)

    def remove_all(self) -> None:
        """Remove all our namespaces, bridges, taps, tables, processes and files; nothing else.

        Removes as much as possible, then raises ``NetworkDriverError`` that names what remains;
        in this case the ledger is kept for the next attempt.
        """
        with self._lock:
            self._packet_log.close()
            self._memory.close()
            self._memory = Memory(self._deep_interval)
            problems: list[str] = []
            self._ledger = None  # another process may have written it since
            ledger = self._open_ledger()
            for helpers in (self._dnsmasq.processes, self._keepalived.processes):
                helpers.namespaces = set(ledger.entries.namespaces.values())
                helpers.look()
            for network_id in self._dnsmasq.processes.owners():
                self._dnsmasq.stop(network_id)
            self._keepalived.stop(self._keepalived.processes.owners())
            self._remove_links(problems)
            self._remove_tags(ledger, problems)
            self._remove_namespaces(ledger, problems)
            self._remove_rules(ledger, problems)
            for key, value in ledger.entries.sysctls.items():
                with contextlib.suppress(OSError):
                    sysctl.write(key, value)
            self._ledger = None
            if problems:
                raise NetworkDriverError("; ".join(problems))
            ledger.remove()
            shutil.rmtree(self._directory, ignore_errors=True)
            if self._claim is not None:
                self._claim.release()

    def _remove_namespaces(self, ledger: Ledger, problems: list[str]) -> None:
        remaining = {}
        for name, number in ledger.entries.namespaces.items():
            try:
                if number == 0 or namespaces.inode(name) in (None, number):
                    namespaces.remove(name)
            except OSError as error:
                problems.append(f"namespace {name}: {error.strerror}")
                remaining[name] = namespaces.inode(name) or 0  # only the name may be left
        ledger.entries.namespaces = remaining
        try:
            ledger.save()
        except OSError as error:
            problems.append(f"the ledger of our objects: {error.strerror}")

    def _remove_links(self, problems: list[str]) -> None:
        with HostLinks(self.instance, native=True) as links:
            try:
                links.delete_all()
            except NetworkDriverError as error:
                problems.append(str(error))

    def _remove_tags(self, ledger: Ledger, problems: list[str]) -> None:
        """Leave the machine's own devices as they were."""
        with HostLinks(self.instance, native=True) as links:
            try:
                links.remove_splits(set())
            except NetworkDriverError as error:
                problems.append(str(error))
        for name in ledger.entries.promiscuous:
            with contextlib.suppress(OSError):  # the device is gone
                promiscuity.switch(name, on=False)

    def _remove_rules(self, ledger: Ledger, problems: list[str]) -> None:
        families = [f"{family} {self.instance}" for family in ("bridge", "inet")]
        families += [qos.table_name(self.instance), resolution.table_name(self.instance)]
        families += [limits.table_name(self.instance, native) for native in (False, True)]
        try:
            if local_ips.can_answer(self.instance):
                families.append(local_ips.table_name(self.instance))
            nft.remove([*families, f"ip {self.instance}_nat"])
            zones = set(ledger.entries.zones.values())
            for flow in netlink.flows() if zones else []:
                if flow.zone in zones:
                    netlink.forget(flow)
        except (NetworkDriverError, OSError) as error:
            problems.append(str(error))
