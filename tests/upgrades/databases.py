"""Databases as files: a recorded one put back, and what the schema of one is."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa

from stratolith.kernel.db import Database


def put_back_sqlite(dump: Path, folder: Path) -> None:
    """Make the database file of a state directory from statements."""
    folder.mkdir()
    with sqlite3.connect(folder / "stratolith.db") as connection:
        connection.executescript(dump.read_text())
    connection.close()


def put_back_postgresql(dump: Path, url: str) -> None:
    """Fill an empty database from statements."""
    with psycopg.connect(url) as connection:
        connection.execute(dump.read_bytes())


def picture(db: Database) -> dict[str, dict[str, Any]]:
    """Table -> its columns in their order, keys, constraints and indexes."""
    # SQLAlchemy's own questions about a schema want its own dialect
    url = sa.make_url(db.url)
    if not db.is_sqlite:
        url = url.set(drivername="postgresql+psycopg")
    engine = sa.create_engine(url)
    try:
        inspector = sa.inspect(engine)
        return {name: _table(inspector, name) for name in inspector.get_table_names()}
    finally:
        engine.dispose()


def _table(inspector: sa.Inspector, name: str) -> dict[str, Any]:
    columns = inspector.get_columns(name)
    found: dict[str, Any] = {
        "columns": [(c["name"], repr(c["type"]), c["nullable"], c["default"]) for c in columns],
        "primary key": inspector.get_pk_constraint(name),
    }
    for kind, ask in (
        ("foreign keys", inspector.get_foreign_keys),
        ("unique", inspector.get_unique_constraints),
        ("checks", inspector.get_check_constraints),
        ("indexes", inspector.get_indexes),
    ):
        found[kind] = sorted(ask(name), key=str)
    return found
