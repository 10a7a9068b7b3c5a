"""Ask a neighbour whether it is there: ARP for IPv4, neighbour solicitation for IPv6.

Packet sockets send the requests themselves, because namespaces have permanent neighbour entries,
with which the kernel asks nobody. Works in the namespace of the calling thread.
"""

from __future__ import annotations

import ctypes
import fcntl
import ipaddress
import socket
import struct
import time

from stratolith.network.drivers.linux.host_kernel import netlink

_ARP, _IPV6 = 0x0806, 0x86DD
_SIOCGIFFLAGS, _SIOCGIFHWADDR, _SIOCETHTOOL = 0x8913, 0x8927, 0x8946
_UP, _GET_LINK = 0x1, 0xA
_ASK_AGAIN = 0.4  # seconds


def is_running(device: str) -> bool | None:
    """Whether the device is up and has a carrier; None without such a device."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
        name = device.encode()
        try:
            answer = fcntl.ioctl(sock, _SIOCGIFFLAGS, struct.pack("16sH22x", name, 0))
        except OSError:
            return None
        # the flag IFF_RUNNING follows the carrier with a delay of up to a second
        carrier = ctypes.create_string_buffer(struct.pack("=II", _GET_LINK, 0), 8)
        address = ctypes.addressof(carrier)
        fcntl.ioctl(sock, _SIOCETHTOOL, struct.pack("16sQ16x", name, address))
    is_up = struct.unpack_from("=H", answer, 16)[0] & _UP
    return bool(is_up and struct.unpack_from("=I", carrier.raw, 4)[0])


def neighbour(device: str, own: str, address: str, seconds: float = 1.2) -> str | None:
    """The MAC address that answers for ``address`` on the network of ``device``; None for none.

    ``own``: an address of the device, of the same IP version. Raises ``OSError``.
    """
    is_v4 = ipaddress.ip_address(address).version == 4
    kind = _ARP if is_v4 else _IPV6
    with socket.socket(
        socket.AF_PACKET, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.htons(kind)
    ) as sock:
        sock.bind((device, kind))
        mac = _mac(sock, device)
        request = _arp(mac, own, address) if is_v4 else _solicitation(mac, own, address)
        deadline = time.monotonic() + seconds
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                return None
            sock.send(request)
            answer = _answer(sock, address, is_v4, min(_ASK_AGAIN, left))
            if answer is not None:
                return answer


def _answer(sock: socket.socket, address: str, is_v4: bool, seconds: float) -> str | None:
    wanted = ipaddress.ip_address(address).packed
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        sock.settimeout(left)
        try:
            frame = sock.recv(2048)
        except TimeoutError:
            return None
        if is_v4:
            if frame[20:22] == b"\0\2" and frame[28:32] == wanted:
                return frame[22:28].hex(":")
        elif len(frame) >= 78 and frame[20] == 58 and frame[54] == 136 and frame[62:78] == wanted:
            return frame[6:12].hex(":")
    return None


def _mac(sock: socket.socket, device: str) -> bytes:
    answer = fcntl.ioctl(sock, _SIOCGIFHWADDR, struct.pack("16s24x", device.encode()))
    return answer[18:24]


def _arp(mac: bytes, own: str, address: str) -> bytes:
    """An ARP request (RFC 826)."""
    body = b"\x00\x01\x08\x00\x06\x04\x00\x01" + mac + ipaddress.IPv4Address(own).packed
    body += b"\0" * 6 + ipaddress.IPv4Address(address).packed
    return b"\xff" * 6 + mac + _ARP.to_bytes(2, "big") + body


def _solicitation(mac: bytes, own: str, address: str) -> bytes:
    """A neighbour solicitation to the solicited-node group of the address (RFC 4861)."""
    target = ipaddress.IPv6Address(address).packed
    source = ipaddress.IPv6Address(own).packed
    group = ipaddress.IPv6Address("ff02::1:ff00:0").packed[:13] + target[13:]
    body = b"\x87\0\0\0" + b"\0" * 4 + target + b"\x01\x01" + mac
    pseudo = source + group + struct.pack("!II", len(body), 58)
    total = _checksum(pseudo + body)
    body = body[:2] + total.to_bytes(2, "big") + body[4:]
    head = struct.pack("!IHBB", 0x60000000, len(body), 58, 255) + source + group
    return b"\x33\x33" + group[12:] + mac + _IPV6.to_bytes(2, "big") + head + body


def _checksum(data: bytes) -> int:
    total = sum(int(word) for word in struct.unpack(f"!{len(data) // 2}H", data))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def mac_of(text: str) -> str:
    """A MAC address in the form that ``neighbour`` returns."""
    return netlink.packed(text).hex(":")
