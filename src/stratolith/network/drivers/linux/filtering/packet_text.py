"""A packet's headers as a short text: "tcp 10.0.0.5:40000 > 10.0.0.9:22 length 60 flags S"."""

from __future__ import annotations

import socket
import struct

_EXTENSIONS = {0, 43, 60, 135}  # IPv6 headers before the payload; all have their length in byte 1
_FRAGMENT = 44
_NAMES = {1: "icmp", 2: "igmp", 6: "tcp", 17: "udp", 33: "dccp", 47: "gre", 50: "esp", 51: "ah",
          58: "icmpv6", 89: "ospf", 112: "vrrp", 132: "sctp", 136: "udplite"}  # fmt: skip
_WITH_PORTS = {6, 17, 33, 132, 136}
_ICMP = {1, 58}
_FLAGS = "FSRPAUEC"


def endpoints(packet: bytes) -> tuple[str, str]:
    """Source and destination address; empty for what is no IP packet."""
    if len(packet) >= 20 and packet[0] >> 4 == 4:
        return socket.inet_ntoa(packet[12:16]), socket.inet_ntoa(packet[16:20])
    if len(packet) >= 40 and packet[0] >> 4 == 6:
        return (
            socket.inet_ntop(socket.AF_INET6, packet[8:24]),
            socket.inet_ntop(socket.AF_INET6, packet[24:40]),
        )
    return "", ""


def summary(packet: bytes) -> str:
    """The text, of whatever bytes; "not an IP packet" if they are none."""
    source, destination = endpoints(packet)
    if not source:
        return "not an IP packet"
    if packet[0] >> 4 == 4:
        length, protocol, body = _ipv4(packet)
    else:
        length, protocol, body = _ipv6(packet)
    name = _NAMES.get(protocol, f"protocol {protocol}")
    ports = struct.unpack("!HH", body[:4]) if protocol in _WITH_PORTS and len(body) >= 4 else None
    if ports is None:
        text = f"{name} {source} > {destination} length {length}"
    elif ":" in source:
        text = f"{name} [{source}]:{ports[0]} > [{destination}]:{ports[1]} length {length}"
    else:
        text = f"{name} {source}:{ports[0]} > {destination}:{ports[1]} length {length}"
    if protocol in _ICMP and len(body) >= 2:
        text += f" type {body[0]} code {body[1]}"
    if protocol == 6 and len(body) >= 14:
        text += " flags " + "".join(f for n, f in enumerate(_FLAGS) if body[13] >> n & 1)
    return text


def _ipv4(packet: bytes) -> tuple[int, int, bytes]:
    """Length, protocol and payload; later fragments have no payload that can be read."""
    offset = struct.unpack_from("!H", packet, 6)[0] & 0x1FFF
    body = b"" if offset else packet[(packet[0] & 15) * 4 :]
    return struct.unpack_from("!H", packet, 2)[0], packet[9], body


def _ipv6(packet: bytes) -> tuple[int, int, bytes]:
    length, following = 40 + struct.unpack_from("!H", packet, 4)[0], packet[6]
    body = packet[40:]
    while len(body) >= 8 and (following in _EXTENSIONS or following == _FRAGMENT):
        if following == _FRAGMENT:
            offset = struct.unpack_from("!H", body, 2)[0] >> 3
            following, body = body[0], body[8:]
            if offset:
                return length, following, b""
        else:
            following, body = body[0], body[8 * (body[1] + 1) :]
    return length, following, body
