"""The Linux network driver: bridges, taps, namespaces, dnsmasq and nftables on one host."""

from __future__ import annotations

import contextlib
import logging
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from stratolith.network.drivers.base import (
    Applied,
    HostNetworkView,
    NetworkDriverError,
)
from stratolith.network.drivers.linux import inventory, limits, plan
from stratolith.network.drivers.linux.claim import Claim
from stratolith.network.drivers.linux.dnsmasq import Dnsmasq
from stratolith.network.drivers.linux.host_kernel import namespaces, netlink, nft, sysctl
from stratolith.network.drivers.linux.host_kernel.links import HostLinks
from stratolith.network.drivers.linux.inventory import Made
from stratolith.network.drivers.linux.ledger import Ledger
from stratolith.network.drivers.linux.memory import Memory
from stratolith.network.drivers.linux.objects import HostPlan
from stratolith.network.drivers.linux.passes import Pass

log = logging.getLogger(__name__)

_LOOK_SECONDS = 0.5  # how often namespaces are looked for: their names tell nobody that they go
# Between two repairs of a host that is touched again and again; it doubles each time.
_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.1, 3.0
_BRIDGE_NETFILTER = Path("/proc/sys/net/bridge")


class LinuxNetworkDriver:
    """Realises views with what every Linux kernel has.

    ``state_dir``: the cloud's directory, of which ``network/`` is ours. ``instance`` names our
    tables and labels; ``claim`` keeps two clouds of one name from sharing a machine.
    Calls may come from any thread; they are served one at a time.
    """

    name = "linux"

    def __init__(
        self,
        state_dir: Path,
        instance: str = "stratolith",
        deep_interval: float = 60.0,
        claim: Claim | None = None,
        limit: limits.Limits | None = None,
    ) -> None:
        self._claim = claim
        self.instance = instance
        self._directory = state_dir / "network"
        self._dnsmasq = Dnsmasq(self._directory / "dhcp")
        self._deep_interval = deep_interval
        self._memory = Memory(deep_interval)
        self._ledger: Ledger | None = None
        self._native: bool | None = None
        self._limit = limit or limits.Limits()
        self._timeouts: bool | None = None
        self._lock = threading.Lock()

    def check(self) -> list[str]:
        """What the host lacks, one sentence each; empty when everything is there."""
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
            except NetworkDriverError as error:
                lacking.append(str(error))
        return lacking

    def apply(self, view: HostNetworkView) -> Applied:
        """Bring the host to the view, removing whatever of ours is not in it.

        Raises ``NetworkDriverError`` only when nothing can be done at all; what fails for one
        object is in ``Applied.errors``.
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
        self, stopping: threading.Event, mended: Callable[[], None] = lambda: None
    ) -> None:
        """Put right at once what ends or is taken away, from the last view; until ``stopping``.

        A DHCP server that ends and filters that somebody changes do not wait for the next view,
        nor for the control plane to answer.
        """
        pause = _SHORTEST_PAUSE
        while not stopping.is_set():
            if not self.await_disturbance(_LOOK_SECONDS):
                pause = _SHORTEST_PAUSE
                continue
            self._put_right()
            mended()
            stopping.wait(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    def await_disturbance(self, seconds: float) -> bool:
        """Whether somebody touches what we made; tells within a second, or after ``seconds``."""
        deadline = time.monotonic() + seconds
        while True:
            memory = self._memory
            left = deadline - time.monotonic()
            memory.wait(max(0.0, min(left, _LOOK_SECONDS)))
            with self._lock:
                if memory is self._memory and memory.applied is not None and memory.is_undone():
                    return True
            if left <= 0:
                return False

    def _put_right(self) -> None:
        """Apply the last view again."""
        with self._lock:
            memory = self._memory
            if memory.view is None:
                return
            try:
                memory.applied = self._pass(memory.view)
            except (OSError, NetworkDriverError, msgspec.MsgspecError) as error:
                log.warning("cannot put right what was changed: %s", error)

    def inventory(self) -> list[Made]:
        """All objects that the last apply made or found as they should be."""
        with self._lock:
            return inventory.of_plan(self._memory.done) if self._memory.done else []

    def _pass(self, view: HostNetworkView) -> Applied:
        native = self._prepare()
        ledger = self._open_ledger()
        zones = ledger.zones_for(plan.zone_owners(view))
        ledger.save()

        if self._timeouts is None:
            self._timeouts = limits.can_choose_timeouts(self.instance, native)
        limit = msgspec.structs.replace(self._limit, timeouts=self._timeouts)

        def planned(refused: frozenset[str]) -> HostPlan:
            book = self._memory.book
            return plan.build_plan(view, zones, self.instance, native, refused, limit, book)

        known = self._memory.links if self._memory.is_calm() else None
        with HostLinks(self.instance, native, known) as links:
            applied = Pass(planned, links, ledger, self._dnsmasq, self._memory).run(view)
        ledger.save()
        return applied

    def _prepare(self) -> bool:
        """Whether the bridge family filters by itself; makes sure that one of both ways does."""
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
        """Let go of sockets; everything that was realised stays."""
        with self._lock:
            self._memory.close()
            self._memory = Memory(self._deep_interval)

    def remove_all(self) -> None:
        """Remove every namespace, bridge, tap, table, process and file of ours; nothing else.

        Raises ``NetworkDriverError`` naming what could not be removed, after all the rest was;
        then the record of what is ours stays for the next attempt.
        """
        with self._lock:
            self._memory.close()
            self._memory = Memory(self._deep_interval)
            problems: list[str] = []
            self._ledger = None  # another process may have written it since
            ledger = self._open_ledger()
            for network_id in self._dnsmasq.networks():
                self._dnsmasq.stop(network_id)
            self._remove_links(problems)
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
        left = {}
        for name, number in ledger.entries.namespaces.items():
            try:
                if number in (0, namespaces.inode(name)):
                    namespaces.remove(name)
            except OSError as error:
                problems.append(f"namespace {name}: {error.strerror}")
                left[name] = namespaces.inode(name) or 0  # the bare name may be all that is left
        ledger.entries.namespaces = left
        try:
            ledger.save()
        except OSError as error:
            problems.append(f"the record of what is ours: {error.strerror}")

    def _remove_links(self, problems: list[str]) -> None:
        with HostLinks(self.instance, native=True) as links:
            try:
                links.delete_all()
            except NetworkDriverError as error:
                problems.append(str(error))

    def _remove_rules(self, ledger: Ledger, problems: list[str]) -> None:
        families = [f"{family} {self.instance}" for family in ("bridge", "inet")]
        families += [limits.table_name(self.instance, native) for native in (False, True)]
        try:
            nft.remove([*families, f"ip {self.instance}_nat"])
            zones = set(ledger.entries.zones.values())
            for flow in netlink.flows() if zones else []:
                if flow.zone in zones:
                    netlink.forget(flow)
        except (NetworkDriverError, OSError) as error:
            problems.append(str(error))
