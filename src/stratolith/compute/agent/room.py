"""The room (part) of the agent for guests: gets their desired state and applies it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import msgspec

from stratolith.compute.agent.documents import GuestDocument, GuestSettings, GuestsView
from stratolith.compute.agent.executor import Executor
from stratolith.compute.agent.image_cache import ImageCache
from stratolith.compute.agent.plan import Health, Step, plan, requests_of
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
WATCH_SECONDS = 1.0  # how often the guests are checked for changes by themselves
FACTS_SECONDS = 60.0
CUT_OFF_SECONDS = 8.0  # if a NIC cannot be connected for this time, a fault is reported


class GuestRoom(Room):
    """Brings the host's guests to the state in the view "guests"; several guests at a time."""

    view = "guests"

    def __init__(self, driver: HypervisorDriver, workers: int, cache: ImageCache | None) -> None:
        super().__init__()
        self.driver = driver
        self.driver_name = driver.name
        self.answers = {"console": self._console}
        abilities = msgspec.structs.asdict(driver.capabilities)
        self.capabilities = sorted(name for name, is_supported in abilities.items() if is_supported)
        self.cache = cache
        self._wanted: dict[str, GuestDocument] = {}
        self._knows_all = False  # whether a full view was received
        if cache is not None:
            cache.in_use = self.images_in_use
        self._working: set[str] = set()
        self._again: set[str] = set()
        self._health: dict[str, Health] = {}
        self._done: dict[str, frozenset[str]] = {}  # guest -> operations carried out
        self._faults: dict[str, str] = {}  # guest -> the fault that was reported
        self._cut_off: dict[str, float] = {}  # guest -> since when a NIC cannot be connected
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._facts_at = float("-inf")
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="guest")
        self.reporter = Reporter(driver, self._send, self._destroy_unknown)
        self._executor: Executor | None = None
        self._watcher = threading.Thread(target=self._watch, name="guest-watch", daemon=True)

    # -- start, stop and the view ----------------------------------------------------------------

    def start(self) -> None:
        """Find the guests that run already, and start the threads."""
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
        # before the view is read: a guest that exists now and is not in the view is unknown
        present = [state.id for state in self.driver.list_guests()] if keys is None else []
        raw = self.host.transport.view(self.host.name, self.view, keys)
        view = msgspec.json.decode(raw, type=GuestsView)
        self._apply_settings(view.settings)
        self._report_facts(force=keys is None)
        with self._lock:
            if view.full:
                kept = {i: document for i, document in self._wanted.items() if i in view.left_out}
                self._wanted = kept | {document.id: document for document in view.guests}
                self._knows_all = True
            else:
                self._wanted.update((document.id, document) for document in view.guests)
            for guest_id in view.absent:
                self._wanted.pop(guest_id, None)
        for document in view.guests:
            self.reconcile(document.id)
        unlisted = present if view.full else view.absent
        self._ask_about([guest_id for guest_id in unlisted if guest_id not in view.left_out])
        if view.full:
            self.left_out = view.left_out
        if view.left_out:
            self.reporter.add(left_out=view.left_out)
        elif view.full and self.cache is not None:
            self.cache.prune()

    def _console(self, asked: dict[str, Any]) -> dict[str, Any]:
        """The console log of a guest: {"output": text}, or {"error", "told"}."""
        try:
            return {"output": self.driver.console_output(asked["server_id"], asked.get("lines"))}
        except GuestNotFound:
            return {"output": ""}
        except DriverError as error:
            return {"error": str(error), "told": error.owner_message}

    def _apply_settings(self, settings: GuestSettings) -> None:
        assert self._executor is not None
        self._executor.settings = settings
        if self.cache is not None:
            self.cache.keep_seconds = settings.image_cache_seconds

    def images_in_use(self) -> set[str] | None:
        """Image ids; None if some guests are left out or not known yet: they may use any image."""
        with self._lock:
            if self.left_out or not self._knows_all:
                return None
            return {image.image_id for wanted in self._wanted.values() for image in wanted.images()}

    def _report_facts(self, *, force: bool) -> None:
        now = time.monotonic()
        if not force and now - self._facts_at < FACTS_SECONDS:
            return
        self._facts_at = now
        facts = msgspec.to_builtins(self.driver.facts())
        facts["capabilities"] = msgspec.to_builtins(self.driver.capabilities)
        self.reporter.add(facts=facts)

    def _ask_about(self, guest_ids: Sequence[str]) -> None:
        """Report guests that are not in the view: the control plane decides which to destroy."""
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

    def reconcile(self, guest_id: str) -> None:
        """Let a worker reconcile a guest; never two workers at the same time."""
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
            self._reconcile_guest(guest_id)
        except Exception:
            LOG.exception("guest %s: unexpected failure", guest_id)
        with self._lock:
            self._working.discard(guest_id)
            again = guest_id in self._again
            self._again.discard(guest_id)
        if again:
            self.reconcile(guest_id)

    def _reconcile_guest(self, guest_id: str) -> None:
        with self._lock:
            wanted = self._wanted.get(guest_id)
        if wanted is None or self._stopped.is_set():
            return
        seen = self._observe(guest_id)
        health = self._health.get(guest_id, Health())
        done = self._done.get(guest_id, frozenset())
        hotplug = self.driver.capabilities.hotplug_nic
        steps = plan(wanted, seen, time.monotonic(), health, done, hotplug=hotplug)
        crash = seen.detail if seen is not None and seen.power is PowerState.CRASHED else None
        went_well = self._perform(wanted, steps, crash)
        if wanted.wanted == "gone" and went_well:
            self._forget(guest_id)
            self.reporter.add(destroyed=guest_id)
        elif self._is_news(wanted, steps):
            self.reporter.add(changed=guest_id)

    def _perform(self, wanted: GuestDocument, steps: Sequence[Step], crash: str | None) -> bool:
        """Run the steps in order; a failure ends all operations that are still open.

        ``crash``: details of the crash; None if the guest did not crash.
        """
        for number, (step, request_id) in enumerate(
            zip(steps, requests_of(wanted, steps), strict=True)
        ):
            token = REQUEST_ID.set(request_id)  # for the log lines of this step
            try:
                if step.kind == "wait":
                    self._later(wanted.id, step.seconds)
                elif step.kind == "fault":
                    self._fault(wanted.id, step.text)
                elif not self._perform_one(wanted, steps[number:], crash):
                    return False
            finally:
                REQUEST_ID.reset(token)
        return True

    def _perform_one(
        self, wanted: GuestDocument, remaining: Sequence[Step], crash: str | None
    ) -> bool:
        """Run the first of the remaining steps."""
        assert self._executor is not None
        step = remaining[0]
        is_restart = step.kind == "start" and crash is not None
        if is_restart:
            before = self._health.get(wanted.id, Health())
            self._health[wanted.id] = before.after_restart(time.monotonic())
        try:
            self._executor.do(step, wanted)
        except Exception as error:
            if not isinstance(error, DriverError):
                LOG.exception("guest %s: %s failed", wanted.id, step.kind)
            owner_message = error.owner_message if isinstance(error, DriverError) else ""
            self._failed(wanted, remaining, str(error), owner_message)
            return False
        if step.kind != "done":
            LOG.info("guest %s: %s done", wanted.id, step.kind)
        if step.operation_id:
            self._end(wanted.id, step.operation_id, None)
        elif is_restart:
            LOG.warning("guest %s crashed (%s) and was started again", wanted.id, crash)
            self.reporter.add(restarted=(wanted.id, crash or ""))
        return True

    def _failed(
        self, wanted: GuestDocument, remaining: Sequence[Step], error: str, owner_message: str
    ) -> None:
        """``owner_message``: the part of the error that the owner of the guest may read."""
        LOG.warning("guest %s: %s failed: %s", wanted.id, remaining[0].kind, error)
        operation_ids = [step.operation_id for step in remaining if step.operation_id]
        for operation_id in operation_ids:
            self._end(wanted.id, operation_id, (error, owner_message))
        if remaining[0].kind == "connect":
            since = self._cut_off.setdefault(wanted.id, time.monotonic())
            if time.monotonic() - since > CUT_OFF_SECONDS:
                text = "A network interface lost its connection; a hard reboot may bring it back."
                self._fault(wanted.id, text)
        if not operation_ids:
            # no operation waits for it (a restart, a deletion): retry later
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
        self._health.pop(guest_id, None)
        self._done.pop(guest_id, None)
        self._faults.pop(guest_id, None)
        self._cut_off.pop(guest_id, None)

    def _is_news(self, wanted: GuestDocument, steps: Sequence[Step]) -> bool:
        """Whether the guest's state should be reported."""
        state = self._observe(wanted.id)
        if state is None:
            return False
        reported = self.reporter.last_reported(wanted.id)
        return bool(steps) or state.power.value != wanted.known_power or reported != state

    def _observe(self, guest_id: str) -> GuestState | None:
        try:
            return self.driver.get_guest(guest_id)
        except GuestNotFound:
            return None

    def _later(self, guest_id: str, seconds: float) -> None:
        timer = threading.Timer(seconds, self.reconcile, (guest_id,))
        timer.daemon = True
        timer.start()

    # -- guests that change by themselves ----------------------------------------------------------

    def _watch(self) -> None:
        while not self._stopped.wait(WATCH_SECONDS):
            try:
                for state in self.driver.list_guests():
                    if self._needs_reconcile(state):
                        self.reconcile(state.id)
            except DriverError as error:
                LOG.warning("guests cannot be listed: %s", error)
            except Exception:
                LOG.exception("the watch failed")

    def _needs_reconcile(self, state: GuestState) -> bool:
        """Whether a guest differs from its last report, or a step is possible for it now."""
        reported = self.reporter.last_reported(state.id)
        is_new = reported is None or (reported.power, reported.pid) != (state.power, state.pid)
        if is_new and state.stalled:
            LOG.warning("guest %s is paused: the host's disk is full", state.id)
        if not state.cut_off:
            self._cut_off.pop(state.id, None)
        # after a failure to connect, the retry is scheduled already
        is_cut_off = bool(state.cut_off) and state.id not in self._cut_off
        return is_new or is_cut_off or state.stalled == "room"
