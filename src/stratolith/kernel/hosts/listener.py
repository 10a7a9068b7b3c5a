"""Where agents of other machines find the server: TLS 1.3, with certificates of both sides.

A client without a certificate gets through the handshake, as a machine that wants to join has
none yet; the door of the agent API then answers it on the routes for joining only. One with a
certificate that the authority did not sign, or that ended, does not get through.
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
LIFETIME = timedelta(days=30)  # of the server's own certificate, which lives in memory
RENEW_SECONDS = 24 * 3600.0


class HostsListener:
    """One server's listener; ``address``: (IP address, port)."""

    def __init__(self, env: Environment, address: tuple[str, int]) -> None:
        self.address = address
        self._env = env
        self._authority = authority(env)
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.minimum_version = ssl.TLSVersion.TLSv1_3
        self._context.verify_mode = ssl.CERT_OPTIONAL
        self._context.num_tickets = 0  # who comes again shows its certificate again
        self._context.load_verify_locations(cadata=self._authority.pem)
        self._stopping = threading.Event()
        self.renew()

    def renew(self) -> None:
        """Show a new certificate from the next connection on."""
        pem = self._authority.sign_server(self._env.clock.now(), LIFETIME)
        handle, path = tempfile.mkstemp(prefix="stratolith-", suffix=".pem")  # readable by us alone
        try:
            with os.fdopen(handle, "w") as out:
                out.write(pem)
            self._context.load_cert_chain(path)
        finally:
            os.unlink(path)

    def keep_renewing(self) -> None:
        """Until ``stop``: long before the certificate ends."""
        while not self._stopping.wait(RENEW_SECONDS):
            self.renew()

    def stop(self) -> None:
        self._stopping.set()

    def open(self) -> socket.socket:
        """Bind the port; raises OSError naming the address."""
        return open_port(*self.address)

    async def serve(self, server: uvicorn.Server, opened: socket.socket) -> None:
        """Take connections on ``opened`` as one more socket of a server that has started."""
        taking = Handshakes(opened, self._context, further_socket.protocol_of(server))
        taking.start(server.config.backlog)
        server.servers.append(cast(asyncio.Server, taking))  # uvicorn closes it with the others


class ServerWithHosts(uvicorn.Server):
    """uvicorn's server that listens for hosts as well, when it has a listener for them."""

    def __init__(self, config: uvicorn.Config, listener: HostsListener | None) -> None:
        super().__init__(config)
        self._listener = listener
        self._opened = listener.open() if listener is not None else None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self._listener is not None and self._opened is not None and not self.should_exit:
            await self._listener.serve(self, self._opened)


def open_port(address: str, port: int) -> socket.socket:
    """A TCP socket that is bound there; raises OSError naming the address."""
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
