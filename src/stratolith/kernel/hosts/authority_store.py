"""Where the authority's key is stored: in a file, or in a row that several servers share.

With SQLite it is ``authority.pem`` in the state directory, readable only by its owner. With
PostgreSQL it is a row, encrypted with the secret ``database_key`` like the token keys.
"""

from __future__ import annotations

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy import Integer, Text
from sqlalchemy.orm import Mapped, Session, mapped_column

from stratolith.kernel import files
from stratolith.kernel.caches import Once
from stratolith.kernel.db import Base
from stratolith.kernel.environment import Environment
from stratolith.kernel.exceptions import CannotStart
from stratolith.kernel.hosts.authority import Authority
from stratolith.kernel.members import cloud

FILE = "authority.pem"
LOCK = 0x73747261_0004
SECRET = "database_key"


class AuthorityRow(Base):
    """The authority of a cloud on PostgreSQL: key and certificate, encrypted."""

    __tablename__ = "kernel_authority"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    sealed: Mapped[str] = mapped_column(Text)


def authority(env: Environment) -> Authority:
    """The cloud's authority, created at first use; raises CannotStart when it cannot be read."""
    return _AUTHORITY.of(env)


def _made(env: Environment) -> Authority:
    with env.db.read() as session:
        cloud_id = cloud.find_id(session) or ""
    return Authority.make(cloud_id, env.clock.now())


def _in_file(env: Environment) -> Authority:
    path = env.settings.state_dir / FILE
    try:
        return Authority.read(path.read_text())
    except FileNotFoundError:
        made = _made(env)
        files.write(path, made.private_pem())
        return made
    except (OSError, ValueError) as error:
        raise CannotStart(
            f"{path}, the key that signs for hosts, cannot be read: {error}. Restore it from a "
            "backup; without it every host must join again (then remove the file)."
        ) from None


def _in_row(env: Environment) -> Authority:
    secret = env.secrets.get(SECRET)
    if not secret:
        raise CannotStart(f"secrets.json has no secret '{SECRET}': run `stratolith up` once.")
    digest = hashlib.sha256(f"stratolith authority {secret}".encode()).digest()
    fernet = Fernet(base64.urlsafe_b64encode(digest))
    with env.db.locked(LOCK):
        with env.db.read() as session:
            row = session.get(AuthorityRow, 1)
        if row is None:
            made = _made(env)
            sealed = fernet.encrypt(made.private_pem().encode()).decode()

            def write(session: Session) -> None:
                session.add(AuthorityRow(id=1, sealed=sealed))

            env.db.run(write)
            return made
    try:
        return Authority.read(fernet.decrypt(row.sealed).decode())
    except (InvalidToken, ValueError):
        raise CannotStart(
            f"The key that signs for hosts cannot be decrypted with the secret '{SECRET}' of this "
            "server's secrets.json: copy the file from a server that works."
        ) from None


_AUTHORITY = Once(lambda env: _in_file(env) if env.db.is_sqlite else _in_row(env))
