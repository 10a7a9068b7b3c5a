"""Sockets that listen inside namespaces while the process stays outside.

A socket belongs for ever to the namespace it was made in, so one process can serve them all.
"""

from __future__ import annotations

import socket

import msgspec

from stratolith.network.drivers.base import HostNetworkView, NetworkDriverError
from stratolith.network.drivers.linux import dhcp, names, namespaces

_BACKLOG = 64


class ListeningPoint(msgspec.Struct, frozen=True, kw_only=True):
    """Where guests' metadata requests of one router or network arrive."""

    namespace: str
    port: int
    networks: tuple[str, ...]  # ids of the networks whose guests may ask here


def listen_in_namespace(netns_name: str, address: str, port: int) -> socket.socket:
    """A TCP socket that listens on ``address:port`` inside the namespace.

    Raises ``NetworkDriverError`` when there is no such namespace or the address is taken.
    """

    def body() -> socket.socket:
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind((address, port))
            sock.listen(_BACKLOG)
            sock.setblocking(False)
        except OSError:
            sock.close()
            raise
        return sock

    try:
        return namespaces.run_in(netns_name, body)
    except OSError as error:
        where = f"{address}:{port} in {netns_name}"
        raise NetworkDriverError(f"cannot listen on {where}: {error}") from error


def listening_points(view: HostNetworkView) -> list[ListeningPoint]:
    """All places of the host where metadata has to be answered."""
    points = [
        ListeningPoint(
            namespace=names.router_namespace(router.id),
            port=names.ROUTER_METADATA_PORT,
            networks=tuple(dict.fromkeys(port.network_id for port in router.interfaces)),
        )
        for router in view.routers
        if router.admin_state_up and router.metadata and router.interfaces
    ]
    for network in view.networks:
        try:
            namespace = dhcp.compile_namespace(network)
        except ValueError:
            continue  # the driver reports it
        if namespace is not None:
            points.append(
                ListeningPoint(
                    namespace=namespace.name,
                    port=names.DHCP_METADATA_PORT,
                    networks=(network.id,),
                )
            )
    return points


def namespace_number(name: str) -> int | None:
    """Identifies the namespace behind a name: a listener in a former one hears nothing."""
    return namespaces.inode(name)
