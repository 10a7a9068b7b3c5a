"""Token keys: files named by number in the state directory, and their rotation.

0 is staged (the next primary), the highest number is primary (signs), those between are
secondary (still verify). A rotation makes the staged key primary, stages a fresh one and
forgets the oldest, so nobody is logged out. Every process verifies with the staged key
already, so it does not matter which one learns of a rotation first.
"""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

STAGED = 0


class KeyRing:
    """The keys of one folder; notices a rotation by another process."""

    CHECK_SECONDS = 5.0

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = threading.Lock()
        self._fernet: MultiFernet | None = None
        self._seen: tuple[str, ...] = ()
        self._checked = 0.0

    def encrypt(self, payload: bytes, at: int) -> str:
        """``at``: seconds since 1970."""
        return self._ring().encrypt_at_time(payload, at).rstrip(b"=").decode()

    def decrypt(self, token: str) -> bytes | None:
        """The payload, or None for what no key of ours signed."""
        try:
            raw = token.encode("ascii")
            raw += b"=" * (-len(raw) % 4)
            return self._ring().decrypt(raw)
        except InvalidToken:
            ring = self._ring(reload=True)
            try:
                return ring.decrypt(raw)
            except InvalidToken:
                return None
        except (UnicodeEncodeError, ValueError):
            return None

    def numbers(self) -> list[int]:
        """Numbers of the keys, lowest first; empty before the first start."""
        if not self.folder.is_dir():
            return []
        return sorted(int(p.name) for p in self.folder.iterdir() if p.name.isdigit())

    def ensure(self) -> None:
        """Make the first two keys when there are none."""
        with self._lock:
            if not self.numbers():
                self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
                self._write(1)
                self._write(STAGED)

    def rotate(self, keep: int) -> None:
        """Promote the staged key, stage a new one, keep at most ``keep`` keys."""
        self.ensure()
        with self._lock:
            primary = max(self.numbers()) + 1
            os.replace(self.folder / str(STAGED), self.folder / str(primary))
            self._write(STAGED)
            secondary = [n for n in self.numbers() if n not in (STAGED, primary)]
            for number in secondary[: max(0, len(secondary) - max(0, keep - 2))]:
                (self.folder / str(number)).unlink()
            self._fernet = None

    def age(self) -> float:
        """Seconds since the last rotation."""
        numbers = self.numbers()
        if not numbers:
            return 0.0
        return time.time() - (self.folder / str(STAGED)).stat().st_mtime

    def _write(self, number: int) -> None:
        """A key appears whole or not at all."""
        temporary = self.folder / f".{number}.new"
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as out:
            out.write(Fernet.generate_key())
            out.flush()
            os.fsync(out.fileno())
        os.replace(temporary, self.folder / str(number))

    def _ring(self, reload: bool = False) -> MultiFernet:
        now = time.monotonic()
        ring = self._fernet
        # junk must not make every request read the disk, so even a reload is rationed
        if ring is not None and (not reload or now - self._checked < self.CHECK_SECONDS):
            return ring
        self.ensure()
        with self._lock:
            self._checked = now
            numbers = sorted(self.numbers(), reverse=True)
            texts = tuple((self.folder / str(n)).read_text() for n in numbers)
            if self._fernet is None or texts != self._seen:
                self._fernet = MultiFernet([Fernet(text) for text in texts])
                self._seen = texts
            return self._fernet
