#!/usr/bin/env python3
"""Record the database of this checkout, for the test of upgrades from it.

.venv/bin/python tools/record_database.py v1.0

writes tests/upgrades/recorded/v1.0/: one of everything in a cloud, dumped on SQLite and on
PostgreSQL, and what the API answered about it. Done once for each release, with its own checkout.
"""

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.estate import Estate  # noqa: E402
from tests.testcloud import TestCloud  # noqa: E402
from tests.testcloud.databases import VARIABLE  # noqa: E402
from tests.testcloud.postgresql import programs  # noqa: E402


def main() -> None:
    folder = ROOT / "tests" / "upgrades" / "recorded" / sys.argv[1]
    folder.mkdir(parents=True)
    for database in ("sqlite", "postgresql"):
        os.environ[VARIABLE] = database
        cloud = TestCloud(fresh=True)
        try:
            estate = Estate(cloud)
            look = {"ids": estate.ids, "look": estate.calm_look()}
            (folder / f"{database}.json").write_text(json.dumps(look, indent=1) + "\n")
            for host in cloud.hosts:
                host.stop()
            (folder / f"{database}.sql").write_text(dump(cloud, database))
        finally:
            cloud.close()
    print(folder)


def dump(cloud: TestCloud, database: str) -> str:
    """The whole database as statements; nothing writes to it meanwhile."""
    if database == "sqlite":
        with sqlite3.connect(cloud.folder / "stratolith.db") as connection:
            return "\n".join(connection.iterdump()) + "\n"
    command = [str(programs() / "pg_dump"), "--no-owner", "--inserts", cloud.env.db.url]
    found = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    # settings of the session and commands of psql are not the database's
    lines = [line for line in found.splitlines() if line and not line.startswith(("--", "\\"))]
    return "\n".join(line for line in lines if not line.startswith("SET ")) + "\n"


if __name__ == "__main__":
    main()
