"""The holder of a port: a server, a router, a floating IP or a network's DHCP server.

Only this cloud writes it. ``device_id`` and ``device_owner`` are texts that users may choose, so
they are shown and filtered on, but never used to find the port of a server or router.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement

from stratolith.network.models import Port

SERVER = "server"
INTERFACE = "interface"  # of a router, towards a subnet
GATEWAY = "gateway"  # of a router, towards an external network
FLOATING_IP = "floatingip"
DHCP = "dhcp"
ELECTION = "election"  # a router that several hosts have, on the network of their messages
LOCAL_IP = "local_ip"  # its address
ROUTER = (INTERFACE, GATEWAY)
# Held by the cloud's own services, not by a guest.
SERVICES = (INTERFACE, GATEWAY, FLOATING_IP, DHCP, ELECTION, LOCAL_IP)


def hold(port: Port, holder: str, holder_id: str) -> None:
    """Assign the port to ``holder_id`` (a server, router, floating IP or network)."""
    port.holder, port.holder_id = holder, holder_id


def release(port: Port) -> None:
    port.holder = port.holder_id = ""


def held_by(holder: str, holder_id: str) -> ColumnElement[bool]:
    """A condition on Port."""
    condition: ColumnElement[bool] = (Port.holder_id == holder_id) & (Port.holder == holder)
    return condition
