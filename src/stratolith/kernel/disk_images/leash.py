"""Runs a program that parses a stranger's data: bounded, and with as little to lose as possible.

Always: limits on memory, processor time, size of files and wall time, no new privileges, an
environment of its own. Started by root besides: a user of its own who owns nothing but the
working directory, and a network namespace in which there is nothing.
"""

from __future__ import annotations

import contextlib
import functools
import os
import re
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from stratolith.kernel.disk_images import BadImage

# In Debian's range of reserved ids, so that no other program runs as this user.
USER = 65111
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
) -> str:
    """The program's output; it runs in ``directory``. Raises BadImage with its own words.

    ``progress`` is called with the percentage that the program prints, as qemu-img -p does.
    """
    started = _start([*_leash(limits), *words], directory)
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
    if started.returncode != 0:
        raise BadImage(f"{words[0]} failed: {words_of_error[-400:] or _ending(started.returncode)}")
    return output


def surrender(*paths: Path) -> None:
    """Give files to the user the program runs as."""
    if _is_caged():
        for path in paths:
            os.chown(path, USER, USER)


def reclaim(path: Path) -> None:
    """Take back what the program made."""
    if _is_caged():
        os.chown(path, 0, 0)


def _start(words: Sequence[str], directory: Path) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            words,
            cwd=directory,
            stdin=subprocess.DEVNULL,
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
    words = []
    if _is_caged():
        user = [f"--reuid={USER}", f"--regid={USER}", "--clear-groups"]
        words += ["unshare", "--net", "--ipc", "--", "setpriv", *user, "--no-new-privs", "--"]
    bounds = {
        "as": limits.memory,
        "cpu": limits.cpu_seconds,
        "fsize": limits.file_size,
        "nofile": 64,
        "core": 0,
    }
    return [*words, "prlimit", *(f"--{name}={value}" for name, value in bounds.items()), "--"]


@functools.cache
def _is_caged() -> bool:
    """Whether this process may give programs another user and an empty network."""
    if os.geteuid() != 0 or shutil.which("setpriv", path=_PATH) is None:
        return False
    probe = ["unshare", "--net", "--ipc", "--", "setpriv", f"--reuid={USER}", "true"]
    return subprocess.run(probe, capture_output=True, env={"PATH": _PATH}).returncode == 0


def _kill(started: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(started.pid, signal.SIGKILL)


def _ending(code: int) -> str:
    if code >= 0:
        return f"exit status {code}"
    return f"ended by {signal.Signals(-code).name} (a limit on memory, time or size?)"
