"""Token keys: files named by number in the state directory, and their rotation.

0 is staged (the next primary), the highest number is primary (signs), those between are
secondary (still verify). A rotation makes the staged key primary, stages a fresh one and
forgets the oldest, so nobody is logged out. Every process verifies with the staged key
already, so it does not matter which one learns of a rotation first. With PostgreSQL the
folder is a copy of what all servers share (shared_keys.py).
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from stratolith.identity.managers.shared_keys import SharedKeys, write_key

STAGED = 0


class KeyRing:
    """The keys of one folder; notices a rotation by another process."""

    CHECK_SECONDS = 5.0

    def __init__(self, folder: Path, shared: SharedKeys | None = None) -> None:
        self.folder = folder
        self._shared = shared
        self._lock = threading.Lock()
        self._fernet: MultiFernet | None = None
        self._primary: Fernet | None = None
        self._seen: tuple[str, ...] = ()
        self._changed_at = 0  # the folder's time of change when the keys were read
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

    def refresh(self) -> None:
        """Read the keys again when another process changed them since."""
        if self._shared is not None:
            self._shared.pull(self.folder)
        if self._fernet is not None and self._folder_time() != self._changed_at:
            with self._lock:
                self._fernet = None

    def is_primary(self, token: str) -> bool:
        """Whether the primary key of now signed it."""
        self._ring()
        assert self._primary is not None
        try:
            self._primary.decrypt(token.encode() + b"=" * (-len(token) % 4))
        except (InvalidToken, UnicodeEncodeError):
            return False
        return True

    def ensure(self) -> None:
        """Make the keys that are missing: both at first, the staged one after a death.

        Keys of a cloud that had a database of its own become those of the shared one, unless
        that has some already.
        """
        if self._shared is not None:
            self._shared.pull(self.folder)
        if self._is_whole() and (self._shared is None or self._shared.is_kept):
            return
        with self._changing():
            numbers = self.numbers()
            if not numbers:
                self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if not numbers or numbers == [STAGED]:
                self._write(1)
            if STAGED not in numbers:
                self._write(STAGED)

    def rotate(self, keep: int) -> None:
        """Promote the staged key, stage a new one, keep at most ``keep`` keys.

        A death on the way leaves a ring that verifies all it did; ``ensure`` mends it.
        """
        self.ensure()
        with self._changing():
            primary = max(self.numbers()) + 1
            os.replace(self.folder / str(STAGED), self.folder / str(primary))
            self._write(STAGED)
            self._unlink(keep)
            self._fernet = None

    def retired(self) -> list[int]:
        """Numbers of the keys that only verify, lowest first."""
        numbers = self.numbers()
        return [number for number in numbers if number not in (STAGED, numbers[-1])]

    def forget_retired(self) -> None:
        """Keep the staged and the primary key alone."""
        with self._changing():
            self._unlink(2)
            self._fernet = None

    def _unlink(self, keep: int) -> None:
        secondary = self.retired()
        for number in secondary[: max(0, len(secondary) - max(0, keep - 2))]:
            (self.folder / str(number)).unlink()

    def age(self) -> float:
        """Seconds since the last rotation."""
        if not self.numbers():
            return 0.0
        self.ensure()
        return time.time() - (self.folder / str(STAGED)).stat().st_mtime

    def _read(self) -> tuple[str, ...]:
        """The keys, primary first; once more when one was renamed or removed meanwhile."""
        for _ in range(10):
            numbers = sorted(self.numbers(), reverse=True)
            try:
                return tuple((self.folder / str(n)).read_text() for n in numbers)
            except FileNotFoundError:
                continue
        raise FileNotFoundError(self.folder)

    def _folder_time(self) -> int:
        return self.folder.stat().st_mtime_ns if self.folder.is_dir() else 0

    def _write(self, number: int) -> None:
        write_key(self.folder / str(number), Fernet.generate_key().decode())

    def _is_whole(self) -> bool:
        numbers = self.numbers()
        return len(numbers) > 1 and numbers[0] == STAGED

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """Change the folder alone."""
        if self._shared is None:
            with self._lock:
                yield
        else:
            with self._shared.changing(self.folder), self._lock:
                yield

    def _ring(self, reload: bool = False) -> MultiFernet:
        now = time.monotonic()
        ring = self._fernet
        # junk must not make every request read the disk, so even a reload is rationed
        if ring is not None and (not reload or now - self._checked < self.CHECK_SECONDS):
            return ring
        self.ensure()
        with self._lock:
            self._checked = now
            self._changed_at = self._folder_time()
            texts = self._read()
            if self._fernet is None or texts != self._seen:
                keys = [Fernet(text) for text in texts]
                self._primary = keys[0]
                self._fernet = MultiFernet(keys)
                self._seen = texts
            return self._fernet
