"""Upgrades a database to this release's schema: runs the missing migrations of each branch."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from pathlib import Path

import sqlalchemy as sa
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext, MigrationStep
from alembic.script import ScriptDirectory

from stratolith.kernel.db import migrations
from stratolith.kernel.db.engine import Database
from stratolith.kernel.exceptions import CannotStart

LOG = logging.getLogger(__name__)
VERSIONS = sa.table("alembic_version", sa.column("version_num", sa.String))


def current(db: Database) -> set[str]:
    """The newest applied revision of each branch; empty for an empty database."""
    with db.engine.connect() as connection:
        return set(MigrationContext.configure(connection).get_current_heads())


def newest(folders: Mapping[str, Path]) -> set[str]:
    return {migrations.newest(branch, folder) for branch, folder in folders.items()}


def upgrade(db: Database, folders: Mapping[str, Path]) -> bool:
    """Run the missing migrations; returns False if none were missing.

    ``folders``: branch -> its migrations, in the order in which branches are run. Revisions of
    other branches in the database stay: their service is no longer installed, but its tables
    remain. Raises CannotStart, with nothing changed, for a database that this release cannot
    read, and BrokenHistory for files that are not a linear history.
    """
    migrations.check_names(folders)
    revisions = current(db)
    _require_readable(revisions, folders)
    if newest(folders) <= revisions:
        return False
    scripts = migrations.read(folders)
    with db.change_schema() as connection:
        _adopt(connection, revisions, scripts, folders)
        for branch in folders:
            _run(connection, scripts, folders, branch)
    LOG.info("the schema of the database is that of this release: %s", sorted(newest(folders)))
    return True


def _require_readable(revisions: Iterable[str], folders: Mapping[str, Path]) -> None:
    for revision in revisions:
        branch = migrations.branch_of(revision)
        if branch in folders and revision > migrations.newest(branch, folders[branch]):
            raise CannotStart(
                f"A newer release made the database: it is at {revision}, and this one knows "
                f"{migrations.newest(branch, folders[branch])}."
            )


def _adopt(
    connection: sa.Connection,
    revisions: Iterable[str],
    scripts: ScriptDirectory,
    folders: Mapping[str, Path],
) -> None:
    """Convert a database of the former common history: record the revision of each branch.

    ``replaces = "0015"`` in a migration: its result equals the old history up to 0015.
    """
    for old in (revision for revision in revisions if not migrations.branch_of(revision)):
        replacing = _replacing(scripts, folders)
        if old not in {since for _, since in replacing}:
            raise CannotStart(
                f"The database is at migration {old}, from before the first release, which this "
                "program cannot read (docs/howto/upgrade.md)."
            )
        stands = {
            migrations.branch_of(revision): revision
            for revision, since in replacing
            if since <= old
        }
        connection.execute(sa.delete(VERSIONS).where(VERSIONS.c.version_num == old))
        rows = [{"version_num": revision} for revision in stands.values()]
        connection.execute(sa.insert(VERSIONS), rows)


def _replacing(scripts: ScriptDirectory, folders: Mapping[str, Path]) -> list[tuple[str, str]]:
    """(revision, the equal old revision), first to last in each branch."""
    replacing = []
    for branch, folder in folders.items():
        for script in migrations.history(scripts, branch, folder):
            since = getattr(script.module, "replaces", None)
            if since is not None:
                replacing.append((script.revision, since))
    return replacing


def _run(
    connection: sa.Connection,
    scripts: ScriptDirectory,
    folders: Mapping[str, Path],
    branch: str,
) -> None:
    """Run the missing migrations of one branch."""
    wanted = migrations.newest(branch, folders[branch])

    def steps(there: tuple[str, ...], context: MigrationContext) -> list[MigrationStep]:
        known = tuple(r for r in there if migrations.branch_of(r) in folders)
        missing = list(scripts.iterate_revisions(wanted, known, implicit_base=True))
        return [
            MigrationStep.upgrade_from_script(scripts.revision_map, s) for s in reversed(missing)
        ]

    config = migrations.configuration(folders)
    config.attributes["connection"] = connection
    with EnvironmentContext(config, scripts, fn=steps):
        scripts.run_env()
