"""A question to a DNS server, as a guest asks it."""

from __future__ import annotations

import ipaddress
import os
import socket
import struct

_A, _PTR, _AAAA = 1, 12, 28


def address_of(name: str, server: str, seconds: float = 3.0, version: int = 4) -> str | None:
    """The first address of a name; None when the server knows none, or none answers."""
    data = _asked(name, _A if version == 4 else _AAAA, server, seconds)
    return str(ipaddress.ip_address(data)) if data is not None else None


def name_of(address: str, server: str, seconds: float = 3.0) -> str | None:
    """The name of an address."""
    pointer = ipaddress.ip_address(address).reverse_pointer
    data = _asked(pointer, _PTR, server, seconds)
    if data is None:
        return None
    labels, at = [], 0
    while data[at]:
        labels.append(data[at + 1 : at + 1 + data[at]].decode())
        at += 1 + data[at]
    return ".".join(labels)


def _asked(name: str, kind: int, server: str, seconds: float) -> bytes | None:
    """The data of the first record."""
    transaction = os.urandom(2)
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    question = labels + b"\0" + struct.pack("!HH", kind, 1)  # IN
    packet = transaction + struct.pack("!HHHHH", 0x0100, 1, 0, 0, 0) + question
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(seconds)
        client.connect((server, 53))
        client.send(packet)
        try:
            answer = client.recv(4096)
        except ConnectionRefusedError:
            return None
    assert answer[:2] == transaction
    if not struct.unpack("!H", answer[6:8])[0]:
        return None
    record = answer[12 + len(question) :]
    written = b"\xc0\x0c" if record[:1] == b"\xc0" else labels + b"\0"  # in one of two ways
    assert record.lower().startswith(written.lower()), "no answer about the name"
    record = record[len(written) :]
    assert struct.unpack("!H", record[:2])[0] == kind
    length = struct.unpack("!H", record[8:10])[0]
    return record[10 : 10 + length]
