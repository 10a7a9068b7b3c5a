"""PostgreSQL for tests: a server of their own, in a directory that goes away with it.

    with Cluster() as cluster:
        url = cluster.create("cloud")          # postgresql://... of a new, empty database

Needs the Debian package ``postgresql``; nothing of an existing installation is touched. The
server listens on a unix socket in its own directory only and writes nothing safely to disk.
"""

from __future__ import annotations

import os
import pwd
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Self
from urllib.parse import quote

import psycopg
from psycopg import sql

START_SECONDS = 30.0
ACCOUNT = "postgres"  # the package's account; PostgreSQL refuses to run as root
SETTINGS = {
    "listen_addresses": "",
    "max_connections": "300",
    "shared_buffers": "64MB",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "timezone": "UTC",
}


class NoPostgreSQL(Exception):
    """PostgreSQL is not installed, or did not start; the text says why."""


def programs() -> Path:
    """The folder of the newest installed version's programs; raises NoPostgreSQL."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[-3]))
    if not found:
        raise NoPostgreSQL("PostgreSQL is not installed: apt-get install postgresql")
    return found[-1].parent


class Cluster:
    """One server with its data, ended (by its pid) and deleted by ``stop``."""

    def __init__(self) -> None:
        self._programs = programs()
        self.folder = Path(tempfile.mkdtemp(prefix="stratolith-pg-"))
        self._process: subprocess.Popen[bytes] | None = None
        self._setpriv: list[str] = ["setpriv", "--pdeathsig", "QUIT"]
        if os.geteuid() == 0:
            owner = pwd.getpwnam(ACCOUNT)
            os.chown(self.folder, owner.pw_uid, owner.pw_gid)
            self._setpriv += [f"--reuid={ACCOUNT}", f"--regid={ACCOUNT}", "--init-groups"]
        try:
            self._run("initdb", "-D", self._data, "-U", ACCOUNT, "-A", "trust", "--no-sync",
                      "-E", "UTF8", "--locale=C.UTF-8")  # fmt: skip
            self.start()
        except BaseException:
            self.stop()
            raise

    @property
    def _data(self) -> str:
        return str(self.folder / "data")

    def start(self) -> None:
        """Start the server; raises NoPostgreSQL with what it said."""
        options = [f"--{name}={value}" for name, value in SETTINGS.items()]
        options.append(f"--unix_socket_directories={self.folder}")
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self._command("postgres", "-D", self._data, *options),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                cwd=self.folder,
            )  # fmt: skip
        end = time.monotonic() + START_SECONDS
        while True:
            try:
                psycopg.connect(self.address("postgres")).close()
                return
            except psycopg.OperationalError as error:
                if self._process.poll() is not None or time.monotonic() > end:
                    said = (self.folder / "log").read_text()[-2000:]
                    raise NoPostgreSQL(f"PostgreSQL did not start: {error}\n{said}") from None
                time.sleep(0.02)

    def halt(self, how: signal.Signals = signal.SIGINT) -> None:
        """End the server and keep its data; SIGINT breaks connections off, SIGQUIT crashes."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(START_SECONDS)
            self._process = None

    def stop(self) -> None:
        """End the server and delete its data.

        Thousands of files take a while: a process of its own removes them, for which nobody waits.
        """
        self.halt(signal.SIGQUIT)
        subprocess.Popen(["rm", "-rf", str(self.folder)], start_new_session=True)

    def address(self, database: str) -> str:
        """The database's URL."""
        host = quote(str(self.folder), safe="")
        return f"postgresql://{ACCOUNT}@/{database}?host={host}"

    def create(self, name: str, template: str = "template0") -> str:
        """Make a database; gives its URL. Nobody may be connected to the template."""
        self.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )
        return self.address(name)

    def drop(self, name: str) -> None:
        """Delete a database, whoever is connected."""
        self.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def execute(self, statement: sql.Composed, database: str = "postgres") -> None:
        with psycopg.connect(self.address(database), autocommit=True) as connection:
            connection.execute(statement)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _command(self, program: str, *arguments: str) -> Sequence[str]:
        return [*self._setpriv, str(self._programs / program), *arguments]

    def _run(self, program: str, *arguments: str) -> None:
        answer = subprocess.run(
            self._command(program, *arguments), capture_output=True, text=True, cwd=self.folder
        )
        if answer.returncode:
            raise NoPostgreSQL(f"{program} failed: {answer.stderr}")
