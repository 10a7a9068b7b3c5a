"""The process of a guest: start it detached from ours, find it, end exactly this process."""

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

# The shell ends at once, so the guest becomes a child of init: it survives this process, which
# need not wait for it, and it has its own session and process group. QEMU's -daemonize would do
# the same, but it cannot fork under the seccomp filter that forbids new processes.
_LAUNCHER = '"$0" "$@" </dev/null >qemu.log 2>&1 & echo $!'


class Process:
    """A handle on one running process; if the pid is reused, the new process is not affected."""

    def __init__(self, pid: int) -> None:
        """Raises ProcessLookupError."""
        self.pid = pid
        self._handle = os.pidfd_open(pid)

    def wait(self, seconds: float) -> bool:
        """Whether the process ended within ``seconds``; it need not be our child."""
        poll = select.poll()
        poll.register(self._handle, select.POLLIN)
        return bool(poll.poll(max(0.0, seconds) * 1000))

    def send(self, number: signal.Signals) -> None:
        try:
            signal.pidfd_send_signal(self._handle, number)
        except ProcessLookupError:
            return

    def end(self, patience: float) -> None:
        """SIGTERM, and SIGKILL after ``patience`` seconds; raises DriverError if both fail."""
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
    """Run ``command`` in ``directory``, detached from us; its output goes to qemu.log there."""
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
        raise DriverError(_start_error(directory)) from None
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        raise DriverError(f"{command[0]} cannot be started: {error}") from None


def _powerless(directory: Path) -> list[str]:
    """Arguments that start a program without root's capabilities and without a way to get them.

    QEMU needs no capabilities, as its files and taps belong to root. So an attacker who breaks out
    of QEMU cannot change the host's networks, mount, load modules, or trace or signal processes
    of other users. If the directory is below one that root cannot enter without capabilities (in
    a home directory, for example), QEMU keeps the capability to find and read files.
    """
    if not _may_drop():
        return []
    kept = "" if _is_reachable(directory) else ",+dac_read_search"
    return [
        programs.find("setpriv"), "--no-new-privs", "--inh-caps=-all", f"--bounding-set=-all{kept}"
    ]  # fmt: skip


def _may_drop() -> bool:
    """Whether this process may drop capabilities: not as a normal user, nor in some containers."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("CapEff:"):
            return bool(int(line.split()[1], 16) >> _CAP_SETPCAP & 1)
    return False


def _is_reachable(directory: Path) -> bool:
    """Whether user 0 can enter the directory by its file permissions."""
    for path in (directory, *directory.parents):
        status = path.stat()
        wanted = stat.S_IXUSR if status.st_uid == 0 else stat.S_IXOTH
        if not status.st_mode & wanted:
            return False
    return True


def _start_error(directory: Path) -> str:
    """The error text with QEMU's last output before it ended."""
    try:
        text = (directory / "qemu.log").read_text("utf-8", "replace")
    except OSError:
        text = ""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    output = "; ".join(line.split(": ", 1)[-1] for line in lines[-3:])
    return f"QEMU did not start: {output or 'it ended without output'}"


def await_start(
    process: Process, directory: Path, is_ready: Callable[[], bool], seconds: float
) -> None:
    """Wait for ``is_ready()``; raises DriverError with QEMU's output if it ends first."""
    deadline = time.monotonic() + seconds
    while not is_ready():
        if process.wait(0.002):
            raise DriverError(_start_error(directory))
        if time.monotonic() > deadline:
            process.end(0.0)
            raise DriverError(f"QEMU did not start within {seconds:.0f} s")


def find(pid_file: Path, guest_id: str) -> int | None:
    """Pid of the running process that wrote ``pid_file`` for this guest, else None."""
    try:
        pid = int(pid_file.read_text())
    except (FileNotFoundError, ValueError):
        return None
    return pid if is_ours(pid, pid_file, guest_id) else None


