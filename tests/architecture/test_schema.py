"""The migrations make exactly what the models say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from stratolith import services
from stratolith.kernel.db import Base, Database, schema


def ours(item: Any, name: str, kind: str, reflected: bool, compared_to: Any) -> bool:
    table = name if kind == "table" else item.table.name
    return not table.startswith("toy_")


def test_the_migrated_schema_is_that_of_the_models(tmp_path: Path) -> None:
    services.load()
    db = Database(f"sqlite:///{tmp_path}/migrated.db")
    assert schema.upgrade(db) is True
    assert schema.current(db) == schema.newest() is not None
    with db.engine.connect() as connection:
        # tables of the kernel's own tests may be known to this process
        context = MigrationContext.configure(connection, opts={"include_object": ours})
        changes = compare_metadata(context, Base.metadata)
    assert changes == []
    assert schema.upgrade(db) is False
    db.dispose()


def test_table_names_carry_their_service() -> None:
    services.load()
    prefixes = ("kernel_", "toy_", "identity_", "placement_", "image_", "network_", "compute_")
    for table in Base.metadata.tables.values():
        assert table.name.startswith(prefixes), table.name
        own = table.name.split("_")[0]
        for key in table.foreign_keys:
            assert key.column.table.name.startswith(own), f"{table.name}: no key crosses a service"
