#!/usr/bin/env python3
"""Write the next migration of a branch, from the difference between its models and its migrations.

.venv/bin/python tools/make_migration.py identity "Add the table of things"

The branch is a service's folder or "kernel". The service's plate says where its migrations are.
"""

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from alembic import command

from stratolith import services
from stratolith.kernel.db import Database, migrations, schema


def make(branch: str, folder: Path, message: str) -> Path:
    """Write it, with the tables named ``branch_...``, and enter it in HEAD."""
    folder.mkdir(exist_ok=True)
    (folder / "__init__.py").touch()
    number = len(migrations.files(folder)) + 1
    with tempfile.TemporaryDirectory() as scratch:
        db = Database(f"sqlite:///{scratch}/empty.db")
        if number > 1:
            schema.upgrade(db, {branch: folder})
        config = migrations.configuration({branch: folder})
        config.attributes["include_object"] = _only(branch)
        with db.change_schema() as connection:
            config.attributes["connection"] = connection
            made = command.revision(
                config,
                message,
                autogenerate=True,
                rev_id=migrations.revision_id(branch, number),
                head=migrations.newest(branch, folder) if number > 1 else "base",
                version_path=str(folder),
            )
        db.dispose()
    name = Path(made.path).name.removeprefix(f"{branch}_")
    path = Path(made.path).rename(folder / name)
    subprocess.run([Path(sys.executable).with_name("ruff"), "format", "-q", path], check=True)
    (folder / migrations.HEAD).write_text(f"{path.stem}\n")
    return path


def _only(branch: str) -> Any:
    def ours(item: Any, name: str, kind: str, reflected: bool, compared_to: Any) -> bool:
        table = name if kind == "table" else item.table.name
        return str(table).startswith(f"{branch}_")

    return ours


if __name__ == "__main__":
    found = services.migrations(services.load())  # every model becomes known
    if len(sys.argv) != 3 or sys.argv[1] not in found:
        sys.exit(f"usage: make_migration.py BRANCH MESSAGE; branches: {' '.join(found)}")
    print(make(sys.argv[1], found[sys.argv[1]], sys.argv[2]))
