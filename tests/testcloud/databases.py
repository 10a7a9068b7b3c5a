"""Databases for tests: SQLite files as a rule, PostgreSQL when STRATOLITH_TEST_DATABASE says so.

A new PostgreSQL database takes a quarter of a second, so databases are used again: a function
in each puts every row back as it was in the template, which takes 10 ms. A session that calls it
for the first time takes 80 ms to plan it, so each database has one that stays.
"""

from __future__ import annotations

import atexit
import os
from collections.abc import Callable
from functools import cache
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import Dialect
from sqlalchemy.util import LRUCache

from stratolith.kernel.db.engine import Database
from tests.testcloud.postgresql import Cluster

VARIABLE = "STRATOLITH_TEST_DATABASE"
TEMPLATE = "template_of_clouds"
MOST_EMPTY = 5  # no test needs more of them at a time


def is_postgresql() -> bool:
    chosen = os.environ.get(VARIABLE, "sqlite")
    if chosen not in ("sqlite", "postgresql"):
        raise ValueError(f"{VARIABLE} must be sqlite or postgresql, not '{chosen}'")
    return chosen == "postgresql"


# SQL that SQLAlchemy made of statements, and the dialect that made it: the keys contain it.
_STATEMENTS: LRUCache[Any, Any] = LRUCache(5000)
_DIALECTS: dict[str, Dialect] = {}


def share_statements(db: Database) -> None:
    """Let all databases of this process use the same SQL: making it is half the work of a test.

    A dialect knows what it needs of the server after its engine's first connection.
    """
    name = db.engine.dialect.name
    if name not in _DIALECTS:
        with db.engine.connect():
            _DIALECTS[name] = db.engine.dialect
    for engine in db.engines:
        engine.dialect = _DIALECTS[name]
        engine.update_execution_options(compiled_cache=_STATEMENTS)


def empty_url() -> str:
    """For ``database.url``: a database without tables; empty for SQLite's usual place."""
    return databases().empty() if is_postgresql() else ""


@cache
def databases() -> Databases:
    """Those of this process; its server starts at first use and ends with the process."""
    return Databases()


class Databases:
    """``take`` and ``give`` from one thread."""

    def __init__(self) -> None:
        self.cluster = Cluster()
        atexit.register(self.cluster.stop)
        self._free: list[str] = []
        self._keepers: dict[str, psycopg.Connection[tuple[str, ...]]] = {}
        self._empty: list[str] = []
        self._made = 0

    def make_template(self, fill: Callable[[str], None]) -> None:
        """Make the database that others begin as; ``fill`` gets its URL."""
        fill(self.cluster.create(TEMPLATE))
        with psycopg.connect(self.cluster.address(TEMPLATE)) as connection:
            _remember(connection)

    def take(self) -> str:
        """URL of a database that is as the template was."""
        if not self._free:
            return self.cluster.create(self._name(), TEMPLATE)
        name = self._free.pop()
        url = self.cluster.address(name)
        try:
            self._keepers[name].execute("SELECT kept.put_back()")
        except (KeyError, psycopg.OperationalError):  # none yet, or the server was ended since
            self._keepers[name] = psycopg.connect(url, autocommit=True)
            self._keepers[name].execute("SELECT kept.put_back()")
        return url

    def give(self, url: str) -> None:
        """The database of ``take`` is used no more; who is still connected is thrown out."""
        name = str(psycopg.conninfo.conninfo_to_dict(url)["dbname"])
        keeper = self._keepers.get(name)
        kept = keeper.info.backend_pid if keeper is not None else 0
        self.cluster.execute(
            sql.SQL(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = {} AND pid != {}"
            ).format(sql.Literal(name), sql.Literal(kept))
        )
        self._free.append(name)

    def empty(self) -> str:
        """URL of a new database without tables, for the next few tests at most."""
        if len(self._empty) == MOST_EMPTY:
            self.cluster.drop(self._empty.pop(0))
        self._empty.append(self._name())
        return self.cluster.create(self._empty[-1])

    def _name(self) -> str:
        self._made += 1
        return f"cloud_{self._made}"


def _remember(connection: psycopg.Connection[tuple[str, ...]]) -> None:
    """Copy every table into the schema ``kept``, with a function that copies them back."""
    connection.execute("CREATE SCHEMA kept")
    statements = ["SET LOCAL session_replication_role = replica;"]  # no foreign keys meanwhile
    tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    for (name,) in tables.fetchall():
        table = sql.Identifier(name)
        connection.execute(sql.SQL("CREATE TABLE kept.{0} AS TABLE public.{0}").format(table))
        back = "DELETE FROM public.{0}; INSERT INTO public.{0} SELECT * FROM kept.{0};"
        statements.append(sql.SQL(back).format(table).as_string(connection))
    found = connection.execute(
        "SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'public'"
    )
    for name, last in found.fetchall():
        back = "PERFORM setval({}, {}, {});"
        values = [sql.Literal(v) for v in (f"public.{name}", last or 1, last is not None)]
        statements.append(sql.SQL(back).format(*values).as_string(connection))
    body = sql.Literal("BEGIN " + " ".join(statements) + " END")
    connection.execute(
        sql.SQL("CREATE FUNCTION kept.put_back() RETURNS void LANGUAGE plpgsql AS {}").format(body)
    )
