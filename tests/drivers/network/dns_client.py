"""A question to a DNS server, as a guest asks it."""

from __future__ import annotations

import ipaddress
import os
import socket
import struct


def address_of(name: str, server: str, seconds: float = 3.0) -> str | None:
    """The first IPv4 address of a name; None when the server knows none."""
    transaction = os.urandom(2)
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    question = labels + b"\0" + struct.pack("!HH", 1, 1)  # A, IN
    packet = transaction + struct.pack("!HHHHH", 0x0100, 1, 0, 0, 0) + question
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(seconds)
        client.sendto(packet, (server, 53))
        answer = client.recv(4096)
    assert answer[:2] == transaction
    if not struct.unpack("!H", answer[6:8])[0]:
        return None
    record = answer[12 + len(question) :]
    assert record[:2] == b"\xc0\x0c" and record[2:4] == b"\0\1", "not an address of the name"
    return str(ipaddress.IPv4Address(record[12:16]))
