"""PostgreSQL made to mean what SQLite means, and what its errors say.

The same models, migrations and queries run on both databases. Where the two differ, the dialect
of this engine follows SQLite: integers have 64 bits, text has no length (what a value may be is
said by the schemas of the API), compares byte by byte and LIKE ignores the case of ASCII letters.
"""

from __future__ import annotations

from typing import Any, cast

import psycopg
from sqlalchemy import Column, Engine, Integer, create_engine, make_url
from sqlalchemy.dialects.postgresql.base import PGCompiler, PGDDLCompiler, PGTypeCompiler
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

# A host that is gone must be noticed within seconds, by all that wait for it.
CONNECT_OPTIONS: dict[str, Any] = {
    "application_name": "stratolith",
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
POOL_SECONDS = 10
# SQLSTATE (PostgreSQL documentation, appendix A)
SERIALIZATION = ("40001", "40P01")  # serialization failure, deadlock
CONSTRAINT = ("23503", "23505", "23P01")  # foreign key, unique, exclusion
# classes: connection exception, insufficient resources, operator intervention
OUTAGE = ("08", "53", "57P")


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
        # no function of this name takes our wide integers
        return f"substr({subject}, {', '.join(f'({place})::integer' for place in places)})"

    def visit_sum_func(self, func: Any, **kw: Any) -> str:
        total = f"sum({', '.join(self.process(clause, **kw) for clause in func.clauses)})"
        # a sum of whole numbers is one, too, not a numeric
        return f"({total})::bigint" if isinstance(func.type, Integer) else total

    def visit_like_op_binary(self, binary: Any, operator: Any, **kw: Any) -> str:
        text: str = cast(Any, self).visit_ilike_op_binary(binary, operator, **kw)
        return text

    def visit_not_like_op_binary(self, binary: Any, operator: Any, **kw: Any) -> str:
        text: str = cast(Any, self).visit_not_ilike_op_binary(binary, operator, **kw)
        return text


def make_engine(url: str, pool_size: int) -> Engine:
    """``url``: postgresql://... of any spelling; the driver is psycopg 3."""
    engine = create_engine(
        make_url(url).set(drivername="postgresql+psycopg"),
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_timeout=POOL_SECONDS,
        query_cache_size=1500,
        isolation_level="REPEATABLE READ",
        connect_args=CONNECT_OPTIONS,
    )
    dialect: Any = engine.dialect
    dialect.type_compiler_instance = _Types(dialect)
    dialect.ddl_compiler = _Definitions
    dialect.statement_compiler = _Statements
    return engine


def sqlstate(error: DBAPIError) -> str:
    """The five characters by which PostgreSQL names an error; empty for others."""
    return getattr(error.orig, "sqlstate", None) or ""


def is_outage(error: DBAPIError) -> bool:
    """Whether the database could not be reached or went away (never for SQLite)."""
    if not hasattr(error.orig, "sqlstate"):
        return False
    if error.connection_invalidated:
        return True
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    state = sqlstate(error)
    # without a state the driver itself could not connect
    return state.startswith(OUTAGE) or not state


def connect(engine: Engine) -> psycopg.Connection[tuple[str, ...]]:
    """A connection beside the engine's pool, autocommit; what it writes may be lost by a crash."""
    arguments, options = engine.dialect.create_connect_args(engine.url)
    chosen: dict[str, Any] = {**options, **CONNECT_OPTIONS, "autocommit": True}
    connection: psycopg.Connection[tuple[str, ...]] = psycopg.connect(*arguments, **chosen)
    connection.execute("SET synchronous_commit = off")
    return connection
