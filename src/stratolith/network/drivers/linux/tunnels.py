"""Tenant networks between hosts: a VXLAN device on the bridge, sending to known hosts only.

Nothing is learned and nothing is multicast. The control plane says which MAC addresses are behind
which host; frames to all, and to addresses that nobody knows, go to each host that has the network.
DHCP does not cross: each host answers its own guests, all from the same reservations. What
comes from an address that is no host of the network is dropped before it is unpacked.
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
_ALL = bytes(6)  # where frames go that have no entry of their own

Way = tuple[bytes, bytes]  # MAC address, address of the host it is behind


def compile_tunnel(network: NetworkView, local: str) -> TunnelSpec | None:
    """The tunnel of a network, None for one that is on this host alone. Raises ``ValueError``."""
    if network.network_type != "vxlan" or not network.peers:
        return None
    if network.segmentation_id is None or not 0 < network.segmentation_id < 1 << 24:
        raise ValueError(f"{network.segmentation_id} is no number of a VXLAN network")
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
                macs=tuple(sorted(checks.mac(mac) for mac in peer.ports.values())),
            )
            for peer in network.peers
        ),
    )


def _address(text: str) -> str:
    try:
        return str(ipaddress.IPv4Address(text))
    except ValueError:
        raise ValueError(f"tunnels need an IPv4 address of each host, not '{text}'") from None


def rules(tunnels: Iterable[TunnelSpec]) -> list[str]:
    """Lines of a chain at the input of the host: each network's frames come from its hosts."""
    return [
        f"udp dport {PORT} @th,96,24 {one.number} "
        f"ip saddr != {{ {', '.join(peer.address for peer in one.peers)} }} drop"
        for one in tunnels
    ]


def settle(index: int, peers: Iterable[TunnelPeerSpec]) -> None:
    """Bring the ways of a tunnel's device to these. Raises ``OSError``."""
    wanted: set[Way] = set()
    for peer in peers:
        there = socket.inet_aton(peer.address)
        wanted.add((_ALL, there))
        wanted |= {(netlink.packed(mac), there) for mac in peer.macs}
    now = ways(index)
    gone = [_entry(index, way) for way in sorted(now - wanted)]
    _change(_DELETE, 0, gone, errno.ENOENT)
    new = sorted(wanted - now)
    to_all = [_entry(index, way) for way in new if way[0] == _ALL]
    _change(_NEW, _CREATE | _APPEND, to_all, errno.EEXIST)
    _change(_NEW, _CREATE | _REPLACE, [_entry(index, way) for way in new if way[0] != _ALL])


def ways(index: int) -> set[Way]:
    """The ways that a tunnel's device has now."""
    found = set()
    asked = _MESSAGE.pack(socket.AF_BRIDGE, 0, 0, 0, 0, 0)
    for message in netlink.dump(socket.NETLINK_ROUTE, _GET, asked):
        _, _, device, _, flags, _ = _MESSAGE.unpack_from(message)
        got = netlink.attributes(message[_MESSAGE.size :])
        if device == index and flags & _OF_DEVICE and len(got.get(_DESTINATION, b"")) == 4:
            found.add((got.get(_MAC, _ALL), got[_DESTINATION]))
    return found


def _entry(index: int, way: Way) -> bytes:
    mac, there = way
    head = _MESSAGE.pack(socket.AF_BRIDGE, 0, index, _STAYS, _OF_DEVICE, 0)
    return head + netlink.attribute(_DESTINATION, there) + netlink.attribute(_MAC, mac)


def _change(kind: int, flags: int, entries: list[bytes], but: int = 0) -> None:
    numbers = netlink.requests(socket.NETLINK_ROUTE, kind, flags, entries)
    for number in sorted(numbers - {but}):
        raise OSError(number, os.strerror(number))
