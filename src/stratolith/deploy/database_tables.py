"""Checks and empties the PostgreSQL database of a cloud, for `up` and `destroy`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from stratolith.deploy.credentials import load_secrets
from stratolith.deploy.errors import DeployError
from stratolith.deploy.layout import Layout
from stratolith.kernel.config import Settings

if TYPE_CHECKING:
    from stratolith.kernel.db import Database

CLOUD_TABLE = "kernel_cloud"
VERSION_TABLE = "alembic_version"


class Tables:
    """The tables of one cloud; each method connects when it is called, not before."""

    def __init__(self, url: str, secrets: dict[str, str]) -> None:
        self._url = url
        self._secrets = secrets
        self.place = _without_password(url)
        self.by_hand = f"dropdb and createdb, or DROP SCHEMA public CASCADE in {self.place}"

    def require_usable(self, host_cloud: str) -> None:
        """Raises DeployError when the database does not answer or holds another cloud.

        host_cloud: the id of the cloud whose guests this host runs; "" for none.
        """
        from stratolith.identity.managers.token_keys.shared_keys import (
            SECRET,
            SharedKeys,
            WrongSecret,
        )

        with self._connected() as db:
            is_empty = not self._has(db, CLOUD_TABLE)
            if host_cloud and (is_empty or self._cloud_id(db) != host_cloud):
                raise DeployError(
                    f"{self.place} is not the database of the cloud whose guests and networks this "
                    "host has.",
                    "rows are not carried over: remove the old cloud first (take database.url out "
                    "of the configuration, then stratolith destroy), then start again",
                )
            if is_empty:
                return
            secret = self._secrets.get(SECRET)
            try:
                if not secret:
                    raise WrongSecret
                SharedKeys(db, "fernet", secret).check()
            except WrongSecret:
                raise DeployError(
                    f"{self.place} already holds a cloud whose secrets are not in secrets.json.",
                    "copy secrets.json of that cloud into the state directory to add a server to "
                    f"it; for a new cloud empty the database: {self.by_hand}",
                ) from None

    def drop(self) -> int:
        """Remove every table of the cloud, in one transaction; returns how many."""
        from sqlalchemy import inspect, text

        from stratolith import services
        from stratolith.kernel.db import Base

        services.load()
        with self._connected() as db, db.engine.begin() as connection:
            present = set(inspect(connection).get_table_names())
            ours = sorted(present & ({*Base.metadata.tables, VERSION_TABLE}))
            for name in ours if CLOUD_TABLE in present else []:
                connection.execute(text(f'DROP TABLE "{name}" CASCADE'))
            return len(ours) if CLOUD_TABLE in present else 0

    @staticmethod
    def _cloud_id(db: Database) -> str | None:
        from stratolith.kernel.members import cloud

        with db.read() as session:
            return cloud.find_id(session)

    @staticmethod
    def _has(db: Database, name: str) -> bool:
        from sqlalchemy import inspect

        return inspect(db.engine).has_table(name)

    @contextmanager
    def _connected(self) -> Iterator[Database]:
        from sqlalchemy.exc import ArgumentError, DBAPIError

        from stratolith.kernel.db import Database

        try:
            db = Database(self._url, 1, password=self._secrets.get("database_password", ""))
        except (ArgumentError, ValueError) as error:
            raise DeployError(f"database.url cannot be used: {error}.") from None
        try:
            yield db
        except DBAPIError as error:
            why = str(error.orig).strip().splitlines()
            raise DeployError(
                f"{self.place} cannot be used: {why[0] if why else error}.",
                "see docs/howto/postgresql.md; the setting is database.url, its password the "
                "secret database_password",
            ) from None
        finally:
            db.dispose()


def of(layout: Layout, settings: Settings) -> Tables | None:
    """The PostgreSQL tables of this cloud; None when it uses SQLite."""
    url = settings.database_url
    if url.startswith("sqlite"):
        return None
    secrets = load_secrets(layout) if layout.secrets.exists() else {}
    return Tables(url, secrets)


def _without_password(url: str) -> str:
    """``PostgreSQL database stratolith at db.example.org:5432``."""
    rest = url.partition("://")[2].partition("?")[0]
    where, _, name = rest.rpartition("@")[2].partition("/")
    return f"PostgreSQL database {name or '(default)'} at {where or 'this machine'}"
