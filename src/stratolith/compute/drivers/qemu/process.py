"""The process of a guest: start it apart from ours, find it again, end exactly it."""

from __future__ import annotations

import os
import select
import signal
import stat
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType

from stratolith.compute.drivers.base import DriverError
from stratolith.compute.drivers.qemu import programs
from stratolith.kernel import places

_CAP_SETPCAP = 8  # linux/capability.h

# The shell ends at once, so the guest becomes init's child: it survives us, needs no waiting
# for, and is in a session and process group of its own. QEMU's -daemonize would do the same
# but cannot fork under the seccomp filter that forbids new processes.
_LAUNCHER = '"$0" "$@" </dev/null >qemu.log 2>&1 & echo $!'


class Process:
    """A handle on one living process; a pid that is used again cannot be hit through it."""

    def __init__(self, pid: int) -> None:
        """Raises ProcessLookupError."""
        self.pid = pid
        self._handle = os.pidfd_open(pid)

    def wait(self, seconds: float) -> bool:
        """Whether it ended within ``seconds``; somebody else's child as well."""
        poll = select.poll()
        poll.register(self._handle, select.POLLIN)
        return bool(poll.poll(max(0.0, seconds) * 1000))

    def send(self, number: signal.Signals) -> None:
        try:
            signal.pidfd_send_signal(self._handle, number)
        except ProcessLookupError:
            return

    def end(self, patience: float) -> None:
        """SIGTERM, and SIGKILL after ``patience`` seconds; raises DriverError if it stays."""
        if patience > 0:
            self.send(signal.SIGTERM)
            if self.wait(patience):
                return
        self.send(signal.SIGKILL)
        if not self.wait(10.0):
            raise DriverError(f"Process {self.pid} does not end, even when killed")

    def close(self) -> None:
        os.close(self._handle)

    def __enter__(self) -> Process:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def spawn(command: Sequence[str], directory: Path) -> Process:
    """Run ``command`` in ``directory``, detached from us; its words go to qemu.log there."""
    try:
        done = subprocess.run(
            ["/bin/sh", "-c", _LAUNCHER, *_powerless(directory), *command],
            cwd=directory,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            start_new_session=True,
            timeout=30,
            check=True,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"},
        )
        return Process(int(done.stdout))
    except ProcessLookupError:
        raise DriverError(_words(directory)) from None
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        raise DriverError(f"{command[0]} cannot be started: {error}") from None


def _powerless(directory: Path) -> list[str]:
    """The words that start a program without root's privileges, and with no way to get them.

    QEMU needs none: its files and taps belong to root as well. Whoever breaks out of it cannot
    change the host's networks, mount, load modules, trace or signal other people's processes.
    Below a directory that is closed to a root without privileges (in somebody's home, say) it
    keeps the one of finding and reading files.
    """
    if not _may_drop():
        return []
    kept = "" if _is_reachable(directory) else ",+dac_read_search"
    return [
        programs.find("setpriv"), "--no-new-privs", "--inh-caps=-all", f"--bounding-set=-all{kept}"
    ]  # fmt: skip


def _may_drop() -> bool:
    """Not so for a user, nor for root in a container that may not change what it may."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("CapEff:"):
            return bool(int(line.split()[1], 16) >> _CAP_SETPCAP & 1)
    return False


def _is_reachable(directory: Path) -> bool:
    """Whether user 0 gets there by the ordinary rules."""
    for path in (directory, *directory.parents):
        status = path.stat()
        wanted = stat.S_IXUSR if status.st_uid == 0 else stat.S_IXOTH
        if not status.st_mode & wanted:
            return False
    return True


def _words(directory: Path) -> str:
    """What QEMU said before it ended."""
    try:
        text = (directory / "qemu.log").read_text("utf-8", "replace")
    except OSError:
        text = ""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    said = "; ".join(line.split(": ", 1)[-1] for line in lines[-3:])
    return f"QEMU did not start: {said or 'it ended without a word'}"


def await_start(
    process: Process, directory: Path, is_ready: Callable[[], bool], seconds: float
) -> None:
    """Return when ``is_ready()``; raises DriverError with QEMU's words when it ends first."""
    deadline = time.monotonic() + seconds
    while not is_ready():
        if process.wait(0.002):
            raise DriverError(_words(directory))
        if time.monotonic() > deadline:
            process.end(0.0)
            raise DriverError(f"QEMU did not come up within {seconds:.0f} s")


