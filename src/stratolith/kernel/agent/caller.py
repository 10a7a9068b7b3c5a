"""Who asks the agent API, decided by how the request came, never by what it says."""

from __future__ import annotations

from dataclasses import dataclass

from stratolith.kernel.exceptions import Forbidden, Unauthorized


class NotItsOwn(Forbidden):
    message = "Host {host} may not ask for what is of {other}."


@dataclass(frozen=True)
class AgentCaller:
    """One side of a connection to the agent API.

    host: its name; "" for a machine without a certificate, which may only ask to join.
    is_local: it came by the unix socket, which only the owner of the server's machine can open.
    serial: of its certificate.
    """

    host: str = ""
    is_local: bool = False
    serial: str = ""

    def require(self, host: str) -> None:
        """Raises Unauthorized for a stranger, NotItsOwn for another host."""
        if not self.host:
            raise Unauthorized("The agent API asks for the certificate of a host of this cloud.")
        if host != self.host:
            raise NotItsOwn(host=self.host, other=host)

    def require_local(self) -> None:
        """Raises Forbidden unless it is the machine of the server."""
        if not self.is_local:
            raise Forbidden("This can be asked on the machine of the server only.")
