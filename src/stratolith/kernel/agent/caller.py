"""The caller of the agent API, identified by the connection, never by the request's content."""

from __future__ import annotations

from dataclasses import dataclass

from stratolith.kernel.exceptions import Forbidden, Unauthorized


class NotItsOwn(Forbidden):
    message = "Host {host} may not access data of host {other}."


@dataclass(frozen=True)
class AgentCaller:
    """The client of a connection to the agent API.

    host: its name; "" for a machine without certificate, which may only join.
    is_local: connected by the unix socket, which only the owner of the server's machine can open.
    serial: of its certificate.
    """

    host: str = ""
    is_local: bool = False
    serial: str = ""

    def require(self, host: str) -> None:
        """Raises Unauthorized for a machine that is not a host, NotItsOwn for another host."""
        if not self.host:
            raise Unauthorized("The agent API requires the certificate of a host of this cloud.")
        if host != self.host:
            raise NotItsOwn(host=self.host, other=host)

    def require_local(self) -> None:
        """Raises Forbidden unless the caller is on the server's machine."""
        if not self.is_local:
            raise Forbidden("This request is allowed only on the server's machine.")
