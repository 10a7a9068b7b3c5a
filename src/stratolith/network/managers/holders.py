"""What holds a port: a server, a router, a floating IP or a network's DHCP server.

Written by this cloud alone. ``device_id`` and ``device_owner`` are text that whoever may change
the port may choose, so nothing is found by them: they are shown, and filtered on, as they are.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement

from stratolith.network.models import Port

SERVER = "server"
INTERFACE = "interface"  # of a router, towards a subnet
GATEWAY = "gateway"  # of a router, towards an external network
FLOATING_IP = "floatingip"
DHCP = "dhcp"
ROUTER = (INTERFACE, GATEWAY)
# Held by the cloud's own services, not by a guest.
SERVICES = (INTERFACE, GATEWAY, FLOATING_IP, DHCP)


def hold(port: Port, holder: str, holder_id: str) -> None:
    """From now on the port belongs to ``holder_id`` (a server, router, floating IP, network)."""
    port.holder, port.holder_id = holder, holder_id


def let_go(port: Port) -> None:
    port.holder = port.holder_id = ""


def held_by(holder: str, holder_id: str) -> ColumnElement[bool]:
    """Condition on Port."""
    found: ColumnElement[bool] = (Port.holder_id == holder_id) & (Port.holder == holder)
    return found
