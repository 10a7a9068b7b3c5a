"""Make, enter and remove network namespaces without a helper process.

The work is done in short-lived threads, because a thread is in one namespace: a thread that
entered another one does not return to the host's, it ends.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from stratolith.network.drivers.base import NetworkDriverError

T = TypeVar("T")

DIRECTORY = Path("/run/netns")  # the directory of `ip netns`
_CLONE_NEWNET = 0x40000000
_MS_BIND, _MS_REC, _MS_SHARED = 0x1000, 0x4000, 1 << 20
_MNT_DETACH = 2
_libc = ctypes.CDLL(None, use_errno=True)


def _checked(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def in_thread(work: Callable[[], T]) -> T:
    """Run ``work`` in a separate thread and return its result; its exception is raised here."""
    box: list[T] = []
    failure: list[BaseException] = []

    def body() -> None:
        try:
            box.append(work())
        except BaseException as error:
            failure.append(error)

    thread = threading.Thread(target=body, name="netns-worker", daemon=True)
    thread.start()
    thread.join()
    if failure:
        raise failure[0]
    return box[0]


def apart(work: Callable[[], T]) -> T:
    """Run ``work`` in a new namespace that ends with it; raises ``OSError`` and what it raises."""

    def body() -> T:
        _checked(_libc.unshare(_CLONE_NEWNET), "unshare")
        return work()

    return in_thread(body)


def inode(name: str) -> int | None:
    """The number that identifies the namespace until reboot; None without such a namespace.

    A file without a namespace is left when somebody unmounts it, or ends while he makes one.
    """
    try:
        status = (DIRECTORY / name).stat()
        return status.st_ino if status.st_dev == os.stat("/proc/self/ns/net").st_dev else None
    except OSError:
        return None


def create(name: str, prepare: Callable[[], None] = lambda: None) -> int:
    """Make a named namespace; returns its inode number.

    ``prepare`` runs in the namespace before it has the name.
    Raises ``NetworkDriverError`` when the name is taken.
    """
    _prepare_directory()
    path = DIRECTORY / name
    if inode(name) is not None:
        raise NetworkDriverError(f"a namespace {name} exists that Stratolith did not make")
    os.close(os.open(path, os.O_RDONLY | os.O_CREAT, 0o444))

    def body() -> None:
        _checked(_libc.unshare(_CLONE_NEWNET), "unshare")
        prepare()
        source = f"/proc/self/task/{threading.get_native_id()}/ns/net".encode()
        _checked(_libc.mount(source, str(path).encode(), b"none", _MS_BIND, None), "mount")

    try:
        in_thread(body)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise NetworkDriverError(f"cannot make namespace {name}: {error}") from error
    return path.stat().st_ino


def _prepare_directory() -> None:
    """Share the mounts of the directory, as `ip netns` does, so that all processes see removals."""
    if not DIRECTORY.is_dir():
        DIRECTORY.mkdir(parents=True, exist_ok=True)
        DIRECTORY.chmod(0o755)  # every user may read it, regardless of this process's umask
    target = str(DIRECTORY).encode()
    if _libc.mount(b"", target, b"none", _MS_SHARED | _MS_REC, None) == 0:
        return
    _checked(_libc.mount(target, target, b"none", _MS_BIND | _MS_REC, None), "mount")
    _checked(_libc.mount(b"", target, b"none", _MS_SHARED | _MS_REC, None), "mount")


def remove(name: str) -> None:
    """Remove the name; the namespace itself ends with its last socket and process."""
    path = DIRECTORY / name
    _libc.umount2(str(path).encode(), _MNT_DETACH)
    with contextlib.suppress(FileNotFoundError):
        path.unlink()


def run_in(name: str, work: Callable[[], T]) -> T:
    """Run ``work`` inside the namespace and return its result.

    Sockets that it opens and processes that it starts stay in the namespace. Raises
    ``NetworkDriverError`` when there is no such namespace, and every exception of ``work``.
    """

    def body() -> T:
        try:
            handle = os.open(DIRECTORY / name, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise NetworkDriverError(f"no namespace {name}: {error}") from error
        try:
            _checked(_libc.setns(handle, _CLONE_NEWNET), "setns")
        except OSError as error:
            raise NetworkDriverError(f"cannot enter namespace {name}: {error}") from error
        finally:
            os.close(handle)
        return work()

    return in_thread(body)
