"""Tenant networks between hosts: a VXLAN device on the bridge, which sends to known hosts only.

There is no multicast. The control plane provides the host of each MAC address, but for routers
that are on several hosts: their active host is learned from the frames that they send;
broadcast frames and frames to unknown addresses go to each host that has the network. DHCP is not
sent over tunnels: each host answers its own guests, all from the same reservations. Packets from
an address that is no host of the network are dropped before they are unpacked.
"""

from __future__ import annotations

import errno
import ipaddress
import os
import socket
import struct
from collections.abc import Iterable

from stratolith.network.drivers import checks
from stratolith.network.drivers.base import NetworkView
from stratolith.network.drivers.linux import names
from stratolith.network.drivers.linux.host_kernel import netlink
from stratolith.network.drivers.linux.objects import TunnelPeerSpec, TunnelSpec

PORT = 4789
_NEW, _DELETE, _GET = 28, 29, 30  # RTM_NEWNEIGH and so on
_CREATE, _REPLACE, _APPEND = 0x400, 0x100, 0x800
_STAYS = 0x80 | 0x40  # NUD_PERMANENT, NUD_NOARP
_OF_DEVICE = 0x02  # NTF_SELF
_DESTINATION, _MAC = 1, 2
_MESSAGE = struct.Struct("=BxHiHBB")
_ALL = bytes(6)  # destination of frames without an entry of their own

ForwardingEntry = tuple[bytes, bytes]  # MAC address, address of the host it is behind


def compile_tunnel(network: NetworkView, local: str) -> TunnelSpec | None:
    """The tunnel of a network; None for one that is on this host only. Raises ``ValueError``."""
    if network.network_type != "vxlan" or not network.peers:
        return None
    if network.segmentation_id is None or not 0 < network.segmentation_id < 1 << 24:
        raise ValueError(f"{network.segmentation_id} is not a VXLAN network identifier")
    return TunnelSpec(
        name=names.tunnel(network.id),
        network_id=network.id,
        bridge=network.bridge,
        number=network.segmentation_id,
        local=_address(local),
        mtu=network.mtu,
        peers=tuple(
            TunnelPeerSpec(
                address=_address(peer.address),
                macs=tuple(sorted(checks.mac(mac) for mac in peer.ports.values() if mac)),
            )
            for peer in network.peers
        ),
        moving=tuple(checks.mac(mac) for mac in network.moving),
    )


def _address(text: str) -> str:
    try:
        return str(ipaddress.IPv4Address(text))
    except ValueError:
        raise ValueError(f"tunnels need an IPv4 address of each host, not '{text}'") from None


def rules(tunnels: Iterable[TunnelSpec]) -> list[str]:
    """Lines of a chain at the host's input: the frames of a network must come from its hosts."""
    return [
        f"udp dport {PORT} @th,96,24 {tunnel.number} "
        f"ip saddr != {{ {', '.join(peer.address for peer in tunnel.peers)} }} drop"
        for tunnel in tunnels
    ]


def settle(index: int, peers: Iterable[TunnelPeerSpec]) -> None:
    """Change the forwarding entries of a tunnel's device to these. Raises ``OSError``."""
    wanted: set[ForwardingEntry] = set()
    for peer in peers:
        host = socket.inet_aton(peer.address)
        wanted.add((_ALL, host))
        wanted |= {(netlink.packed(mac), host) for mac in peer.macs}
    current = forwarding_entries(index)
    removed = [_message(index, entry) for entry in sorted(current - wanted)]
    _change(_DELETE, 0, removed, errno.ENOENT)
    new = sorted(wanted - current)
    to_all = [_message(index, entry) for entry in new if entry[0] == _ALL]
    _change(_NEW, _CREATE | _APPEND, to_all, errno.EEXIST)
    _change(_NEW, _CREATE | _REPLACE, [_message(index, entry) for entry in new if entry[0] != _ALL])


def forwarding_entries(index: int) -> set[ForwardingEntry]:
    """The current forwarding entries of a tunnel's device, without those that it learned."""
    result = set()
    request = _MESSAGE.pack(socket.AF_BRIDGE, 0, 0, 0, 0, 0)
    for message in netlink.dump(socket.NETLINK_ROUTE, _GET, request):
        _, _, device, state, flags, _ = _MESSAGE.unpack_from(message)
        attributes = netlink.attributes(message[_MESSAGE.size :])
        if device != index or not flags & _OF_DEVICE or not state & _STAYS:
            continue
        if len(attributes.get(_DESTINATION, b"")) == 4:
            result.add((attributes.get(_MAC, _ALL), attributes[_DESTINATION]))
    return result


def _message(index: int, entry: ForwardingEntry) -> bytes:
    mac, host = entry
    head = _MESSAGE.pack(socket.AF_BRIDGE, 0, index, _STAYS, _OF_DEVICE, 0)
    return head + netlink.attribute(_DESTINATION, host) + netlink.attribute(_MAC, mac)


def _change(kind: int, flags: int, messages: list[bytes], but: int = 0) -> None:
    numbers = netlink.requests(socket.NETLINK_ROUTE, kind, flags, messages)
    for number in sorted(numbers - {but}):
        raise OSError(number, os.strerror(number))
