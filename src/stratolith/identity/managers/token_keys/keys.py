"""Token keys: files named by number in the state directory, and their rotation.

Key 0 is staged (the next primary), the highest number is primary (signs), the others are secondary
(verify only). A rotation makes the staged key primary, stages a new key and removes the oldest, so
tokens stay valid. Every process already verifies with the staged key, so processes may notice a
rotation at different times. With PostgreSQL the folder is a copy of the keys that all servers share
(shared_keys.py).
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from stratolith.identity.managers.token_keys.shared_keys import SharedKeys
from stratolith.kernel import files

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
        self._changed_at = 0  # mtime of the folder (ns) when the keys were read
        self._checked = 0.0

    def encrypt(self, payload: bytes, at: int) -> str:
        """``at``: seconds since 1970."""
        return self._ring().encrypt_at_time(payload, at).rstrip(b"=").decode()

    def decrypt(self, token: str) -> bytes | None:
        """The payload, or None if none of the keys signed the token."""
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
        """Read the keys again if another process changed them."""
        if self._shared is not None:
            self._shared.pull(self.folder)
        if self._fernet is not None and self._folder_time() != self._changed_at:
            with self._lock:
                self._fernet = None

    def is_primary(self, token: str) -> bool:
        """Whether the current primary key signed the token."""
        self._ring()
        assert self._primary is not None
        try:
            self._primary.decrypt(token.encode() + b"=" * (-len(token) % 4))
        except (InvalidToken, UnicodeEncodeError):
            return False
        return True

    def ensure(self) -> None:
        """Create missing keys: both at the first start, the staged key after a crash in a rotation.

        When a cloud moves to a shared database, its keys are stored there, unless that database
        already has keys.
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

        After a crash in between, all keys still verify, and ``ensure`` repairs the ring.
        """
        self.ensure()
        with self._changing():
            primary = max(self.numbers()) + 1
            os.replace(self.folder / str(STAGED), self.folder / str(primary))
            self._write(STAGED)
            self._unlink(keep)
            self._fernet = None

    def retired(self) -> list[int]:
        """Numbers of the secondary keys, lowest first."""
        numbers = self.numbers()
        return [number for number in numbers if number not in (STAGED, numbers[-1])]

    def forget_retired(self) -> None:
        """Remove all secondary keys."""
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
        """The keys, primary first; retries when a key is renamed or removed at the same time."""
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
        files.write(self.folder / str(number), Fernet.generate_key().decode())

    def _is_whole(self) -> bool:
        numbers = self.numbers()
        return len(numbers) > 1 and numbers[0] == STAGED

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """Exclude other writers while the folder is changed."""
        if self._shared is None:
            with self._lock:
                yield
        else:
            with self._shared.changing(self.folder), self._lock:
                yield

    def _ring(self, reload: bool = False) -> MultiFernet:
        now = time.monotonic()
        ring = self._fernet
        # invalid tokens must not make every request read the disk: reloads are rate-limited
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
