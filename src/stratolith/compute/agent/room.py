"""The guest room: pulls what guests should be, makes them so, several at a time."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import msgspec

from stratolith.compute.agent.documents import GuestDocument, GuestSettings, GuestsView
from stratolith.compute.agent.executor import Executor
from stratolith.compute.agent.image_cache import ImageCache
from stratolith.compute.agent.plan import Act, Health, plan, requests_of
from stratolith.compute.agent.reporter import Reporter
from stratolith.compute.drivers.base import (
    DriverError,
    GuestNotFound,
    GuestState,
    HypervisorDriver,
    PowerState,
)
from stratolith.kernel.agent.host import Room
from stratolith.kernel.ids import REQUEST_ID

LOG = logging.getLogger(__name__)
WATCH_SECONDS = 1.0  # how often the room looks whether a guest went off by itself
FACTS_SECONDS = 60.0
CUT_OFF_SECONDS = 8.0  # after so long a guest that is cut off says so


class GuestRoom(Room):
    """Keeps the view "guests" true."""

    view = "guests"

    def __init__(self, driver: HypervisorDriver, workers: int, cache: ImageCache | None) -> None:
        super().__init__()
        self.driver = driver
        self.driver_name = driver.name
        able = msgspec.structs.asdict(driver.capabilities)
        self.capabilities = sorted(name for name, has_it in able.items() if has_it)
        self.cache = cache
        self._wanted: dict[str, GuestDocument] = {}
        self._knows_all = False  # whether a full view came
        if cache is not None:
            cache.in_use = self.images_in_use
        self._working: set[str] = set()
        self._again: set[str] = set()
        self._health: dict[str, Health] = {}
        self._done: dict[str, frozenset[str]] = {}  # guest -> operations carried out
        self._faults: dict[str, str] = {}  # told already
        self._cut_off: dict[str, float] = {}  # guest -> since when a NIC cannot be connected
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._facts_at = float("-inf")
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="guest")
        self.reporter = Reporter(driver, self._send, self._destroy_unknown)
        self._executor: Executor | None = None
        self._watcher = threading.Thread(target=self._watch, name="guest-watch", daemon=True)

    # -- the life of the room --------------------------------------------------------------------

    def start(self) -> None:
        """Find again what runs."""
        self._executor = Executor(
            self.driver,
            self.cache,
            self.host.conditions,
            self.host.transport,
            partial(self.host.poke, "network"),
        )
        recover = getattr(self.driver, "recover", None)
        if recover is not None:
            recover()
        self.reporter.start()
        self._watcher.start()

    def stop(self) -> None:
        self._stopped.set()
        self.reporter.stop()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def sync(self, keys: list[str] | None) -> None:
        # before the view: a guest that is there now and is not in the view is none of ours
        there = [state.id for state in self.driver.list_guests()] if keys is None else []
        raw = self.host.transport.view(self.host.name, self.view, keys)
        found = msgspec.json.decode(raw, type=GuestsView)
        self._go_by(found.settings)
        self._report_facts(force=keys is None)
        with self._lock:
            if found.full:
                kept = {i: one for i, one in self._wanted.items() if i in found.left_out}
                self._wanted = kept | {one.id: one for one in found.guests}
                self._knows_all = True
            else:
                self._wanted.update((one.id, one) for one in found.guests)
            for guest_id in found.absent:
                self._wanted.pop(guest_id, None)
        for one in found.guests:
            self.look(one.id)
        asked = there if found.full else found.absent
        self._ask_about([guest_id for guest_id in asked if guest_id not in found.left_out])
        if found.full:
            self.left_out = found.left_out
        if found.left_out:
            self.reporter.add(left_out=found.left_out)
        elif found.full and self.cache is not None:
            self.cache.prune()

    def _go_by(self, settings: GuestSettings) -> None:
        assert self._executor is not None
        self._executor.settings = settings
        if self.cache is not None:
            self.cache.keep_seconds = settings.image_cache_seconds

    def images_in_use(self) -> set[str] | None:
        """Ids; None while guests are left out, which may use any image, or not known yet."""
        with self._lock:
            if self.left_out or not self._knows_all:
                return None
            return {one.image_id for wanted in self._wanted.values() for one in wanted.images()}

    def _report_facts(self, *, force: bool) -> None:
        now = time.monotonic()
        if not force and now - self._facts_at < FACTS_SECONDS:
            return
        self._facts_at = now
        facts = msgspec.to_builtins(self.driver.facts())
        facts["capabilities"] = msgspec.to_builtins(self.driver.capabilities)
        self.reporter.add(facts=facts)

    def _ask_about(self, guest_ids: Sequence[str]) -> None:
        """Guests that the view does not have: the control plane says which must go."""
        unknown = set()
        for guest_id in guest_ids:
            with self._lock:
                if guest_id in self._wanted or guest_id in self._working:
                    continue
            if self._observe(guest_id) is not None:
                unknown.add(guest_id)
        if unknown:
            self.reporter.add(unknown=unknown)

    def _send(self, payload: dict[str, object]) -> object:
        return self.host.transport.report(self.host.name, self.view, payload)

    def _destroy_unknown(self, guest_id: str) -> None:
        with self._lock:
            if guest_id in self._wanted:
                return
        LOG.warning("destroying guest %s: no server of this host", guest_id)
        self._pool.submit(self._destroy, guest_id)

    def _destroy(self, guest_id: str) -> None:
        try:
            self.driver.destroy(guest_id)
        except DriverError as error:
            LOG.warning("guest %s is not destroyed: %s", guest_id, error)

    # -- one guest -------------------------------------------------------------------------------

    def look(self, guest_id: str) -> None:
        """Have a worker look at a guest; never two at a time."""
        with self._lock:
            if self._stopped.is_set():
                return
            if guest_id in self._working:
                self._again.add(guest_id)
                return
            self._working.add(guest_id)
        self._pool.submit(self._work, guest_id)

    def _work(self, guest_id: str) -> None:
        try:
            self._bring(guest_id)
        except Exception:
            LOG.exception("guest %s: unexpected failure", guest_id)
        with self._lock:
            self._working.discard(guest_id)
            again = guest_id in self._again
            self._again.discard(guest_id)
        if again:
            self.look(guest_id)

    def _bring(self, guest_id: str) -> None:
        with self._lock:
            wanted = self._wanted.get(guest_id)
        if wanted is None or self._stopped.is_set():
            return
        seen = self._observe(guest_id)
        health = self._health.get(guest_id, Health())
        done = self._done.get(guest_id, frozenset())
        hotplug = self.driver.capabilities.hotplug_nic
        acts = plan(wanted, seen, time.monotonic(), health, done, hotplug=hotplug)
        crash = seen.detail if seen is not None and seen.power is PowerState.CRASHED else None
        went_well = self._perform(wanted, acts, crash)
        if wanted.wanted == "gone" and went_well:
            self._forget(guest_id)
            self.reporter.add(gone=guest_id)
        elif self._is_news(wanted, acts):
            self.reporter.add(changed=guest_id)

    def _perform(self, wanted: GuestDocument, acts: Sequence[Act], crash: str | None) -> bool:
        """Do the acts in order; a failure ends every operation that is still open with it.

        ``crash``: what is known of the end of a guest that crashed; None for every other.
        """
        for number, (act, request_id) in enumerate(
            zip(acts, requests_of(wanted, acts), strict=True)
        ):
            token = REQUEST_ID.set(request_id)  # of the lines that are logged meanwhile
            try:
                if act.kind == "wait":
                    self._later(wanted.id, act.seconds)
                elif act.kind == "fault":
                    self._fault(wanted.id, act.text)
                elif not self._perform_one(wanted, acts[number:], crash):
                    return False
            finally:
                REQUEST_ID.reset(token)
        return True

    def _perform_one(self, wanted: GuestDocument, left: Sequence[Act], crash: str | None) -> bool:
        """Do the first of the acts that are left."""
        assert self._executor is not None
        act = left[0]
        heals = act.kind == "start" and crash is not None
        if heals:
            before = self._health.get(wanted.id, Health())
            self._health[wanted.id] = before.after_restart(time.monotonic())
        try:
            self._executor.do(act, wanted)
        except Exception as error:
            if not isinstance(error, DriverError):
                LOG.exception("guest %s: %s failed", wanted.id, act.kind)
            told = error.told if isinstance(error, DriverError) else ""
            self._failed(wanted, left, str(error), told)
            return False
        if act.kind != "done":
            LOG.info("guest %s: %s done", wanted.id, act.kind)
        if act.operation_id:
            self._end(wanted.id, act.operation_id, None)
        elif heals:
            LOG.warning("guest %s crashed (%s) and was started again", wanted.id, crash)
            self.reporter.add(restarted=(wanted.id, crash or ""))
        return True

    def _failed(self, wanted: GuestDocument, left: Sequence[Act], error: str, told: str) -> None:
        """``told``: what of the error the owner of the guest may read."""
        LOG.warning("guest %s: %s failed: %s", wanted.id, left[0].kind, error)
        open_ones = [act.operation_id for act in left if act.operation_id]
        for operation_id in open_ones:
            self._end(wanted.id, operation_id, (error, told))
        if left[0].kind == "connect":
            since = self._cut_off.setdefault(wanted.id, time.monotonic())
            if time.monotonic() - since > CUT_OFF_SECONDS:
                text = "A network interface lost its connection; a hard reboot may bring it back."
                self._fault(wanted.id, text)
        if not open_ones:
            # nobody waits for it (a heal, a deletion): again later, the control plane has limits
            self._later(wanted.id, 2.0)

    def _end(self, guest_id: str, operation_id: str, failure: tuple[str, str] | None) -> None:
        self._done[guest_id] = self._done.get(guest_id, frozenset()) | {operation_id}
        self._faults.pop(guest_id, None)
        self.reporter.add(result=(guest_id, operation_id, failure))

    def _fault(self, guest_id: str, text: str) -> None:
        if self._faults.get(guest_id) != text:
            self._faults[guest_id] = text
            self.reporter.add(fault=(guest_id, text))

    def _forget(self, guest_id: str) -> None:
        for kept in (self._health, self._done, self._faults, self._cut_off):
            kept.pop(guest_id, None)  # type: ignore[attr-defined]

    def _is_news(self, wanted: GuestDocument, acts: Sequence[Act]) -> bool:
        """Whether the control plane should hear of the guest's state."""
        state = self._observe(wanted.id)
        if state is None:
            return False
        told = self.reporter.told(wanted.id)
        return bool(acts) or state.power.value != wanted.known_power or told != state

    def _observe(self, guest_id: str) -> GuestState | None:
        try:
            return self.driver.get_guest(guest_id)
        except GuestNotFound:
            return None

    def _later(self, guest_id: str, seconds: float) -> None:
        timer = threading.Timer(seconds, self.look, (guest_id,))
        timer.daemon = True
        timer.start()

    # -- guests that change by themselves ----------------------------------------------------------

    def _watch(self) -> None:
        while not self._stopped.wait(WATCH_SECONDS):
            try:
                for state in self.driver.list_guests():
                    if self._wants_a_look(state):
                        self.look(state.id)
            except DriverError as error:
                LOG.warning("guests cannot be listed: %s", error)
            except Exception:
                LOG.exception("the watch failed")

    def _wants_a_look(self, state: GuestState) -> bool:
        """Whether a guest is not as it was told, or something can be done for it now."""
        told = self.reporter.told(state.id)
        is_new = told is None or (told.power, told.pid) != (state.power, state.pid)
        if is_new and state.stalled:
            LOG.warning("guest %s stands still: the host's disk is full", state.id)
        if not state.cut_off:
            self._cut_off.pop(state.id, None)
        # who failed to connect it tries again by itself
        is_cut_off = bool(state.cut_off) and state.id not in self._cut_off
        return is_new or is_cut_off or state.stalled == "room"
