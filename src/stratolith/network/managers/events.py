"""The events of the network service for other services."""

from __future__ import annotations

from typing import Protocol

from stratolith.kernel import events
from stratolith.kernel.context import Context
from stratolith.network.managers import holders
from stratolith.network.models import Port

VIEW = "network"
PORT_DELETED = "network.port.deleted"
PORT_STATUS = "network.port.status"


def port_deleted(ctx: Context, port: Port) -> None:
    """Emit {"port_id", "server_id", "network_id"}: a port of a server was deleted."""
    if port.holder == holders.SERVER:
        events.emit(ctx, PORT_DELETED, _payload(port))


class PortLike(Protocol):
    """A port, or the columns of one."""

    @property
    def id(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def holder(self) -> str: ...
    @property
    def holder_id(self) -> str: ...
    @property
    def network_id(self) -> str: ...


def port_status(ctx: Context, port: PortLike) -> None:
    """Emit {"port_id", "server_id", "network_id", "status"}: a server's port changed its status."""
    if port.holder == holders.SERVER:
        events.emit(ctx, PORT_STATUS, {**_payload(port), "status": port.status})


def _payload(port: PortLike) -> dict[str, str]:
    return {"port_id": port.id, "server_id": port.holder_id, "network_id": port.network_id}
