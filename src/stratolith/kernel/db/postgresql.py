"""PostgreSQL with the semantics of SQLite.

The same models, migrations and queries run on both databases. Where they differ, the dialect of
this engine follows SQLite: integers have 64 bits, text has no length limit (the schemas of the API
limit values), text compares byte by byte, and LIKE ignores the case of ASCII letters. Migrations
must not inspect the schema with such an engine: SQLAlchemy's inspection does not expect 64-bit
integers.

Imported only by servers on PostgreSQL: the driver needs 10 MB and 0.1 s.
"""

from __future__ import annotations

import logging
import time
from typing import Any, cast

import psycopg
from sqlalchemy import Column, Engine, Integer, create_engine, event, make_url
from sqlalchemy.dialects.postgresql.base import PGCompiler, PGDDLCompiler, PGTypeCompiler

from stratolith.kernel.exceptions import CannotStart

LOG = logging.getLogger(__name__)

# A lost database host must be noticed within seconds.
CONNECT_OPTIONS: dict[str, Any] = {
    "application_name": "stratolith",
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
# A process that hangs in a transaction must not block others for ever.
LIMITS = ("lock_timeout = '30s'", "idle_in_transaction_session_timeout = '5min'")
POOL_SECONDS = 10


class _Types(PGTypeCompiler):
    """Names of column types."""

    def visit_INTEGER(self, type_: Any, **kw: Any) -> str:
        return "BIGINT"

    def visit_VARCHAR(self, type_: Any, **kw: Any) -> str:
        return self.visit_TEXT(type_, **kw)

    def visit_TEXT(self, type_: Any, **kw: Any) -> str:
        return 'TEXT COLLATE "C"' if isinstance(kw.get("type_expression"), Column) else "TEXT"


class _Definitions(PGDDLCompiler):
    """Tables and columns."""

    def get_column_specification(self, column: Any, **kwargs: Any) -> str:
        text: str = cast(Any, super()).get_column_specification(column, **kwargs)
        return text.replace(" SERIAL", " BIGSERIAL")


class _Statements(PGCompiler):
    """Queries."""

    def visit_substr_func(self, func: Any, **kw: Any) -> str:
        subject, *places = (self.process(clause, **kw) for clause in func.clauses)
        # substr() does not accept 64-bit integers
        return f"substr({subject}, {', '.join(f'({place})::integer' for place in places)})"

    def visit_sum_func(self, func: Any, **kw: Any) -> str:
        total = f"sum({', '.join(self.process(clause, **kw) for clause in func.clauses)})"
        # the sum of integers is an integer, not numeric
        return f"({total})::bigint" if isinstance(func.type, Integer) else total

    def visit_like_op_binary(self, binary: Any, operator: Any, **kw: Any) -> str:
        text: str = cast(Any, self).visit_ilike_op_binary(binary, operator, **kw)
        return text

    def visit_not_like_op_binary(self, binary: Any, operator: Any, **kw: Any) -> str:
        text: str = cast(Any, self).visit_not_ilike_op_binary(binary, operator, **kw)
        return text


def wait_ready(engine: Engine, seconds: float) -> None:
    """Wait until the database answers, and check its encoding; raises CannotStart."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            with connect(engine) as connection:
                row = connection.execute("SHOW server_encoding").fetchone()
            break
        except psycopg.OperationalError as error:
            where = engine.url.render_as_string()
            if time.monotonic() > deadline:
                raise CannotStart(f"{where} does not answer: {error}") from error
            LOG.warning("waiting for %s: %s", where, str(error).strip())
            time.sleep(1.0)
    encoding = row[0] if row else ""
    if encoding != "UTF8":
        raise CannotStart(
            f"{engine.url.render_as_string()} is encoded in {encoding}, which cannot hold every "
            "text: create the database with CREATE DATABASE ... ENCODING 'UTF8' TEMPLATE template0."
        )


def make_engine(url: str, pool_size: int, password: str = "") -> Engine:
    """``url``: postgresql://... of any spelling; the driver is psycopg 3."""
    place = make_url(url).set(drivername="postgresql+psycopg")
    if password and not place.password:
        place = place.set(password=password)
    engine = create_engine(
        place,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_timeout=POOL_SECONDS,
        query_cache_size=1500,
        isolation_level="REPEATABLE READ",
        connect_args=CONNECT_OPTIONS,
    )

    @event.listens_for(engine, "connect")
    def _limit(connection: Any, record: Any) -> None:
        for setting in LIMITS:
            connection.execute(f"SET {setting}")
        connection.commit()

    dialect: Any = engine.dialect
    dialect.type_compiler_instance = _Types(dialect)
    dialect.ddl_compiler = _Definitions
    dialect.statement_compiler = _Statements
    return engine


def connect(engine: Engine) -> psycopg.Connection[tuple[str, ...]]:
    """A connection outside the pool, autocommit; a crash may lose its writes."""
    arguments, options = engine.dialect.create_connect_args(engine.url)
    chosen: dict[str, Any] = {**options, **CONNECT_OPTIONS, "autocommit": True}
    connection: psycopg.Connection[tuple[str, ...]] = psycopg.connect(*arguments, **chosen)
    connection.execute("SET synchronous_commit = off")
    return connection
