#!/usr/bin/env python3
"""Write a migration from the difference between the migrated schema and the models.

.venv/bin/python tools/make_migration.py "Add the table of things"
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from alembic import command

from stratolith import services
from stratolith.kernel.db import Database, schema


def main() -> None:
    services.load()  # every model becomes known
    folder = schema.FOLDER / "versions"
    number = len(list(folder.glob("[0-9]*.py"))) + 1
    with tempfile.TemporaryDirectory() as scratch:
        db = Database(f"sqlite:///{scratch}/empty.db")
        if number > 1:
            schema.upgrade(db)
        config = schema.configuration()
        with db.write() as session:
            config.attributes["connection"] = session.connection()
            made = command.revision(
                config, sys.argv[1], autogenerate=True, rev_id=f"{number:04}", head="head"
            )
    subprocess.run([Path(sys.executable).with_name("ruff"), "format", "-q", made.path], check=True)
    print(Path(made.path))


if __name__ == "__main__":
    main()
