"""The unix socket to which local agents connect; created again when its file is removed.

A socket whose file was removed still listens, but no client can connect to it.
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
    """The socket at ``path``; only its owner may connect: every client counts as an agent."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._made = (0, 0)  # device and inode of the file
        self._server: asyncio.Server | None = None  # the replacement of the first server
        self._failed = False

    def open(self) -> socket.socket:
        """Bind it; raises OSError."""
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
        self.path.unlink(missing_ok=True)
        opened = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        mask = os.umask(0o177)
        try:
            opened.bind(str(self.path))
        except OSError:
            opened.close()
            raise
        finally:
            os.umask(mask)
        self._made = self._file()
        return opened

    def keep(self, server: uvicorn.Server) -> None:
        """Let the server check the file each second."""
        server.config.timeout_notify = 1
        server.config.callback_notify = partial(self._renew, server)

    async def _renew(self, server: uvicorn.Server) -> None:
        if self._file() == self._made:
            return
        try:
            opened = self.open()
        except OSError as error:
            if not self._failed:
                LOG.error("%s was removed and cannot be created again: %s", self.path, error)
            self._failed = True
            return
        LOG.warning("%s was removed: created again", self.path)
        self._failed = False
        if self._server is not None:
            self._server.close()
        self._server = await further_socket.serve(server, opened)

    def _file(self) -> tuple[int, int]:
        try:
            info = os.stat(self.path)
        except OSError:
            return (0, 0)
        return (info.st_dev, info.st_ino)
