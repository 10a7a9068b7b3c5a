"""The files of one guest: its definition, and its state that they show.

<state_dir>/guests/<id>/      mode 0700
  spec.json       the definition, without the config drive's content
  nics.json       the guest's NICs and their PCI slots; the host's boot id at its start
  stopped         exists if the guest was stopped on request
  diskN-ROLE.*    disks; configdrive.iso; nvram.fd: UEFI's variables
  qemu.pid qemu.log qmp.sock console.sock vnc.sock events.in events.out console.log
"""

from __future__ import annotations

import os
import shutil
import threading
from pathlib import Path
from typing import Literal

import msgspec

from stratolith.compute.drivers.base import (
    DriverError,
    GuestNotFound,
    GuestSpec,
    GuestState,
    PowerState,
)
from stratolith.compute.drivers.qemu import events, process, taps
from stratolith.compute.drivers.qemu.events import History
from stratolith.compute.drivers.qemu.process import Census

_ROOM = 64 << 20  # free bytes on the host's disk from which a paused guest may resume
_NO_FILES = "its files were deleted from the host, it runs without them"


class Nics(msgspec.Struct, frozen=True):
    """The NICs of a running guest."""

    slots: dict[str, int] = {}  # port id -> PCI slot
    boot_id: str = ""  # of the host when the guest was started
    taps: dict[str, tuple[str, int]] = {}  # port id -> (tap, QEMU's file descriptor for it)


class Guest:
    """One guest's directory. It does not know how a guest is run."""

    def __init__(self, directory: Path, guest_id: str) -> None:
        self.id = guest_id
        self.directory = directory
        self.pid_file = directory / "qemu.pid"
        self.events = directory / "events.out"
        self.console_log = directory / "console.log"
        self._stopped, self._started = directory / "stopped", directory / "started"
        self._history: tuple[tuple[int, int], History] | None = None
        self._nics: tuple[tuple[int, int, int], Nics] | None = None

    @property
    def exists(self) -> bool:
        return self.directory.is_dir()

    def require(self) -> None:
        """Raises GuestNotFound."""
        if not self.exists:
            raise GuestNotFound(f"There is no guest {self.id} on this host")

    # Definition ------------------------------------------------------------------------------

    def save_spec(self, spec: GuestSpec) -> None:
        """Save the spec without the config drive's content (user data, passwords)."""
        drive: dict[str, bytes] | None = None if spec.config_drive is None else {}
        slim = msgspec.structs.replace(spec, config_drive=drive)
        self._write("spec.json", msgspec.json.encode(slim))

    def load_spec(self) -> GuestSpec:
        """Raises GuestNotFound, and DriverError if the file is damaged."""
        try:
            return msgspec.json.decode((self.directory / "spec.json").read_bytes(), type=GuestSpec)
        except FileNotFoundError:
            raise GuestNotFound(f"There is no guest {self.id} on this host") from None
        except msgspec.DecodeError as error:
            raise DriverError(f"{self.directory / 'spec.json'} is damaged: {error}") from None

    def save_nics(self, nics: Nics) -> None:
        self._write("nics.json", msgspec.json.encode(nics))

    def nics(self) -> Nics:
        path = self.directory / "nics.json"
        try:
            status = path.stat()
            key = (status.st_mtime_ns, status.st_size, status.st_ino)
            if self._nics is None or self._nics[0] != key:
                self._nics = (key, msgspec.json.decode(path.read_bytes(), type=Nics))
            return self._nics[1]
        except (FileNotFoundError, msgspec.DecodeError):
            return Nics()

    # One file with two names, as a rename also works on a full disk.

    def mark_stopped(self) -> None:
        self._rename_mark(self._started, self._stopped)

    def unmark_stopped(self) -> None:
        self._rename_mark(self._stopped, self._started)

    @staticmethod
    def _rename_mark(old: Path, new: Path) -> None:
        try:
            old.rename(new)
        except FileNotFoundError:
            new.touch(mode=0o600)

    def _write(self, name: str, content: bytes) -> None:
        """Replace a file atomically: it has the old or the new content, also after a power cut."""
        draft = self.directory / f".{name}.{threading.get_ident()}"
        try:
            with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self.directory / name)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise

    # State -----------------------------------------------------------------------------------

    def history(self) -> History:
        """The summary of the event log; read again only if the log changed."""
        try:
            status = self.events.stat()
        except FileNotFoundError:
            return History()
        key = (status.st_mtime_ns, status.st_size)
        if self._history is None or self._history[0] != key:
            self._history = (key, events.read(self.events))
        return self._history[1]

    def state(self, boot_id: str, census: Census) -> GuestState:
        """The current state, without a call to the guest. Raises GuestNotFound.

        The directory, the pid file and the running processes are checked: a process whose files
        were deleted is still a guest.
        """
        pid = process.find(self.pid_file, self.id) or census.find(self.pid_file, self.id)
        if not self.exists and pid is not None:
            power = PowerState.RUNNING
            return GuestState(id=self.id, power=power, pid=pid, detail=_NO_FILES, lost=True)
        self.require()
        seen, nics = self.history(), self.nics()
        if pid is not None:
            power = PowerState.PAUSED if seen.paused else PowerState.RUNNING
            detail = _pause_reason(seen) if seen.paused else ""
        elif self._stopped.exists() or seen.ended_by_guest:
            power, detail = PowerState.SHUTDOWN, ""
        else:
            power, detail = PowerState.CRASHED, _crash_reason(seen, nics.boot_id, boot_id)
        cut_off = [
            port
            for port, (tap, _) in nics.taps.items()
            if pid is not None and port in nics.slots and not taps.has_carrier(tap)
        ]
        return GuestState(
            id=self.id,
            power=power,
            pid=pid,
            vifs=list(nics.slots),
            cut_off=cut_off,
            detail=detail,
            stalled=self._stalled() if pid is not None and seen.paused and seen.no_space else "",
        )

    def _stalled(self) -> Literal["full", "room"]:
        return "room" if shutil.disk_usage(self.directory).free >= _ROOM else "full"


def _pause_reason(seen: History) -> str:
    if seen.no_space:
        return "paused: the host's disk is full"
    return "paused: a disk of the guest cannot be written" if seen.io_error else ""


def _crash_reason(seen: History, started_in: str, boot_id: str) -> str:
    if seen.ending:
        return f"QEMU was ended from outside ({seen.ending})"
    if started_in and started_in != boot_id:
        return "the host went down while the guest ran"
    return "QEMU ended unexpectedly"
