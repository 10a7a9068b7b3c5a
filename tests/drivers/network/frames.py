"""Ethernet frames as a hostile guest would write them, and a way to send and to see them."""

from __future__ import annotations

import ipaddress
import socket
import struct
import time
from collections.abc import Mapping

from stratolith.network.drivers.linux.host_kernel import namespaces
from tests.drivers.network.guests import PATIENCE, Guest

BROADCAST = "ff:ff:ff:ff:ff:ff"
EVERYBODY = (BROADCAST, "255.255.255.255")
ALL_NODES = ("33:33:00:00:00:01", "ff02::1")


def ethernet(source: str, target: str, kind: int, payload: bytes) -> bytes:
    return _mac(target) + _mac(source) + struct.pack("!H", kind) + payload


def arp(source: str, sender_mac: str, sender_ip: str, target_ip: str, operation: int = 1) -> bytes:
    body = struct.pack("!HHBBH", 1, 0x0800, 6, 4, operation) + _mac(sender_mac) + _ip(sender_ip)
    return ethernet(source, BROADCAST, 0x0806, body + bytes(6) + _ip(target_ip))


def discovery(
    source: str,
    sender: str,
    kind: int,
    target: str,
    *,
    fragment: bool = False,
    options: bool = False,
) -> bytes:
    """Neighbour discovery: ``kind`` 135 solicitation, 136 advertisement; ``target`` it names."""
    head = struct.pack("!BBHI", kind, 0, 0, 0x20000000 if kind == 136 else 0)
    message = head + _ip(target) + b"\x02\x01" + _mac(source)
    return ip6(source, sender, 58, message, fragment=fragment, options=options)


def ip6(
    source: str,
    sender: str,
    protocol: int,
    message: bytes,
    *,
    fragment: bool = False,
    options: bool = False,
    to: tuple[str, str] = ALL_NODES,
) -> bytes:
    """``to``: MAC address and IP address."""
    if protocol in (17, 58):
        place = 2 if protocol == 58 else 6
        sum_ = _checksum(_ip(sender) + _ip(to[1]), protocol, message)
        message = message[:place] + struct.pack("!H", sum_) + message[place + 2 :]
    if options:  # eight bytes of padding as destination options
        message, protocol = bytes([protocol, 0, 1, 4, 0, 0, 0, 0]) + message, 60
    if fragment:  # the only one
        message, protocol = struct.pack("!BBHI", protocol, 0, 0, 77) + message, 44
    head = struct.pack("!IHBB", 6 << 28, len(message), protocol, 255)
    return ethernet(source, to[0], 0x86DD, head + _ip(sender) + _ip(to[1]) + message)


def udp4(
    source: str,
    sender: str,
    source_port: int,
    target_port: int,
    payload: bytes = b"word",
    *,
    to: tuple[str, str] = EVERYBODY,
) -> bytes:
    """A datagram; ``to``: MAC address and IP address."""
    message = struct.pack("!HHHH", source_port, target_port, 8 + len(payload), 0) + payload
    return ip4(source, sender, 17, message, to=to)


def ip4(
    source: str,
    sender: str,
    protocol: int,
    message: bytes,
    *,
    to: tuple[str, str] = EVERYBODY,
    fragment: int = 0,
    options: bytes = b"",
) -> bytes:
    """``fragment``: the word with the flags and the offset; ``options``: a multiple of 4 bytes."""
    length = 20 + len(options)
    head = struct.pack(
        "!BBHHHBBH", 0x40 | length // 4, 0, length + len(message), 1, fragment, 64, protocol, 0
    )
    head += _ip(sender) + _ip(to[1]) + options
    total = struct.pack("!H", _folded(head))
    return ethernet(source, to[0], 0x0800, head[:10] + total + head[12:] + message)


def send(sender: Guest, *written: bytes) -> None:
    """Put frames on a guest's wire."""
    with namespaces.run_in(sender.name, raw) as talking:
        for frame in written:
            talking.send(frame)


def tagged(frame: bytes, *tags: tuple[int, int]) -> bytes:
    """``tags``: protocol and VLAN id, from the outside in."""
    words = b"".join(struct.pack("!HH", *tag) for tag in tags)
    return frame[:12] + words + frame[12:]


def arriving(
    sender: Guest, namespace: str, device: str, written: Mapping[str, bytes], last: bytes
) -> set[str]:
    """Names of the frames whose ends come out at the device until ``last`` does."""
    found = set()
    with namespaces.run_in(namespace, lambda: raw(device)) as listening:
        send(sender, *written.values(), last)
        end = time.monotonic() + PATIENCE
        while (left := end - time.monotonic()) > 0:
            listening.settimeout(left)
            got = listening.recv(4000)
            found |= {name for name, frame in written.items() if got.endswith(frame[-20:])}
            if got.endswith(last[-20:]):
                return found
    raise TimeoutError("the last frame did not arrive")


def passes(sender: Guest, receiver: Guest, frame: bytes, seconds: float = 0.3) -> bool:
    """Whether the frame that one guest sends arrives at the other, byte for byte."""
    listening = namespaces.run_in(receiver.name, raw)
    talking = namespaces.run_in(sender.name, raw)
    with listening, talking:
        talking.send(frame)
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            listening.settimeout(left)
            try:
                if listening.recv(4000)[: len(frame)] == frame:
                    return True
            except TimeoutError:
                break
    return False


def raw(device: str = "eth0") -> socket.socket:
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    sock.bind((device, 3))
    return sock


def _mac(text: str) -> bytes:
    return bytes.fromhex(text.replace(":", ""))


def _ip(text: str) -> bytes:
    return ipaddress.ip_address(text).packed


def _checksum(addresses: bytes, protocol: int, message: bytes) -> int:
    return _folded(addresses + struct.pack("!II", len(message), protocol) + message)


def _folded(data: bytes) -> int:
    data += bytes(len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
