"""Which hosts may connect to the southbound database.

Its server trusts the authorities in one file, and knows no revoked certificates. So each host has
an authority for it alone (``kernel/hosts/authority.py``, ``sign_apart``), and is shut out when that
is removed from the file.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Collection
from pathlib import Path

import msgspec

from stratolith.kernel import files
from stratolith.kernel.clock import utcnow
from stratolith.kernel.hosts.authority import Authority

_ENDING = ".pem"
_LOCK = threading.Lock()  # of the files: several hosts may ask at the same time


def mark(authority: str) -> str:
    """Identifies an authority (PEM)."""
    return hashlib.sha256(authority.encode()).hexdigest()[:16]


class TrustFiles(msgspec.Struct, frozen=True):
    server: Path  # key and certificates of the database's server
    hosts: Path  # the authorities that it trusts
    each: Path  # a directory with the authority of each host


def files_of(directory: Path) -> TrustFiles:
    return TrustFiles(directory / "server.pem", directory / "hosts.pem", directory / "hosts")


class Trust:
    """The files in the directory of OVN's central part."""

    def __init__(self, directory: Path) -> None:
        self.files = files_of(directory)

    def admit(self, host: str, authority: str) -> None:
        """From now on the host has this authority (PEM), and no former one."""
        with _LOCK:
            self.files.each.mkdir(parents=True, exist_ok=True, mode=0o700)
            files.write(self._path(host), authority)
            self._collect()

    def shut_out(self, hosts: Collection[str]) -> bool:
        """From now on none of these is trusted; whether one was."""
        with _LOCK:
            former = self.hosts().intersection(hosts)
            for host in former:
                self._path(host).unlink()
            self._collect()
            return bool(former)

    def mark_of(self, host: str) -> str:
        """Identifies the host's authority; "" when it has none."""
        try:
            return mark(self._path(host).read_text())
        except FileNotFoundError:
            return ""

    def hosts(self) -> set[str]:
        """The admitted hosts."""
        if not self.files.each.is_dir():
            return set()
        names = (path.name for path in self.files.each.iterdir())
        return {name.removesuffix(_ENDING) for name in names if name.endswith(_ENDING)}

    def _path(self, host: str) -> Path:
        if not host or "/" in host or host.startswith("."):
            raise ValueError(f"{host!r} is not the name of a host")
        return self.files.each / f"{host}{_ENDING}"

    def _collect(self) -> None:
        """Write the file that the server reads, unless it is right."""
        text = self._filler() + "".join(
            self._path(host).read_text() for host in sorted(self.hosts())
        )
        if not self.files.hosts.exists() or self.files.hosts.read_text() != text:
            files.write(self.files.hosts, text)

    def _filler(self) -> str:
        """An authority without a key: without any certificate in the file the server would go on to
        trust the former ones.
        """
        path = self.files.each / "filler"
        if not path.exists():
            self.files.each.mkdir(parents=True, exist_ok=True, mode=0o700)
            files.write(path, Authority.make("no host", utcnow()).pem)
        return path.read_text()
