"""Run a program with a time limit and resource limits; errors say why it failed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

from stratolith.compute.drivers.base import DriverError

# Debian package of each program, for error messages.
_PACKAGES = {
    "qemu-system-x86_64": "qemu-system-x86",
    "qemu-system-aarch64": "qemu-system-arm",
    "qemu-img": "qemu-utils",
    "mkfs.ext4": "e2fsprogs",
    "mkswap": "util-linux",
    "prlimit": "util-linux",
    "setpriv": "util-linux",
}
_EXTRA_PATHS = "/usr/local/sbin:/usr/sbin:/sbin"  # a user's PATH often lacks them


def is_present(name: str) -> bool:
    return _path(name) is not None


def find(name: str) -> str:
    """Absolute path of a program; raises DriverError with the name of its package."""
    path = _path(name)
    if path is None:
        package = _PACKAGES.get(Path(name).name)
        hint = f": install the package {package}" if package else ""
        raise DriverError(f"{name} is not installed on this host{hint}")
    return path


def _path(name: str) -> str | None:
    return shutil.which(name, path=f"{os.environ.get('PATH', os.defpath)}:{_EXTRA_PATHS}")


def run(
    arguments: Sequence[str | Path],
    *,
    timeout: float = 60.0,
    address_space: int = 1 << 30,
    cpu_seconds: int = 30,
    accept: tuple[int, ...] = (0,),
) -> str:
    """Run a program and return its standard output; raises DriverError with its error output.

    Images are untrusted data: ``address_space`` (bytes) and ``cpu_seconds`` limit the resources
    that the parsing of a malicious image can use. ``accept``: exit statuses that mean success.
    """
    program = find(str(arguments[0]))
    limits = [f"--as={address_space}", f"--cpu={cpu_seconds}", "--core=0"]
    command = [find("prlimit"), *limits, "--", program, *map(str, arguments[1:])]
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout,
            start_new_session=True,
            # one arena: each further arena takes 64 MiB of the limited address space
            env={"PATH": f"{_EXTRA_PATHS}:/usr/bin:/bin", "LC_ALL": "C", "MALLOC_ARENA_MAX": "1"},
        )
    except subprocess.TimeoutExpired:
        raise DriverError(f"{arguments[0]} did not end within {timeout:.0f} s") from None
    except OSError as error:
        raise DriverError(f"{arguments[0]} cannot be run: {error}") from None
    if done.returncode not in accept:
        reason = done.stderr.decode("utf-8", "replace").strip() or _ending(done.returncode)
        raise DriverError(f"{arguments[0]} failed: {reason}")
    return done.stdout.decode("utf-8", "replace")


def _ending(code: int) -> str:
    if code >= 0:
        return f"exit status {code}"
    return f"ended by {signal.Signals(-code).name} (a limit on memory or time?)"
