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

_START_SECONDS = 30.0  # a busy host needs long to allocate a guest's memory
_END_SECONDS = 5.0  # for QEMU to flush and close its files after SIGTERM
_PAUSE_SECONDS = 5.0  # until QEMU's event log shows a pause or resume
_BUTTON_SECONDS = 4.0  # interval between ACPI button presses: a booting guest ignores them
_MAKING, _ENDING = ".making-", ".deleting-"


class QemuDriver:
    """Runs guests below ``state_dir/guests``; all state is in files, memory only caches it.

    ``soft_reboot_seconds``: how long a soft reboot waits for the guest to power off,
    ``unplug_seconds``: how long the removal of a NIC waits for the guest to release it. ``use``
    sets the acceleration; "auto" chooses KVM if a test shows that it works.
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
        unplug_seconds: float = 15.0,  # PCI Express waits 5 s, in which the user may cancel
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
        """See HypervisorDriver; raises DriverError if QEMU is missing."""
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

    # Queries ---------------------------------------------------------------------------------

    def list_guests(self) -> list[GuestState]:
        """See HypervisorDriver. It also limits the size of the guests' logs."""
        states: list[GuestState] = []
        for name in sorted({*os.listdir(self._root), *self._census.all()}):
            if not _is_uuid(name):
                continue
            guest = self._guest(name)
            with contextlib.suppress(GuestNotFound):  # destroyed meanwhile
                states.append(guest.state(self._boot_id, self._census))
            self._shorten_logs(guest)
        for guest_id in self._known.keys() - {state.id for state in states}:
            self._known.pop(guest_id, None)
        return states

    def get_guest(self, guest_id: str) -> GuestState:
        return self._guest(guest_id).state(self._boot_id, self._census)

    def console_output(self, guest_id: str, lines: int | None) -> str:
        guest = self._guest(guest_id)
        guest.require()
        return console.tail(guest.console_log, lines)

    # Create, start, stop, destroy ------------------------------------------------------------

    def create(self, spec: GuestSpec) -> None:
        """See HypervisorDriver; all files are made in a draft directory, renamed at the end."""
        check_spec(spec)
        guest = self._guest(spec.id)
        with self._locks.hold(spec.id), _as_driver_error(f"Guest {spec.id} cannot be created"):
            if guest.exists:
                return
            machines.of(spec)
            self._kill(guest)  # a process without files would be mistaken for the new guest
            with Revert() as revert:
                draft = self._root / f"{_MAKING}{spec.id}"
                shutil.rmtree(draft, ignore_errors=True)
                draft.mkdir(mode=0o700)
                revert.add("remove the half-made guest", shutil.rmtree, draft)
                with _claimed(draft):
                    disks.make(spec, draft)
                    if spec.config_drive is not None:
                        configdrive.write(draft / "configdrive.iso", spec.config_drive)
                    created = Guest(draft, spec.id)
                    created.save_spec(spec)
                    created.save_nics(Nics(hotplug.slots(_ports(spec), {})))
                    created.mark_stopped()
                    draft.rename(guest.directory)

    def start(self, spec: GuestSpec) -> None:
        check_spec(spec)
        guest = self._guest(spec.id)
        with self._locks.hold(spec.id), _as_driver_error(f"Guest {spec.id} cannot be started"):
            self._start(guest, spec)

    def stop(self, guest_id: str, *, graceful_seconds: float = 0.0) -> None:
        guest = self._guest(guest_id)
        with self._locks.hold(guest_id), _as_driver_error(f"Guest {guest_id} cannot be stopped"):
            guest.require()
            self._stop(guest, graceful_seconds)

    def pause(self, guest_id: str) -> None:
        self._halt(guest_id, "stop", paused=True)

    def unpause(self, guest_id: str) -> None:
        self._halt(guest_id, "cont", paused=False)

    def _halt(self, guest_id: str, qmp_command: str, *, paused: bool) -> None:
        """Pause or resume a running guest and wait until its event log shows it."""
        guest = self._guest(guest_id)
        what = f"Guest {guest_id} cannot be {'paused' if paused else 'unpaused'}"
        with self._locks.hold(guest_id), _as_driver_error(what):
            guest.require()
            if process.find(guest.pid_file, guest.id) is None:
                raise NotPossible("it does not run")
            if guest.history().paused == paused:
                return
            with Monitor(guest.directory) as monitor:
                monitor.execute(qmp_command)
            # Another monitor writes the event log, so state() sees the change a bit later.
            deadline = time.monotonic() + _PAUSE_SECONDS
            while guest.history().paused != paused:
                if time.monotonic() > deadline:
                    raise DriverError("its event log does not show the change")
                time.sleep(0.01)

    def reboot(self, guest_id: str, *, hard: bool, spec: GuestSpec) -> None:
        check_spec(spec)
        guest = self._guest(guest_id)
        with self._locks.hold(guest_id), _as_driver_error(f"Guest {guest_id} cannot be rebooted"):
            guest.require()
            self._stop(guest, 0.0 if hard else self._soft_reboot_seconds)
            self._start(guest, spec)

    def destroy(self, guest_id: str) -> None:
        guest = self._guest(guest_id)
        self._kill(guest)  # before the lock: a thread that waits for the guest's end may hold it
        with self._locks.hold(guest_id), _as_driver_error(f"Guest {guest_id} cannot be deleted"):
            self._kill(guest)
            trash = self._root / f"{_ENDING}{guest_id}"
            shutil.rmtree(trash, ignore_errors=True)
            # After the rename the guest does not exist, even if this process dies before the rest.
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
        arguments = command.build(
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
            self._launch(guest, arguments)
        with contextlib.suppress(OSError):  # the guest runs; without it a lost tap is found later
            guest.save_nics(Nics(slots, self._boot_id, hotplug.held_taps(guest, spec.vifs)))

    def _runs(self, guest: Guest) -> bool:
        """Whether the guest runs; if its process is shutting down, wait for the end first."""
        running = _handle(guest)
        if running is None:
            return False
        with running:
            if not guest.history().ending:
                return True
            if not running.wait(_START_SECONDS):
                raise DriverError("its process has been shutting down for too long")
            return False

    def _launch(self, guest: Guest, arguments: list[str]) -> None:
        descriptor = events.prepare(guest.directory)
        try:
            with process.spawn(arguments, guest.directory) as running:
                process.await_start(
                    running, guest.directory, lambda: guest.history().answered, _START_SECONDS
                )
        finally:
            os.close(descriptor)

    def _resume(self, guest: Guest) -> None:
        """Resume a guest that runs already if it is paused (as when the host's disk was full)."""
        if guest.history().paused:
            with Monitor(guest.directory) as monitor:
                monitor.execute("cont")

    def _stop(self, guest: Guest, graceful_seconds: float) -> None:
        running = _handle(guest)
        guest.mark_stopped()  # first: from now on the end of the process is expected
        if running is None:
            return
        with running:
            if graceful_seconds > 0 and self._press_button(guest, running, graceful_seconds):
                return
            running.end(_END_SECONDS)

    def _press_button(self, guest: Guest, running: Process, seconds: float) -> bool:
        """Press the ACPI power button; returns whether the guest powered off in time."""
        deadline = time.monotonic() + seconds
        while (remaining := deadline - time.monotonic()) > 0:
            try:
                with Monitor(guest.directory) as monitor:
                    monitor.execute("system_powerdown")
            except DriverError as error:
                if not running.wait(0.0):
                    LOG.warning("guest %s: the power button failed: %s", guest.id, error)
                    return False
            if running.wait(min(remaining, _BUTTON_SECONDS)):
                return True
        return False

    def _kill(self, guest: Guest) -> None:
        running = _handle(guest)
        if running is not None:
            with running:
                with contextlib.suppress(OSError):  # kill it even if the disk is full
                    guest.mark_stopped()
                running.end(0.0)

    # NICs ------------------------------------------------------------------------------------

    def attach_interface(self, guest_id: str, vif: VifSpec) -> None:
        """See HypervisorDriver; a stopped guest gets the NIC at its next start."""
        guest = self._guest(guest_id)
        with self._locks.hold(guest_id), _as_driver_error(f"NIC {vif.port_id} cannot be attached"):
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
        with self._locks.hold(guest_id), _as_driver_error(f"NIC {port_id} cannot be detached"):
            guest.require()
            nics = guest.nics()
            if process.find(guest.pid_file, guest.id) is not None:
                hotplug.unplug(guest, port_id, self._unplug_seconds)
            slots = {port: slot for port, slot in nics.slots.items() if port != port_id}
            held = {port: tap for port, tap in nics.taps.items() if port != port_id}
            guest.save_nics(Nics(slots, nics.boot_id, held))

    # Inside ----------------------------------------------------------------------------------

    def _guest(self, guest_id: str) -> Guest:
        if not _is_uuid(guest_id):
            raise GuestNotFound(f"{guest_id!r} is not the uuid of a guest")
        # The object only caches files; two objects for one guest do no harm.
        return self._known.setdefault(guest_id, Guest(self._root / guest_id, guest_id))

    def _shorten_logs(self, guest: Guest) -> None:
        """Shorten the logs; if another thread does this now, do nothing."""
        if self._shortening.acquire(blocking=False):
            try:
                console.rotate(guest.console_log)
                events.shorten(guest.events)
            except OSError as error:
                LOG.warning("guest %s: its logs cannot be shortened: %s", guest.id, error)
            finally:
                self._shortening.release()

    def _sweep(self) -> None:
        """Remove guests that a driver had half created or half deleted when it died."""
        for path in self._root.glob(".*"):
            if path.name.startswith((_MAKING, _ENDING)):
                with contextlib.suppress(OSError, _Claimed), _claimed(path):
                    shutil.rmtree(path, ignore_errors=True)


class _Claimed(Exception):
    """Another driver works in this directory."""


@contextlib.contextmanager
def _claimed(directory: Path) -> Iterator[None]:
    """Lock a directory so that no other process sweeps it; raises _Claimed."""
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
def _as_driver_error(what: str) -> Iterator[None]:
    """Convert errors to DriverError; its text begins with the failed action, ``what``."""
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
    """A handle on the guest's process; checked again with the handle, as pids are reused."""
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
