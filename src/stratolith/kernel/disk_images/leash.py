"""A sandbox (leash) for programs that parse untrusted data: limits and minimal privileges.

Always: limits on memory, processor time, size of files and wall time, no new privileges, a minimal
environment. If started by root also: a separate user without capabilities that owns only the
working directory, and an empty network namespace.
"""

from __future__ import annotations

import contextlib
import functools
import os
import re
import shutil
import signal
import stat
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, NamedTuple

from stratolith.kernel.disk_images import BadImage

# In Debian's range of reserved ids, so no other program runs as this user.
USER = 65111
# The name of the passed file for the program. Opening it needs the permission to read the file, but
# no access to its directories.
SOURCE = "/proc/self/fd/0"
_PATH = "/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin"
_PERCENT = re.compile(rb"\((\d+(?:\.\d+)?)/100%\)")


class Limits(NamedTuple):
    """Limits of a program; sizes in bytes."""

    file_size: int
    memory: int = 2 << 30
    cpu_seconds: int = 1800
    seconds: float = 3600.0


def run(
    words: Sequence[str],
    directory: Path,
    limits: Limits,
    progress: Callable[[float], None] | None = None,
    *,
    accept: Sequence[int] = (0,),
    source: IO[bytes] | None = None,
) -> str:
    """Run a program in ``directory``; returns its output. Raises BadImage with its error output.

    All files that the program needs must be in a lent() directory, or be the ``source``: a file
    that it may_read() and finds under the name SOURCE. ``accept``: exit statuses of success.
    ``progress`` is called with the percentage that the program prints, as qemu-img -p does.
    """
    started = _start([*_leash(limits), *words], directory, source)
    overdue = threading.Timer(limits.seconds, _kill, (started,))
    overdue.start()
    try:
        output = _read(started, progress)
        words_of_error = started.communicate()[1].decode("utf-8", "replace").strip()
    except BaseException:
        _kill(started)
        started.wait()
        raise
    finally:
        in_time = overdue.is_alive()
        overdue.cancel()
    if not in_time:
        raise BadImage(f"{words[0]} did not end within {limits.seconds:.0f} s")
    if started.returncode not in accept:
        raise BadImage(f"{words[0]} failed: {words_of_error[-400:] or _ending(started.returncode)}")
    return output


def surrender(*paths: Path) -> None:
    """Make the sandbox user the owner of files."""
    if _cage():
        for path in paths:
            os.chown(path, USER, USER)


def may_read(file: IO[bytes]) -> bool:
    """Whether a sandboxed program may read this open file as its source."""
    status = os.fstat(file.fileno())
    given = status.st_gid == USER and status.st_mode & stat.S_IRGRP
    return not _cage() or bool(status.st_mode & stat.S_IROTH or given)


def share(file: IO[bytes]) -> None:
    """Let sandboxed programs read a file of the cloud that is passed to them.

    The permission is permanent, so that a crash leaves no cleanup undone. The programs cannot
    write the file, and cannot reach it by path if its directory is closed. If the sandbox user
    owns the file, the owner is changed: an owner could open it for writing.
    """
    status = os.fstat(file.fileno())
    if not may_read(file) or (_cage() and status.st_uid == USER):
        os.fchown(file.fileno(), os.geteuid(), USER)
        os.fchmod(file.fileno(), stat.S_IMODE(status.st_mode) | stat.S_IRGRP)


def reclaim(path: Path) -> None:
    """Make root the owner of the program's result; raises BadImage if it is no regular file.

    A compromised program may have put a link in place of its result.
    """
    try:
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise BadImage(f"{path.name} was not made: {error.strerror}") from None
    try:
        status = os.fstat(file)
        if not stat.S_ISREG(status.st_mode) or status.st_nlink != 1:
            raise BadImage(f"{path.name} was made as something else than a file")
        if _cage():
            os.fchown(file, 0, 0)
        os.fchmod(file, 0o600)
    finally:
        os.close(file)


@contextlib.contextmanager
def lent(folder: Path) -> Iterator[Path]:
    """A temporary directory in ``folder`` where a program may create files.

    Results to keep must be reclaimed and moved before the end of the block. Raises OSError.
    """
    place = Path(tempfile.mkdtemp(dir=folder, prefix=".leash-"))
    try:
        surrender(place)
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _start(
    words: Sequence[str], directory: Path, source: IO[bytes] | None
) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            words,
            cwd=directory,
            stdin=subprocess.DEVNULL if source is None else source,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            # one arena: each further one uses 64 MiB of the limited address space
            env={"PATH": _PATH, "LC_ALL": "C", "MALLOC_ARENA_MAX": "1"},
        )
    except OSError as error:
        raise BadImage(f"{words[0]} cannot be run: {error.strerror}") from None


def _read(started: subprocess.Popen[bytes], progress: Callable[[float], None] | None) -> str:
    assert started.stdout is not None
    output = b""
    while part := os.read(started.stdout.fileno(), 65536):
        percentages = _PERCENT.findall(part)
        if percentages and progress is not None:
            progress(float(percentages[-1]))
        elif not percentages:
            output = (output + part)[-(1 << 20) :]
    return output.decode("utf-8", "replace")


def _leash(limits: Limits) -> list[str]:
    bounds = {
        "as": limits.memory,
        "cpu": limits.cpu_seconds,
        "fsize": limits.file_size,
        "nofile": 64,
        "core": 0,
    }
    return [*_cage(), "prlimit", *(f"--{name}={value}" for name, value in bounds.items()), "--"]


@functools.cache
def _cage() -> tuple[str, ...]:
    """The command prefix that drops a program's privileges, as far as this process is allowed to.

    Empty for a normal user. Root in a container may not be allowed to create namespaces, but can
    always change the user id.
    """
    if os.geteuid() != 0 or shutil.which("setpriv", path=_PATH) is None:
        return ()
    user = ("setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups", "--no-new-privs")
    powerless = (*user, "--inh-caps=-all", "--bounding-set=-all")
    alone = ("unshare", "--net", "--ipc", "--")
    for words in ((*alone, *powerless, "--"), (*powerless, "--"), (*user, "--")):
        probe = subprocess.run([*words, "true"], capture_output=True, env={"PATH": _PATH})
        if probe.returncode == 0:
            return words
    return ()


def _kill(started: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(started.pid, signal.SIGKILL)


def _ending(code: int) -> str:
    if code >= 0:
        return f"exit status {code}"
    return f"ended by {signal.Signals(-code).name} (a limit on memory, time or size?)"
