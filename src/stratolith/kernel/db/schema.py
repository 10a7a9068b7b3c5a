"""Bringing a database to this release's schema: one linear history of migrations."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from stratolith.kernel.db.base import Base
from stratolith.kernel.db.engine import Database

FOLDER = Path(__file__).parent / "migrations"


def configuration() -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    return config


def current(db: Database) -> str | None:
    """The revision a database is at, None for an empty one."""
    with db.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def newest() -> str | None:
    return ScriptDirectory.from_config(configuration()).get_current_head()


def upgrade(db: Database) -> bool:
    """Run what is missing; False when nothing was."""
    if newest() is None:  # no migration exists yet
        with db.write() as session:
            Base.metadata.create_all(session.connection())
        return True
    if current(db) == newest():
        return False
    config = configuration()
    with db.write() as session:
        config.attributes["connection"] = session.connection()
        command.upgrade(config, "head")
    return True
