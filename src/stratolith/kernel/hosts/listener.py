"""The port for agents of other machines: TLS 1.3, with certificates on both sides.

A client without certificate is accepted by TLS, because a machine that wants to join has none yet;
the agent API then allows it only the routes for joining. A client whose certificate is expired or
not signed by the authority is refused by TLS.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import ssl
import tempfile
import threading
from datetime import timedelta
from typing import cast

import uvicorn

from stratolith.kernel.environment import Environment
from stratolith.kernel.hosts.authority_store import authority
from stratolith.kernel.hosts.handshakes import Handshakes
from stratolith.kernel.http import further_socket

LOG = logging.getLogger(__name__)
LIFETIME = timedelta(days=30)  # of the server's certificate, which is only in memory
RENEW_SECONDS = 24 * 3600.0


class HostsListener:
    """The listener of one server; ``address``: (IP address, port)."""

    def __init__(self, env: Environment, address: tuple[str, int]) -> None:
        self.address = address
        self._env = env
        self._authority = authority(env)
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.minimum_version = ssl.TLSVersion.TLSv1_3
        self._context.verify_mode = ssl.CERT_OPTIONAL
        self._context.num_tickets = 0  # clients must show their certificate at each connection
        self._context.load_verify_locations(cadata=self._authority.pem)
        self._stopping = threading.Event()
        self.renew()

    def renew(self) -> None:
        """Use a new certificate for further connections."""
        pem = self._authority.sign_server(self._env.clock.now(), LIFETIME)
        # readable only by the owner
        handle, path = tempfile.mkstemp(prefix="stratolith-", suffix=".pem")
        try:
            with os.fdopen(handle, "w") as out:
                out.write(pem)
            self._context.load_cert_chain(path)
        finally:
            os.unlink(path)

    def keep_renewing(self) -> None:
        """Renew the certificate well before it expires, until ``stop``."""
        while not self._stopping.wait(RENEW_SECONDS):
            self.renew()

    def stop(self) -> None:
        self._stopping.set()

    def open(self) -> socket.socket:
        """Bind the port; the OSError it raises contains the address."""
        return open_port(*self.address)

    async def serve(self, server: uvicorn.Server, opened: socket.socket) -> None:
        """Accept connections on ``opened`` as a further socket of a running server."""
        taking = Handshakes(opened, self._context, further_socket.protocol_of(server))
        taking.start(server.config.backlog)
        # uvicorn closes it with the other servers
        server.servers.append(cast(asyncio.Server, taking))


class ServerWithHosts(uvicorn.Server):
    """uvicorn's server that also listens for hosts if it has a listener for them."""

    def __init__(self, config: uvicorn.Config, listener: HostsListener | None) -> None:
        super().__init__(config)
        self._listener = listener
        self._opened = listener.open() if listener is not None else None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self._listener is not None and self._opened is not None and not self.should_exit:
            await self._listener.serve(self, self._opened)


def open_port(address: str, port: int) -> socket.socket:
    """A bound TCP socket; the OSError it raises contains the address."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    opened = socket.socket(family, socket.SOCK_STREAM)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        opened.bind((address, port))
    except OSError as error:
        opened.close()
        raise OSError(error.errno, f"{address}:{port}: {error.strerror}") from None
    opened.set_inheritable(False)
    return opened
