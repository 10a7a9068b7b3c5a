"""Keys shared by several servers: in the database, encrypted with the secret ``database_key``.

Each server uses its own folder, a copy of the keys in the database. A server checks the database
before it uses its folder, and a lock allows only one server at a time to change the keys.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy.orm import Session

from stratolith.identity.models import KeyRingRow
from stratolith.kernel import files
from stratolith.kernel.db import Database
from stratolith.kernel.environment import Environment
from stratolith.kernel.exceptions import CannotStart

LOCK = 0x73747261_0003
SECRET = "database_key"


class WrongSecret(CannotStart):
    """The keys in the database were encrypted with another secret than this server's."""


class _Key(msgspec.Struct, array_like=True):
    """One file of the folder."""

    text: str
    changed_at: float  # seconds since 1970


class SharedKeys:
    """The database's copy of one folder."""

    def __init__(self, db: Database, name: str, secret: str) -> None:
        self.name = name
        self._db = db
        digest = hashlib.sha256(f"stratolith keys {secret}".encode()).digest()
        self._fernet = Fernet(base64.urlsafe_b64encode(digest))
        self._version = 0

    @property
    def is_kept(self) -> bool:
        """Whether the database had keys at the last check."""
        return self._version > 0

    def check(self) -> None:
        """Raises WrongSecret when this secret cannot decrypt the keys in the database."""
        with self._db.read() as session:
            row = session.get(KeyRingRow, self.name)
        if row is not None:
            self._opened(row.sealed)

    def pull(self, folder: Path) -> None:
        """Copy the keys of the database, if any, to the folder; raises WrongSecret."""
        with self._db.read() as session:
            row = session.get(KeyRingRow, self.name)
        if row is None or (row.version == self._version and any(_key_files(folder))):
            return
        keys = self._opened(row.sealed)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        # the highest number is primary: write it last, when the other keys are in place
        for name in sorted(keys, key=int):
            files.write(folder / name, keys[name].text)
            os.utime(folder / name, (keys[name].changed_at, keys[name].changed_at))
        for path in list(_key_files(folder)):
            if path.name not in keys:
                path.unlink()
        self._version = row.version

    @contextmanager
    def changing(self, folder: Path) -> Iterator[None]:
        """Change the folder within the block, while no other server can."""
        with self._db.locked(LOCK):
            self.pull(folder)
            yield
            self._push(folder)

    def _push(self, folder: Path) -> None:
        keys = {
            path.name: _Key(path.read_text(), path.stat().st_mtime) for path in _key_files(folder)
        }
        sealed = self._fernet.encrypt(msgspec.json.encode(keys)).decode()

        def write(session: Session) -> int:
            row = session.get(KeyRingRow, self.name)
            version = row.version + 1 if row is not None else 1
            session.merge(KeyRingRow(name=self.name, version=version, sealed=sealed))
            return version

        self._version = self._db.run(write)

    def _opened(self, sealed: str) -> dict[str, _Key]:
        try:
            plain = self._fernet.decrypt(sealed)
        except InvalidToken:
            raise WrongSecret(
                f"The keys in the database cannot be opened with the secret '{SECRET}' of this "
                "server's secrets.json: copy the file from a server that works."
            ) from None
        return msgspec.json.decode(plain, type=dict[str, _Key])


def _key_files(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from (path for path in folder.iterdir() if path.name.isdigit())


def of(env: Environment, name: str) -> SharedKeys | None:
    """The shared keys; None on SQLite, where there is only one server. Raises WrongSecret."""
    if env.db.is_sqlite:
        return None
    secret = env.secrets.get(SECRET)
    if not secret:
        raise WrongSecret(f"secrets.json has no secret '{SECRET}': run `stratolith up` once.")
    return SharedKeys(env.db, name, secret)
