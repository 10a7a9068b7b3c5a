"""The hypervisor driver ``fake``: simulated guests, and methods to simulate failures.

It passes the contract tests of the real drivers (tests/drivers/hypervisor/test_contract.py), so
a cloud of simulated hosts behaves like a real one. The methods of ``FakeDriver`` after "Knobs"
simulate problems of real hosts: slowness, failures, crashes, loss of power.
"""

from __future__ import annotations

import itertools
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from stratolith.compute.drivers.base import (
    DiskSpec,
    DriverError,
    GuestNotFound,
    GuestSpec,
    GuestState,
    HypervisorCapabilities,
    HypervisorFacts,
    ImageRef,
    NotPossible,
    PowerState,
    VifSpec,
    check_spec,
    last_lines,
)
from stratolith.compute.drivers.locks import Locks
from stratolith.kernel import architecture

# Larger than any pid of the kernel: a simulated pid must never be that of a real process.
_FIRST_PID = 5_000_000


class FakeCapacity(msgspec.Struct, frozen=True, kw_only=True):
    """The size of a simulated host: as large as Nova's fake host, for a thousand servers."""

    vcpus: int = 1000
    memory_mb: int = 800_000
    disk_gb: int = 600_000
    architectures: tuple[str, ...] = ("x86_64", "i686", "aarch64")
    uefi: tuple[str, ...] = ("x86_64", "aarch64")


class _Record(msgspec.Struct, kw_only=True):
    """One simulated guest."""

    id: str
    power: PowerState = PowerState.SHUTDOWN
    pid: int | None = None
    vifs: list[str] = []
    detail: str = ""
    disk_bytes: int = 0
    console: str = ""


class _Line(msgspec.Struct):
    """One change in the state file; ``guest`` None: destroyed."""

    id: str
    guest: _Record | None = None


class _Failure(msgspec.Struct):
    method: str
    message: str
    guest_id: str | None
    times: int | None  # None: until cleared
    after: bool
    detail: str = ""  # the text is for administrators only


