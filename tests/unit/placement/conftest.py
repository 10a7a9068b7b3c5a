"""A context on an empty database, for managers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from stratolith.kernel import config
from stratolith.kernel.context import Context
from stratolith.kernel.db import Base, Database
from stratolith.kernel.environment import Environment
from stratolith.kernel.policy.enforcer import Policies
from stratolith.placement import models


@pytest.fixture
def env(tmp_path: Path) -> Iterator[Environment]:
    db = Database(f"sqlite:///{tmp_path}/placement.db")
    tables = [
        table for name, table in Base.metadata.tables.items() if name.startswith("placement_")
    ]
    assert models.Allocation.__table__ in tables
    Base.metadata.create_all(db.engine, tables=tables)
    yield Environment(settings=config.load({}), db=db, services=[], policies=Policies({}))
    db.dispose()


@pytest.fixture
def ctx(env: Environment) -> Iterator[Context]:
    """One write transaction, never committed."""
    found = Context(env, write=True)
    yield found
    found.close()
