"""The claim on a host: a network namespace and a set of names belong to one real cloud.

Links and tables are in a network namespace; the names of namespaces are in a directory that
several network namespaces may share. If two clouds shared one of these, each would remove the
other's objects as leftovers. So the first cloud records both as its own and holds the record
files locked while its agent runs. A second cloud is refused while the first one runs or still
has namespaces here.
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
        """Claim the host; raises ``NetworkDriverError`` that names the cloud that holds it."""
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
        """The state directory of another Stratolith cloud that has networks here."""
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
        """Release the host, and remove the records of this cloud."""
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
        """The record files: one for the network namespace, one for the directory of names."""
        space = os.stat("/proc/self/ns/net").st_ino
        keys = [f"net-{space}"]
        with contextlib.suppress(OSError):
            names = namespaces.DIRECTORY.stat()
            keys.append(f"names-{names.st_dev}-{names.st_ino}")
        return [self.directory / key for key in keys]


def refusal(other: Path) -> str:
    return (
        f"Another cloud, with the state directory {other}, has networks on this machine, "
        "and a machine can have one real cloud."
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
    known = Ledger(path).entries.namespaces
    return any(number and namespaces.inode(name) == number for name, number in known.items())
