"""Whose this host is: one real cloud works with a network namespace and a set of names.

Links and tables live in a network namespace, the names of namespaces in a directory that
several network namespaces may share. Two clouds that have either in common would each take
the other's objects for leftovers. So the first writes down that both are its own, and holds
the file locked while its agent runs; a second one is refused as long as the first runs or
still has namespaces here.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from pathlib import Path

from stratolith.network.drivers.base import NetworkDriverError
from stratolith.network.drivers.linux.host_kernel import namespaces
from stratolith.network.drivers.linux.ledger import Ledger

DIRECTORY = Path("/run/stratolith-hosts")


class Claim:
    """The claim of the cloud in ``state_dir``, kept in ``directory``."""

    def __init__(self, state_dir: Path, directory: Path = DIRECTORY) -> None:
        self.state_dir, self.directory = state_dir.absolute(), directory
        self._held: list[int] = []

    def take(self) -> None:
        """Raises ``NetworkDriverError`` naming the cloud that has this host."""
        if self._held:
            return
        other = self.other()
        if other is not None:
            raise NetworkDriverError(refusal(other))
        try:
            self.directory.mkdir(mode=0o755, exist_ok=True)
            namespaces.DIRECTORY.mkdir(parents=True, exist_ok=True)
            self._held = [self._hold(path) for path in self._files()]
        except OSError as error:
            raise NetworkDriverError(f"this host cannot be claimed: {error}") from error

    def other(self) -> Path | None:
        """The state directory of another cloud of ours that has networks here."""
        for path in self._files():
            try:
                with open(path) as file:
                    owner = Path(file.read().strip())
                    if owner == self.state_dir:
                        continue
                    if _is_locked(file.fileno()) or _has_namespaces(owner):
                        return owner
            except OSError:
                continue
        return None

    def release(self) -> None:
        """Let others have this host, and remove what was written down by this cloud."""
        for path in self._files():
            with contextlib.suppress(OSError):
                if path.read_text().strip() == str(self.state_dir):
                    path.unlink()
        with contextlib.suppress(OSError):
            self.directory.rmdir()
        self.close()

    def close(self) -> None:
        for handle in self._held:
            os.close(handle)
        self._held = []

    def _hold(self, path: Path) -> int:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.ftruncate(handle, 0)
            os.pwrite(handle, f"{self.state_dir}\n".encode(), 0)
        except BaseException:
            os.close(handle)
            raise
        return handle

    def _files(self) -> list[Path]:
        """One for the network namespace, one for the directory of names."""
        space = os.stat("/proc/self/ns/net").st_ino
        keys = [f"net-{space}"]
        with contextlib.suppress(OSError):
            names = namespaces.DIRECTORY.stat()
            keys.append(f"names-{names.st_dev}-{names.st_ino}")
        return [self.directory / key for key in keys]


def refusal(other: Path) -> str:
    return (
        f"Another cloud, that in {other}, has networks on this machine, and a machine can have "
        "one real cloud."
    )


def _is_locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    fcntl.flock(handle, fcntl.LOCK_UN)
    return False


def _has_namespaces(state_dir: Path) -> bool:
    path = state_dir / "network" / "ledger.json"
    if not path.exists():
        return False
    known = Ledger(path).entries.namespaces
    return any(number and namespaces.inode(name) == number for name, number in known.items())
