"""The hypervisor driver ``qemu``: guests as plain QEMU processes on this host."""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import shutil
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from stratolith.compute.drivers.base import (
    DriverError,
    GuestNotFound,
    GuestSpec,
    GuestState,
    HypervisorCapabilities,
    HypervisorFacts,
    NotPossible,
    VifSpec,
    check_spec,
)
from stratolith.compute.drivers.locks import Locks
from stratolith.compute.drivers.qemu import (
    acceleration,
    command,
    configdrive,
    console,
    disks,
    events,
    firmware,
    host,
    hotplug,
    machines,
    process,
    programs,
)
from stratolith.compute.drivers.qemu.acceleration import Acceleration
from stratolith.compute.drivers.qemu.guest import Guest, Nics
from stratolith.compute.drivers.qemu.machines import Platform
from stratolith.compute.drivers.qemu.monitor import Monitor
from stratolith.compute.drivers.qemu.process import Census, Process
from stratolith.kernel.revert import Revert

LOG = logging.getLogger(__name__)

_START_SECONDS = 30.0  # a crowded host needs long to lay out a guest's memory
_END_SECONDS = 5.0  # QEMU's own way out after SIGTERM: flush, close
_PAUSE_SECONDS = 5.0  # until QEMU's event log tells what its monitor agreed to
_BUTTON_SECONDS = 4.0  # a guest still booting misses the ACPI button: press it again
_MAKING, _ENDING = ".making-", ".deleting-"


