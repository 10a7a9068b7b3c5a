"""The unix socket that the agents of this machine connect to, made again when its file is gone.

A socket whose file was removed still listens, and nobody can reach it any more.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from functools import partial
from pathlib import Path

import uvicorn

from stratolith.kernel.http import further_socket

LOG = logging.getLogger(__name__)


class LocalSocket:
    """The socket at ``path``; only its owner may connect: who can is an agent."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._made = (0, 0)  # device and inode of the file
        self._server: asyncio.Server | None = None  # the one that came after the first
        self._failed = False

    def open(self) -> socket.socket:
        """Bind it; raises OSError."""
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
        self.path.unlink(missing_ok=True)
        found = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        mask = os.umask(0o177)
        try:
            found.bind(str(self.path))
        except OSError:
            found.close()
            raise
        finally:
            os.umask(mask)
        self._made = self._file()
        return found

    def keep(self, server: uvicorn.Server) -> None:
        """Have the server look at the file each second."""
        server.config.timeout_notify = 1
        server.config.callback_notify = partial(self._renew, server)

    async def _renew(self, server: uvicorn.Server) -> None:
        if self._file() == self._made:
            return
        try:
            opened = self.open()
        except OSError as error:
            if not self._failed:
                LOG.error("%s is gone and cannot be made again: %s", self.path, error)
            self._failed = True
            return
        LOG.warning("%s was gone: made again", self.path)
        self._failed = False
        if self._server is not None:
            self._server.close()
        self._server = await further_socket.serve(server, opened)

    def _file(self) -> tuple[int, int]:
        try:
            found = os.stat(self.path)
        except OSError:
            return (0, 0)
        return (found.st_dev, found.st_ino)