class FakeDriver:
    """Simulated guests in memory; with ``state_file`` they survive a restart of the process.

    The file is a journal with one JSON line per change, so the cost of a change does not depend
    on the number of guests. Only one driver at a time may write it. ``sleep`` is called for
    delays; tests with a simulated clock replace it.
    """

    name = "fake"
    capabilities = HypervisorCapabilities(
        hotplug_nic=True, console_output=True, config_drive=True, pause=True
    )

    def __init__(
        self,
        state_file: Path | None = None,
        *,
        capacity: FakeCapacity | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.capacity = capacity or FakeCapacity()
        self._file = state_file
        self._sleep = sleep
        self._locks = Locks()
        self._guard = threading.RLock()  # protects the dictionaries; never held during a sleep
        self._guests: dict[str, _Record] = {}
        self._delays: dict[str, float] = {}
        self._failures: list[_Failure] = []
        self._ignoring_button: set[str] = set()
        self._powered = True
        if state_file is not None:
            self._load(state_file)
        last = max((guest.pid or 0 for guest in self._guests.values()), default=0)
        self._pids = itertools.count(max(_FIRST_PID, last + 1))

    # The interface ---------------------------------------------------------------------------

    def facts(self) -> HypervisorFacts:
        with self._act("facts"), self._guard:
            used = sum(guest.disk_bytes for guest in self._guests.values()) >> 30
            return HypervisorFacts(
                hypervisor_type="fake",
                hypervisor_version=1_000_000,
                acceleration="none",
                acceleration_detail="Simulated guests run no instructions.",
                architectures=list(self.capacity.architectures),
                uefi=list(self.capacity.uefi),
                vcpus=self.capacity.vcpus,
                memory_mb=self.capacity.memory_mb,
                disk_gb=self.capacity.disk_gb,
                disk_free_gb=max(0, self.capacity.disk_gb - used),
                cpu_info={
                    "arch": architecture.of_this_host(),
                    "vendor": "fake",
                    "model": "fake",
                    "features": [],
                    "topology": {"cells": 1, "sockets": 1, "cores": self.capacity.vcpus}
                    | {"threads": 1},
                },
            )

    def list_guests(self) -> list[GuestState]:
        with self._act("list_guests"), self._guard:
            return [_state(guest) for guest in self._guests.values()]

    def get_guest(self, guest_id: str) -> GuestState:
        with self._act("get_guest", guest_id, alone=False), self._guard:
            return _state(self._find(guest_id))

    def create(self, spec: GuestSpec) -> None:
        check_spec(spec)
        if spec.arch and spec.arch not in self.capacity.architectures:
            raise NotPossible(f"Guests of the architecture {spec.arch} cannot run on this host")
        with self._act("create", spec.id), self._guard:
            if spec.id not in self._guests:
                size = sum(disk.size_bytes for disk in spec.disks)
                vifs = [vif.port_id for vif in spec.vifs]
                self._save(_Record(id=spec.id, vifs=vifs, disk_bytes=size))

    def start(self, spec: GuestSpec) -> None:
        check_spec(spec)
        with self._act("start", spec.id):
            self._start(spec)

    def stop(self, guest_id: str, *, graceful_seconds: float = 0.0) -> None:
        with self._act("stop", guest_id):
            self._find(guest_id)
            if guest_id in self._ignoring_button:
                self._sleep(graceful_seconds)
            self._end(guest_id, PowerState.SHUTDOWN, "")

    def pause(self, guest_id: str) -> None:
        with self._act("pause", guest_id):
            self._halt(guest_id, PowerState.PAUSED)

    def unpause(self, guest_id: str) -> None:
        with self._act("unpause", guest_id):
            self._halt(guest_id, PowerState.RUNNING)

    def reboot(self, guest_id: str, *, hard: bool, spec: GuestSpec) -> None:
        check_spec(spec)
        with self._act("reboot", guest_id):
            self._find(guest_id)
            self._end(guest_id, PowerState.SHUTDOWN, "")
            self._start(spec)

    def destroy(self, guest_id: str) -> None:
        with self._act("destroy", guest_id), self._guard:
            if self._guests.pop(guest_id, None) is not None:
                self._ignoring_button.discard(guest_id)
                self._write([_Line(guest_id)])

    def attach_interface(self, guest_id: str, vif: VifSpec) -> None:
        with self._act("attach_interface", guest_id), self._guard:
            guest = self._find(guest_id)
            if vif.port_id not in guest.vifs:
                guest.vifs = [*guest.vifs, vif.port_id]
                self._save(guest)

    def detach_interface(self, guest_id: str, port_id: str) -> None:
        with self._act("detach_interface", guest_id), self._guard:
            guest = self._find(guest_id)
            guest.vifs = [port for port in guest.vifs if port != port_id]
            self._save(guest)

    def console_output(self, guest_id: str, lines: int | None) -> str:
        with self._act("console_output", guest_id, alone=False), self._guard:
            return last_lines(self._find(guest_id).console, lines)

    # Knobs -----------------------------------------------------------------------------------

    def delay(self, method: str, seconds: float) -> None:
        """From now on ``method`` takes this time ("*": all methods without an own delay)."""
        with self._guard:
            self._delays[method] = seconds

    def fail(
        self,
        method: str,
        message: str = "simulated failure",
        *,
        guest_id: str | None = None,
        times: int | None = None,
        after: bool = False,
        detail: str = "",
    ) -> None:
        """``method`` raises NotPossible(message), for one guest or all, ``times`` or always.

        ``after``: the work is done before the failure, as if the answer was lost. ``detail``: raise
        a DriverError with this text for administrators instead.
        """
        with self._guard:
            self._failures.append(_Failure(method, message, guest_id, times, after, detail))

    def heal(self) -> None:
        """Remove all delays and failures."""
        with self._guard:
            self._delays.clear()
            self._failures.clear()
            self._ignoring_button.clear()

    def crash(self, guest_id: str, detail: str = "QEMU ended unexpectedly") -> None:
        """Simulate that the guest's process dies; raises GuestNotFound."""
        self._end(guest_id, PowerState.CRASHED, detail)

    def power_off_guest(self, guest_id: str) -> None:
        """Simulate that the guest powers itself off; raises GuestNotFound."""
        self._end(guest_id, PowerState.SHUTDOWN, "")

    def ignore_power_button(self, guest_id: str) -> None:
        """Simulate that the guest's system hangs: a graceful stop waits until its timeout."""
        with self._guard:
            self._ignoring_button.add(guest_id)

    def say(self, guest_id: str, text: str) -> None:
        """Simulate output on the serial console; raises GuestNotFound."""
        with self._guard:
            guest = self._find(guest_id)
            guest.console = (guest.console + text)[-(1 << 16) :]
            self._save(guest)

    def lose_power(self) -> None:
        """Simulate a host without power: guests die, all methods fail until ``restore_power``."""
        with self._guard:
            self._powered = False
            ended = [guest for guest in self._guests.values() if guest.pid is not None]
            for guest in ended:
                guest.power, guest.pid = PowerState.CRASHED, None
                guest.detail = "the host went down while the guest ran"
            self._write([_Line(guest.id, guest) for guest in ended])

    def restore_power(self) -> None:
        with self._guard:
            self._powered = True

    # Inside ----------------------------------------------------------------------------------

    @contextmanager
    def _act(self, method: str, guest_id: str = "", *, alone: bool = True) -> Iterator[None]:
        """One call with the configured delay and failure; ``alone``: hold the guest's lock."""
        if guest_id and alone:
            with self._locks.hold(guest_id):
                yield from self._perform(method, guest_id)
        else:
            yield from self._perform(method, guest_id)

    def _perform(self, method: str, guest_id: str) -> Iterator[None]:
        with self._guard:
            seconds = self._delays.get(method, self._delays.get("*", 0.0))
        if seconds > 0:
            self._sleep(seconds)
        self._trip(method, guest_id, after=False)
        yield
        self._trip(method, guest_id, after=True)

    def _trip(self, method: str, guest_id: str, *, after: bool) -> None:
        with self._guard:
            if not self._powered:
                raise DriverError("The host has no power")
            for failure in self._failures:
                if failure.method not in (method, "*") or failure.after != after:
                    continue
                if failure.guest_id not in (None, guest_id) or failure.times == 0:
                    continue
                if failure.times is not None:
                    failure.times -= 1
                if failure.detail:
                    raise DriverError(failure.detail)
                raise NotPossible(failure.message)

    def _start(self, spec: GuestSpec) -> None:
        with self._guard:
            guest = self._find(spec.id)
            if guest.pid is not None:  # it runs already; resume it if it is paused
                self._halt(spec.id, PowerState.RUNNING)
                return
            guest.power, guest.pid, guest.detail = PowerState.RUNNING, next(self._pids), ""
            guest.vifs = [vif.port_id for vif in spec.vifs]
            guest.console = (guest.console + _boot_messages(spec))[-(1 << 16) :]
            self._save(guest)

    def _halt(self, guest_id: str, power: PowerState) -> None:
        with self._guard:
            guest = self._find(guest_id)
            if guest.pid is None:
                raise DriverError(f"Guest {guest_id} does not run")
            if guest.power is not power:
                guest.power = power
                self._save(guest)

    def _end(self, guest_id: str, power: PowerState, detail: str) -> None:
        with self._guard:
            guest = self._find(guest_id)
            if guest.pid is None and power is PowerState.CRASHED:
                return  # a stopped guest cannot crash
            guest.power, guest.pid, guest.detail = power, None, detail
            self._save(guest)

    def _find(self, guest_id: str) -> _Record:
        with self._guard:
            guest = self._guests.get(guest_id)
        if guest is None:
            raise GuestNotFound(f"There is no guest {guest_id} on this host")
        return guest

    def _save(self, guest: _Record) -> None:
        self._guests[guest.id] = guest
        self._write([_Line(guest.id, guest)])

    def _write(self, lines: list[_Line]) -> None:
        if self._file is None or not lines:
            return
        content = b"".join(msgspec.json.encode(line) + b"\n" for line in lines)
        handle = os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            os.write(handle, content)
        finally:
            os.close(handle)

    def _load(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            return
        lines = content.splitlines()
        for text in lines:
            try:
                line = msgspec.json.decode(text, type=_Line)
            except msgspec.DecodeError:
                continue  # the last line of a process that was killed
            if line.guest is None:
                self._guests.pop(line.id, None)
            else:
                self._guests[line.id] = line.guest
        if len(lines) > 1000 + 4 * len(self._guests) or not content.endswith(b"\n"):
            self._compact(path)

    def _compact(self, path: Path) -> None:
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        lines = [_Line(guest.id, guest) for guest in self._guests.values()]
        draft.write_bytes(b"".join(msgspec.json.encode(line) + b"\n" for line in lines))
        draft.chmod(0o600)
        draft.replace(path)


def _state(guest: _Record) -> GuestState:
    return GuestState(
        id=guest.id,
        power=guest.power,
        pid=guest.pid,
        vifs=list(guest.vifs),
        detail=guest.detail,
    )


def _boot_messages(spec: GuestSpec) -> str:
    """The console output of a simulated guest at boot: the hardware that it has."""
    lines = [
        f"simulated guest {spec.name} starts",
        f"machine: {spec.arch or architecture.of_this_host()}, simulated",
        f"processors: {spec.vcpus}",
        f"memory: {spec.memory_mb} MiB",
        f"config drive: {'none' if spec.config_drive is None else 'found'}",
        *(f"disk {n}: {_about(disk)}" for n, disk in enumerate(spec.disks)),
        *(f"nic {n}: {vif.mac}, mtu {vif.mtu}" for n, vif in enumerate(spec.vifs)),
        "mounting the root disk",
        "starting services",
        "asking for metadata",
        "boot is over",
        f"simulated guest {spec.name} started",
    ]
    return "".join(f"{line}\n" for line in lines)


def _about(disk: DiskSpec) -> str:
    source = disk.source
    made = f"image {source.image_id}" if isinstance(source, ImageRef) else source.format or "blank"
    return f"{disk.role}, {disk.size_bytes} bytes, {made}"