class QemuDriver:
    """Runs guests below ``state_dir/guests``; keeps nothing in memory that matters.

    ``soft_reboot_seconds`` is how long a soft reboot waits for the guest to power off,
    ``unplug_seconds`` how long a NIC's removal waits for the guest to let go. ``use`` forces
    an acceleration; "auto" takes KVM when it proves to work.
    """

    name = "qemu"
    capabilities = HypervisorCapabilities(
        hotplug_nic=True, console_output=True, config_drive=True, pause=True
    )

    def __init__(
        self,
        state_dir: Path,
        *,
        use: Literal["auto", "kvm", "tcg"] = "auto",
        soft_reboot_seconds: float = 60.0,
        unplug_seconds: float = 15.0,  # PCI Express waits 5 s for a change of mind
    ) -> None:
        self._state_dir = state_dir.absolute()
        self._root = self._state_dir / "guests"
        self._use = use
        self._soft_reboot_seconds = soft_reboot_seconds
        self._unplug_seconds = unplug_seconds
        self._locks = Locks()
        self._shortening = threading.Lock()
        self._proving = threading.Lock()
        self._known: dict[str, Guest] = {}
        self._census = Census(self._root)
        self._boot_id = acceleration.boot_id()
        self._root.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._sweep()

    # The host --------------------------------------------------------------------------------

    def facts(self) -> HypervisorFacts:
        """See HypervisorDriver; raises DriverError when QEMU is missing."""
        platform = machines.platform_of("")
        version = host.qemu_version(programs.find(platform.program))
        chosen = self._acceleration(platform)
        disk, free = host.disk_gb(self._root)
        return HypervisorFacts(
            hypervisor_type="QEMU",
            hypervisor_version=host.version_number(version),
            acceleration=chosen.name,
            acceleration_detail=chosen.detail,
            architectures=machines.runnable(),
            vcpus=host.vcpus(),
            memory_mb=host.memory_mb(),
            disk_gb=disk,
            disk_free_gb=free,
            cpu_info=host.cpu_info(),
            uefi=[name for name in machines.runnable() if firmware.is_present(name)],
        )

    def _acceleration(self, platform: Platform) -> Acceleration:
        if not machines.is_native(platform):
            return Acceleration("tcg", "Guests of a foreign architecture are emulated (TCG).")
        qemu = programs.find(platform.program)
        if self._use != "auto":
            return Acceleration(self._use, f"{self._use.upper()} is set in the configuration.")
        with self._proving:
            return acceleration.choose(self._state_dir, qemu, host.qemu_version(qemu))

    # What there is ---------------------------------------------------------------------------

    def list_guests(self) -> list[GuestState]:
        """See HypervisorDriver. Also keeps the logs of guests in bounds."""
        found: list[GuestState] = []
        for name in sorted({*os.listdir(self._root), *self._census.all()}):
            if not _is_uuid(name):
                continue
            guest = self._guest(name)
            with contextlib.suppress(GuestNotFound):  # destroyed meanwhile
                found.append(guest.state(self._boot_id, self._census))
            self._shorten_logs(guest)
        for gone in self._known.keys() - {state.id for state in found}:
            self._known.pop(gone, None)
        return found

    def get_guest(self, guest_id: str) -> GuestState:
        return self._guest(guest_id).state(self._boot_id, self._census)

    def console_output(self, guest_id: str, lines: int | None) -> str:
        guest = self._guest(guest_id)
        guest.require()
        return console.tail(guest.console_log, lines)

    # Life and death --------------------------------------------------------------------------

    def create(self, spec: GuestSpec) -> None:
        """See HypervisorDriver; everything is made aside and moved into place at the end."""
        check_spec(spec)
        guest = self._guest(spec.id)
        with self._locks.hold(spec.id), _clear(f"Guest {spec.id} cannot be created"):
            if guest.exists:
                return
            machines.of(spec)
            self._kill(guest)  # one that lost its files would be taken for the new one
            with Revert() as revert:
                draft = self._root / f"{_MAKING}{spec.id}"
                shutil.rmtree(draft, ignore_errors=True)
                draft.mkdir(mode=0o700)
                revert.add("remove the half-made guest", shutil.rmtree, draft)
                with _claimed(draft):
                    disks.make(spec, draft)
                    if spec.config_drive is not None:
                        configdrive.write(draft / "configdrive.iso", spec.config_drive)
                    made = Guest(draft, spec.id)
                    made.save_spec(spec)
                    made.save_nics(Nics(hotplug.slots(_ports(spec), {})))
                    made.mark_stopped()
                    draft.rename(guest.directory)

    def start(self, spec: GuestSpec) -> None:
        check_spec(spec)
        guest = self._guest(spec.id)
        with self._locks.hold(spec.id), _clear(f"Guest {spec.id} cannot be started"):
            self._start(guest, spec)

    def stop(self, guest_id: str, *, graceful_seconds: float = 0.0) -> None:
        guest = self._guest(guest_id)
        with self._locks.hold(guest_id), _clear(f"Guest {guest_id} cannot be stopped"):
            guest.require()
            self._stop(guest, graceful_seconds)

    def pause(self, guest_id: str) -> None:
        self._halt(guest_id, "stop", paused=True)

    def unpause(self, guest_id: str) -> None:
        self._halt(guest_id, "cont", paused=False)

    def _halt(self, guest_id: str, order: str, *, paused: bool) -> None:
        """Order a running guest to stand still or to go on, and see that it does."""
        guest = self._guest(guest_id)
        what = f"Guest {guest_id} cannot be {'paused' if paused else 'unpaused'}"
        with self._locks.hold(guest_id), _clear(what):
            guest.require()
            if process.find(guest.pid_file, guest.id) is None:
                raise NotPossible("it does not run")
            if guest.history().paused == paused:
                return
            with Monitor(guest.directory) as monitor:
                monitor.execute(order)
            # Another monitor writes the event log: what state() reads comes a moment later.
            deadline = time.monotonic() + _PAUSE_SECONDS
            while guest.history().paused != paused:
                if time.monotonic() > deadline:
                    raise DriverError("its event log does not show that it obeyed")
                time.sleep(0.01)

    def reboot(self, guest_id: str, *, hard: bool, spec: GuestSpec) -> None:
        check_spec(spec)
        guest = self._guest(guest_id)
        with self._locks.hold(guest_id), _clear(f"Guest {guest_id} cannot be rebooted"):
            guest.require()
            self._stop(guest, 0.0 if hard else self._soft_reboot_seconds)
            self._start(guest, spec)

    def destroy(self, guest_id: str) -> None:
        guest = self._guest(guest_id)
        self._kill(guest)  # at once: whoever waits for the guest's end holds its lock
        with self._locks.hold(guest_id), _clear(f"Guest {guest_id} cannot be deleted"):
            self._kill(guest)
            trash = self._root / f"{_ENDING}{guest_id}"
            shutil.rmtree(trash, ignore_errors=True)
            # Renamed first: from now on it is gone, even if we die before all is deleted.
            with contextlib.suppress(FileNotFoundError):
                guest.directory.rename(trash)
                shutil.rmtree(trash)
            shutil.rmtree(self._root / f"{_MAKING}{guest_id}", ignore_errors=True)
            self._known.pop(guest_id, None)

    def _start(self, guest: Guest, spec: GuestSpec) -> None:
        guest.require()
        if self._runs(guest):
            self._resume(guest)
            guest.unmark_stopped()
            return
        process.await_release(guest.pid_file, _START_SECONDS)
        for vif in spec.vifs:
            hotplug.require_tap(vif)
        machine = machines.of(spec)
        slots = hotplug.slots(_ports(spec), guest.nics().slots)
        words = command.build(
            programs.find(machine.platform.program), machine, spec, guest.directory,
            disks.layout(spec, guest.directory), slots, self._acceleration(machine.platform),
        )  # fmt: skip
        if machine.uefi is not None:
            firmware.make_variables(machine.uefi, guest.directory)
        guest.save_spec(spec)
        guest.save_nics(Nics(slots, self._boot_id))
        self._shorten_logs(guest)
        with Revert() as revert:
            revert.add("mark the guest as stopped", guest.mark_stopped)
            guest.unmark_stopped()
            self._launch(guest, words)
        with contextlib.suppress(OSError):  # it runs; only a lost tap would be noticed later
            guest.save_nics(Nics(slots, self._boot_id, hotplug.held_taps(guest, spec.vifs)))

    def _runs(self, guest: Guest) -> bool:
        """Whether the guest runs and goes on: a process on its way out is waited for."""
        running = _handle(guest)
        if running is None:
            return False
        with running:
            if not guest.history().ending:
                return True
            if not running.wait(_START_SECONDS):
                raise DriverError("its process has been shutting down for too long")
            return False

    def _launch(self, guest: Guest, words: list[str]) -> None:
        entrance = events.prepare(guest.directory)
        try:
            with process.spawn(words, guest.directory) as running:
                process.await_start(
                    running, guest.directory, lambda: guest.history().answered, _START_SECONDS
                )
        finally:
            os.close(entrance)

    def _resume(self, guest: Guest) -> None:
        """Running already; a guest that stands still (host disk was full) goes on."""
        if guest.history().paused:
            with Monitor(guest.directory) as monitor:
                monitor.execute("cont")

    def _stop(self, guest: Guest, graceful_seconds: float) -> None:
        running = _handle(guest)
        guest.mark_stopped()  # first: an end that comes from now on was asked for
        if running is None:
            return
        with running:
            if graceful_seconds > 0 and self._press_button(guest, running, graceful_seconds):
                return
            running.end(_END_SECONDS)

    def _press_button(self, guest: Guest, running: Process, seconds: float) -> bool:
        """The ACPI power button; whether the guest powered off in time."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            try:
                with Monitor(guest.directory) as monitor:
                    monitor.execute("system_powerdown")
            except DriverError as error:
                if not running.wait(0.0):
                    LOG.warning("guest %s: no power button: %s", guest.id, error)
                    return False
            if running.wait(min(left, _BUTTON_SECONDS)):
                return True
        return False

    def _kill(self, guest: Guest) -> None:
        running = _handle(guest)
        if running is not None:
            with running:
                with contextlib.suppress(OSError):  # a full disk must not keep it alive
                    guest.mark_stopped()
                running.end(0.0)

    # NICs ------------------------------------------------------------------------------------

    def attach_interface(self, guest_id: str, vif: VifSpec) -> None:
        """See HypervisorDriver; a guest that does not run gets the NIC at its next start."""
        guest = self._guest(guest_id)
        with self._locks.hold(guest_id), _clear(f"NIC {vif.port_id} cannot be attached"):
            guest.require()
            nics = guest.nics()
            slots = hotplug.slots([*nics.slots, vif.port_id], nics.slots)
            if process.find(guest.pid_file, guest.id) is not None:
                machine = machines.of(guest.load_spec())
                chosen = self._acceleration(machine.platform)
                if vif.port_id in nics.slots and hotplug.connect(guest, vif):
                    return
                if vif.port_id in nics.slots:
                    hotplug.unplug(guest, vif.port_id, self._unplug_seconds)
                hotplug.plug(guest, vif, slots[vif.port_id], machine.board, chosen)
            held = nics.taps | hotplug.held_taps(guest, [vif])
            guest.save_nics(Nics(slots, nics.boot_id, held))

    def detach_interface(self, guest_id: str, port_id: str) -> None:
        guest = self._guest(guest_id)
        with self._locks.hold(guest_id), _clear(f"NIC {port_id} cannot be detached"):
            guest.require()
            nics = guest.nics()
            if process.find(guest.pid_file, guest.id) is not None:
                hotplug.unplug(guest, port_id, self._unplug_seconds)
            left = {port: slot for port, slot in nics.slots.items() if port != port_id}
            held = {port: tap for port, tap in nics.taps.items() if port != port_id}
            guest.save_nics(Nics(left, nics.boot_id, held))

    # Inside ----------------------------------------------------------------------------------

    def _guest(self, guest_id: str) -> Guest:
        if not _is_uuid(guest_id):
            raise GuestNotFound(f"{guest_id!r} is not the uuid of a guest")
        # The object only caches what it read; two of one guest do no harm.
        return self._known.setdefault(guest_id, Guest(self._root / guest_id, guest_id))

    def _shorten_logs(self, guest: Guest) -> None:
        """One thread at a time, or two would cut the same log; who comes second goes on."""
        if self._shortening.acquire(blocking=False):
            try:
                console.rotate(guest.console_log)
                events.shorten(guest.events)
            except OSError as error:
                LOG.warning("guest %s: its logs cannot be cut: %s", guest.id, error)
            finally:
                self._shortening.release()

    def _sweep(self) -> None:
        """Remove what a driver that died left half made or half deleted."""
        for path in self._root.glob(".*"):
            if path.name.startswith((_MAKING, _ENDING)):
                with contextlib.suppress(OSError, _Claimed), _claimed(path):
                    shutil.rmtree(path, ignore_errors=True)


class _Claimed(Exception):
    """Another driver works in this directory."""


@contextlib.contextmanager
def _claimed(directory: Path) -> Iterator[None]:
    """Work in a directory so that no other process sweeps it; raises _Claimed."""
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _Claimed from None
        yield
    finally:
        os.close(handle)


@contextlib.contextmanager
def _clear(what: str) -> Iterator[None]:
    """Every failure as a DriverError whose text begins with what was tried."""
    try:
        yield
    except GuestNotFound:
        raise
    except DriverError as error:
        raise error.within(what) from error
    except OSError as error:
        place = f" ({error.filename})" if error.filename else ""
        raise DriverError(f"{what}: {error.strerror or error}{place}") from error


def _handle(guest: Guest) -> Process | None:
    """A handle on the guest's process; looked at again through the handle, as pids return."""
    pid = process.search(guest.pid_file, guest.id)
    if pid is None:
        return None
    try:
        running = Process(pid)
    except ProcessLookupError:
        return None
    if process.is_ours(pid, guest.pid_file, guest.id):
        return running
    running.close()
    return None


def _ports(spec: GuestSpec) -> list[str]:
    return [vif.port_id for vif in spec.vifs]


def _is_uuid(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False
