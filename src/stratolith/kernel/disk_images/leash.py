"""Runs a program that parses a stranger's data: bounded, and with as little to lose as possible.

Always: limits on memory, processor time, size of files and wall time, no new privileges, an
environment of its own. Started by root besides: a user of its own without any capability, who
owns nothing but the working directory, and a network namespace in which there is nothing.
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

# In Debian's range of reserved ids, so that no other program runs as this user.
USER = 65111
# What the program calls the file it is handed. Opening it again asks for the right to read the
# file, not for a way to it.
SOURCE = "/proc/self/fd/0"
_PATH = "/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin"
_PERCENT = re.compile(rb"\((\d+(?:\.\d+)?)/100%\)")


class Limits(NamedTuple):
    """What a program may take; sizes in bytes."""

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
    """The program's output; it runs in ``directory``. Raises BadImage with its own words.

    Whatever the program needs must be lent() to it, or is the ``source``, a file it finds under
    the name SOURCE and may_read(). ``accept``: good exit statuses.
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
    """Give files to the user the program runs as."""
    if _cage():
        for path in paths:
            os.chown(path, USER, USER)


def may_read(file: IO[bytes]) -> bool:
    """Whether a program may read an open file that it is handed as its source."""
    found = os.fstat(file.fileno())
    given = found.st_gid == USER and found.st_mode & stat.S_IRGRP
    return not _cage() or bool(found.st_mode & stat.S_IROTH or given)


def share(file: IO[bytes]) -> None:
    """Let programs on the leash read a file of ours when it is handed to them.

    For good: there is nothing to take back, so that nothing is left behind by a sudden end.
    They cannot write it, and find no way to it where the directory is closed. One that was left
    to their user is taken back: QEMU opens what is its own.
    """
    found = os.fstat(file.fileno())
    if not may_read(file) or (_cage() and found.st_uid == USER):
        os.fchown(file.fileno(), os.geteuid(), USER)
        os.fchmod(file.fileno(), stat.S_IMODE(found.st_mode) | stat.S_IRGRP)


def reclaim(path: Path) -> None:
    """Take back what the program made; raises BadImage for what is no file of its own.

    A program that was taken over may have left a link in place of its result.
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
    """A new directory in ``folder`` where a program may make files; gone afterwards.

    What is to stay is reclaimed and moved away before the end. Raises OSError.
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
            # one arena: each further one takes 64 MiB of the address space that is limited
            env={"PATH": _PATH, "LC_ALL": "C", "MALLOC_ARENA_MAX": "1"},
        )
    except OSError as error:
        raise BadImage(f"{words[0]} cannot be run: {error.strerror}") from None


def _read(started: subprocess.Popen[bytes], progress: Callable[[float], None] | None) -> str:
    assert started.stdout is not None
    output = b""
    while part := os.read(started.stdout.fileno(), 65536):
        found = _PERCENT.findall(part)
        if found and progress is not None:
            progress(float(found[-1]))
        elif not found:
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
    """The words that take a program's privileges away: as many as this process may take.

    None for a user, who has none to give away. Root in a container may not be allowed to make
    namespaces, but can always become somebody else.
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
