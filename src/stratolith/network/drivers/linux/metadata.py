"""Sockets that listen inside namespaces while their process stays outside.

A socket stays in the namespace it was made in, so one process can serve all namespaces.
"""

from __future__ import annotations

import fcntl
import socket
import struct
from collections.abc import Iterable

import msgspec

from stratolith.network.drivers.base import HostNetworkView, NetworkDriverError, NetworkView
from stratolith.network.drivers.linux import dhcp, names
from stratolith.network.drivers.linux.host_kernel import namespaces
from stratolith.network.drivers.linux.ipv6 import metadata as metadata6
from stratolith.network.drivers.linux.metadata_mark import OWNER_DSCP
from stratolith.network.drivers.linux.objects import NamespaceSpec
from stratolith.network.drivers.routing import RouterView

_BACKLOG = 512
_SIOCGIFNAME = 0x8910
_IP_PKTINFO, _IP_PKTOPTIONS, _IP_RECVTOS, _IP_FREEBIND, _IP_TOS = 8, 9, 13, 15, 1
_IPV6_PKTOPTIONS, _IPV6_RECVPKTINFO, _IPV6_PKTINFO = 6, 49, 50
_IPV6_RECVTCLASS, _IPV6_TCLASS = 66, 67
_INDEX_AT = {_IP_PKTINFO: 0, _IPV6_PKTINFO: 16}  # of the device, in a control message
_HEADER = struct.Struct("=QII")  # of a control message: length, level, type
_DSCP = 0xFC  # its bits in the type of service; the other two are for congestion


class ListeningPoint(msgspec.Struct, frozen=True, kw_only=True):
    """The address where guests' metadata requests of one router or network arrive."""

    namespace: str
    address: str
    port: int
    networks: tuple[tuple[str, str], ...]  # device in the namespace, id of its network


class Arrival(msgspec.Struct, frozen=True, kw_only=True):
    """How a connection arrived."""

    device: str  # of the namespace; empty when it no longer exists
    address: str
    is_from_owner: bool  # from the tap of the port that owns the address


def listen_in_namespace(netns_name: str, address: str, port: int) -> socket.socket:
    """A TCP socket that listens on ``address:port`` inside the namespace.

    ``arrival`` reads how its connections arrived. Raises ``NetworkDriverError`` when the namespace
    does not exist or the address is in use.
    """

    is_v6 = ":" in address

    def body() -> socket.socket:
        family = socket.AF_INET6 if is_v6 else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if is_v6:
                for option in (socket.IPV6_V6ONLY, _IPV6_RECVPKTINFO, _IPV6_RECVTCLASS):
                    sock.setsockopt(socket.IPPROTO_IPV6, option, 1)
            else:
                for option in (_IP_PKTINFO, _IP_RECVTOS, _IP_FREEBIND):
                    sock.setsockopt(socket.IPPROTO_IP, option, 1)
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


def arrival(sock: socket.socket, address: str) -> Arrival:
    """How an accepted connection from ``address`` arrived, by the last packet of its handshake.

    That packet proves that its sender also receives the replies. Raises ``OSError``.
    """
    index, service, offset, is_v6 = 0, 0, 0, sock.family == socket.AF_INET6
    level = socket.IPPROTO_IPV6 if is_v6 else socket.IPPROTO_IP
    data = sock.getsockopt(level, _IPV6_PKTOPTIONS if is_v6 else _IP_PKTOPTIONS, 256)
    while offset + _HEADER.size <= len(data):
        length, _, kind = _HEADER.unpack_from(data, offset)
        if length < _HEADER.size:
            break
        if kind == (_IPV6_PKTINFO if is_v6 else _IP_PKTINFO):
            index = struct.unpack_from("=i", data, offset + _HEADER.size + _INDEX_AT[kind])[0]
        elif kind == (_IPV6_TCLASS if is_v6 else _IP_TOS):
            service = data[offset + _HEADER.size]
        offset += (length + 7) & ~7
    # only packets to this address have a mark that guests cannot set
    is_marked = not is_v6 or sock.getsockname()[0].partition("%")[0] == metadata6.ADDRESS
    return Arrival(
        device=_device_name(sock, index),
        address=address.partition("%")[0],
        is_from_owner=is_marked and service & _DSCP == OWNER_DSCP << 2,
    )


def _device_name(sock: socket.socket, index: int) -> str:
    """The name of a device of the socket's own namespace."""
    try:
        answer = fcntl.ioctl(sock, _SIOCGIFNAME, struct.pack("=16si20x", b"", index))
    except OSError:
        return ""
    return answer[:16].split(b"\0")[0].decode(errors="replace")


def listening_points(view: HostNetworkView) -> list[ListeningPoint]:
    """All addresses of the host where metadata must be answered."""
    ends = metadata6.router_ends(view)
    points: list[ListeningPoint] = []
    for router in view.routers:
        if router.admin_state_up and router.metadata and router.interfaces:
            points += _router_points(router, ends)
    for network in view.networks:
        try:
            namespace = dhcp.compile_namespace(network)
        except ValueError:
            continue  # the driver reports it
        if namespace is not None:
            points += _dhcp_points(network, namespace)
    return points


def _router_points(router: RouterView, ends: frozenset[str]) -> Iterable[ListeningPoint]:
    """``ends``: the interfaces that answer by IPv6."""
    networks = {
        port.port_id: (names.inner_interface(port.port_id), port.network_id)
        for port in router.interfaces
    }
    point = ListeningPoint(
        namespace=names.router_namespace(router.id),
        address="0.0.0.0",  # redirected packets go to the address of the incoming device
        port=names.ROUTER_METADATA_PORT,
        networks=tuple(networks.values()),
    )
    yield point
    networks6 = tuple(pair for port_id, pair in networks.items() if port_id in ends)
    if networks6:
        yield _by_ipv6(point, networks6)


def _dhcp_points(network: NetworkView, namespace: NamespaceSpec) -> Iterable[ListeningPoint]:
    point = ListeningPoint(
        namespace=namespace.name,
        address=names.METADATA_ADDRESS,
        port=names.DHCP_METADATA_PORT,
        networks=tuple((device.inner_name, network.id) for device in namespace.devices),
    )
    yield point
    if metadata6.has_dhcp_end(network):
        yield _by_ipv6(point, point.networks)


def _by_ipv6(point: ListeningPoint, networks: tuple[tuple[str, str], ...]) -> ListeningPoint:
    """A link-local address is one of each device, so the socket is bound to none of them."""
    return msgspec.structs.replace(point, address="::", port=metadata6.PORT, networks=networks)


def namespace_number(name: str) -> int | None:
    """Identifies the namespace behind a name: after a change, its old listeners get no requests."""
    return namespaces.inode(name)