def find(pid_file: Path, guest_id: str) -> int | None:
    """Pid of the living process that wrote ``pid_file`` for this guest, else None."""
    try:
        pid = int(pid_file.read_text())
    except (FileNotFoundError, ValueError):
        return None
    return pid if is_ours(pid, pid_file, guest_id) else None


def await_release(pid_file: Path, seconds: float) -> None:
    """Wait until the last process that wrote ``pid_file`` has let go of its files.

    A process that was killed loses its command line first, then its memory, which takes long for a
    large guest, and then its locks on the pid file and the disks. Raises DriverError.
    """
    try:
        pid = int(pid_file.read_text())
    except (FileNotFoundError, ValueError):
        return
    deadline = time.monotonic() + seconds
    while _is_ending(pid):
        if time.monotonic() > deadline:
            raise DriverError(f"the process {pid} that it ran in does not end")
        time.sleep(0.005)


def _is_ending(pid: int) -> bool:
    """Whether this is a QEMU without a command line that is no zombie yet."""
    try:
        name, _, rest = Path(f"/proc/{pid}/stat").read_text().partition("(")[2].rpartition(")")
    except OSError:
        return False
    return name.startswith("qemu-system") and rest.split()[0] not in "ZX" and not any(_command(pid))


def search(pid_file: Path, guest_id: str) -> int | None:
    """Like ``find`` without trusting the pid file: looks at every process (milliseconds)."""
    known = find(pid_file, guest_id)
    if known is not None:
        return known
    for name in os.listdir("/proc"):
        if name.isdigit() and is_ours(int(name), pid_file, guest_id):
            return int(name)
    return None


def running(root: Path) -> dict[str, int]:
    """Guest id -> pid of every QEMU whose command line says that it is a guest below ``root``.

    Whatever became of the guest's directory: a process is what runs, files may be gone.
    """
    found: dict[str, int] = {}
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        words = _command(int(name))
        pid_file = Path(os.fsdecode(_after(words, b"-pidfile")))
        guest_id = os.fsdecode(_after(words, b"-uuid"))
        if pid_file.parent.parent == root and is_ours(int(name), pid_file, guest_id):
            found[guest_id] = int(name)
    return found


class Census:
    """What runs(), looked at again when it is older than ``seconds``; for many threads."""

    def __init__(self, root: Path, seconds: float = 5.0) -> None:
        self._root = root
        self._seconds = seconds
        self._lock = threading.Lock()
        self._taken = float("-inf")
        self._found: dict[str, int] = {}

    def all(self) -> dict[str, int]:
        with self._lock:
            if time.monotonic() - self._taken > self._seconds:
                self._found = running(self._root)
                self._taken = time.monotonic()
            return self._found

    def find(self, pid_file: Path, guest_id: str) -> int | None:
        """Pid of the guest's living process, as far as the last look knew it."""
        pid = self.all().get(guest_id)
        return pid if pid is not None and is_ours(pid, pid_file, guest_id) else None


def is_ours(pid: int, pid_file: Path, guest_id: str) -> bool:
    """Whether this process is the QEMU of this guest.

    Its own command line names our pid file and the guest's uuid; no foreign QEMU, and no
    process that got the number of a dead one, has both. In another mount namespace the same
    words may be another cloud's.
    """
    words = _command(pid)
    return (
        os.path.basename(words[0]).startswith(b"qemu-system-")
        and _follows(words, b"-pidfile", os.fsencode(pid_file))
        and _follows(words, b"-uuid", guest_id.encode())
        and places.means_ours(pid, pid_file.parent, pid_file.parent.parent)
    )


def _command(pid: int) -> list[bytes]:
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return file.read().split(b"\0")
    except OSError:
        return [b""]


def _follows(words: list[bytes], option: bytes, value: bytes) -> bool:
    return bool(value) and _after(words, option) == value


def _after(words: list[bytes], option: bytes) -> bytes:
    """The word that follows an option; empty when there is none."""
    at = words.index(option) + 1 if option in words else len(words)
    return words[at] if at < len(words) else b""
