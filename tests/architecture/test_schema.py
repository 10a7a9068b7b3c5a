"""The migrations make exactly what the models say, each branch its own part."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect

from stratolith import services
from stratolith.kernel.db import Base, Database, migrations, schema

FOLDERS = services.migrations(services.load())
SOURCES = Path(services.__file__).parent


def ours(item: Any, name: str, kind: str, reflected: bool, compared_to: Any) -> bool:
    table = name if kind == "table" else item.table.name
    return not table.startswith("toy_")


def test_the_migrated_schema_is_that_of_the_models(tmp_path: Path) -> None:
    db = Database(f"sqlite:///{tmp_path}/migrated.db")
    assert schema.upgrade(db, FOLDERS) is True
    assert schema.current(db) == schema.newest(FOLDERS)
    with db.engine.connect() as connection:
        # tables of the kernel's own tests may be known to this process
        context = MigrationContext.configure(connection, opts={"include_object": ours})
        changes = compare_metadata(context, Base.metadata)
    assert changes == []
    assert schema.upgrade(db, FOLDERS) is False
    db.dispose()


@pytest.mark.parametrize("branch", FOLDERS)
def test_a_branch_needs_no_other(branch: str, tmp_path: Path) -> None:
    """So that their order says nothing, and a service can come and go with its tables."""
    db = Database(f"sqlite:///{tmp_path}/alone.db")
    assert schema.upgrade(db, {branch: FOLDERS[branch]}) is True
    names = set(inspect(db.engine).get_table_names()) - {"alembic_version"}
    assert names == {name for name in Base.metadata.tables if name.startswith(f"{branch}_")}
    db.dispose()


@pytest.mark.parametrize("branch", FOLDERS)
def test_head_names_the_newest_migration(branch: str) -> None:
    """Two branches of work that add a migration to one service collide in this file."""
    migrations.check_head(FOLDERS[branch])


def test_every_folder_of_migrations_is_on_a_plate() -> None:
    written = {path.parent for path in SOURCES.rglob("migrations/0001_*.py")}
    assert written == set(FOLDERS.values())


def test_table_names_carry_their_branch() -> None:
    prefixes = ("toy_", *(f"{branch}_" for branch in FOLDERS))
    for table in Base.metadata.tables.values():
        assert table.name.startswith(prefixes), table.name
        own = table.name.split("_")[0]
        for key in table.foreign_keys:
            assert key.column.table.name.startswith(own), f"{table.name}: no key crosses a service"