def await_release(pid_file: Path, seconds: float) -> None:
    """Wait until the last process that wrote ``pid_file`` has released its files.

    The kernel ends a killed process in this order: command line, memory (which takes long for a
    large guest), locks on the pid file and the disks. Raises DriverError.
    """
    try:
        pid = int(pid_file.read_text())
    except (FileNotFoundError, ValueError):
        return
    deadline = time.monotonic() + seconds
    while _is_ending(pid):
        if time.monotonic() > deadline:
            raise DriverError(f"its former process {pid} does not end")
        time.sleep(0.005)


def _is_ending(pid: int) -> bool:
    """Whether this is a QEMU that has no command line any more but is no zombie yet."""
    try:
        name, _, rest = Path(f"/proc/{pid}/stat").read_text().partition("(")[2].rpartition(")")
    except OSError:
        return False
    return name.startswith("qemu-system") and rest.split()[0] not in "ZX" and not any(_command(pid))


def search(pid_file: Path, guest_id: str) -> int | None:
    """Like ``find``, but without the pid file: checks all processes (takes milliseconds)."""
    known = find(pid_file, guest_id)
    if known is not None:
        return known
    for name in os.listdir("/proc"):
        if name.isdigit() and is_ours(int(name), pid_file, guest_id):
            return int(name)
    return None


def running(root: Path) -> dict[str, int]:
    """Guest id -> pid of every QEMU that by its command line is a guest below ``root``.

    The guest's directory may not exist any more.
    """
    pids: dict[str, int] = {}
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        arguments = _command(int(name))
        if not _is_qemu(arguments):
            continue  # nearly all processes, every few seconds
        pid_file = Path(os.fsdecode(_after(arguments, b"-pidfile")))
        guest_id = os.fsdecode(_after(arguments, b"-uuid"))
        if pid_file.parent.parent == root and is_ours(int(name), pid_file, guest_id):
            pids[guest_id] = int(name)
    return pids


class Census:
    """A cached result of ``running``, at most ``seconds`` old; for many threads."""

    def __init__(self, root: Path, seconds: float = 5.0) -> None:
        self._root = root
        self._seconds = seconds
        self._lock = threading.Lock()
        self._read_at = float("-inf")
        self._pids: dict[str, int] = {}

    def all(self) -> dict[str, int]:
        with self._lock:
            if time.monotonic() - self._read_at > self._seconds:
                self._pids = running(self._root)
                self._read_at = time.monotonic()
            return self._pids

    def find(self, pid_file: Path, guest_id: str) -> int | None:
        """Pid of the guest's running process, if the cached result has it."""
        pid = self.all().get(guest_id)
        return pid if pid is not None and is_ours(pid, pid_file, guest_id) else None


def is_ours(pid: int, pid_file: Path, guest_id: str) -> bool:
    """Whether this process is the QEMU of this guest.

    Its command line has our pid file and the guest's uuid; no other QEMU and no process with a
    reused pid has both. In another mount namespace the same path may belong to another cloud.
    """
    arguments = _command(pid)
    return (
        _is_qemu(arguments)
        and _follows(arguments, b"-pidfile", os.fsencode(pid_file))
        and _follows(arguments, b"-uuid", guest_id.encode())
        and places.is_same_place(pid, pid_file.parent, pid_file.parent.parent)
    )


def _is_qemu(arguments: list[bytes]) -> bool:
    return os.path.basename(arguments[0]).startswith(b"qemu-system-")


def _command(pid: int) -> list[bytes]:
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return file.read().split(b"\0")
    except OSError:
        return [b""]


def _follows(arguments: list[bytes], option: bytes, value: bytes) -> bool:
    return bool(value) and _after(arguments, option) == value


def _after(arguments: list[bytes], option: bytes) -> bytes:
    """The argument after an option; empty if there is none."""
    at = arguments.index(option) + 1 if option in arguments else len(arguments)
    return arguments[at] if at < len(arguments) else b""
