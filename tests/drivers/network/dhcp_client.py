"""A DHCP client for tests: DISCOVER, REQUEST, and the options of the answer."""

from __future__ import annotations

import ipaddress
import os
import socket
import struct
import time

_MAGIC = b"\x63\x82\x53\x63"
_ASKED = bytes([1, 3, 6, 12, 15, 26, 51, 67, 121])


def lease(
    device: str, mac: str, timeout: float = 20.0, broadcast: bool = True
) -> tuple[str, dict[int, bytes]]:
    """The address and options offered and acknowledged; ``TimeoutError`` when nobody answers.

    Asks again every 3 s, as clients do. ``broadcast``: how it wants to be answered; else it must
    have the address.
    """
    end = time.monotonic() + timeout
    while True:
        try:
            return _lease(device, mac, min(3.0, timeout), broadcast)
        except TimeoutError:
            if time.monotonic() >= end:
                raise


def _lease(device: str, mac: str, timeout: float, broadcast: bool) -> tuple[str, dict[int, bytes]]:
    transaction = os.urandom(4)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode())
        sock.bind(("0.0.0.0", 68))
        sock.settimeout(timeout)
        _send(sock, transaction, mac, 1, b"", broadcast)
        offered, options = _receive(sock, transaction, 2)
        wanted = b"\x32\x04" + socket.inet_aton(offered) + b"\x36\x04" + options[54]
        _send(sock, transaction, mac, 3, wanted, broadcast)
        return _receive(sock, transaction, 5)


def message(
    mac: str,
    kind: int,
    options: bytes = b"",
    *,
    transaction: bytes = b"word",
    client: str = "0.0.0.0",
    relay: str = "0.0.0.0",
    head: tuple[int, int] = (1, 6),
    first: bytes = b"",
    broadcast: bool = True,
) -> bytes:
    """What a client with the hardware address ``mac`` says, without UDP around it.

    ``client``, ``relay``: the addresses it has and came by; ``head``: type and length of the
    hardware address; ``first``: options before the message's kind; ``broadcast``: the wish for
    an answer to everybody.
    """
    hardware = bytes.fromhex(mac.replace(":", ""))
    addresses = socket.inet_aton(client) + bytes(8) + socket.inet_aton(relay)
    flags = 0x8000 if broadcast else 0
    fixed = struct.pack(
        "!BBBB4sHH16s16s192x", 1, *head, 0, transaction, 0, flags, addresses, hardware
    )
    return fixed + _MAGIC + first + bytes([53, 1, kind]) + options + b"\xff"


def _send(
    sock: socket.socket, transaction: bytes, mac: str, kind: int, extra: bytes, broadcast: bool
) -> None:
    options = bytes([55, len(_ASKED)]) + _ASKED + extra
    data = message(mac, kind, options, transaction=transaction, broadcast=broadcast)
    sock.sendto(data, ("255.255.255.255", 67))


def _receive(sock: socket.socket, transaction: bytes, kind: int) -> tuple[str, dict[int, bytes]]:
    while True:
        data = sock.recv(2000)
        options, at = {}, 240
        while data[at] != 255:
            if data[at] == 0:
                at += 1
                continue
            length = data[at + 1]
            options[data[at]] = data[at + 2 : at + 2 + length]
            at += 2 + length
        if data[4:8] == transaction and options.get(53) == bytes([kind]):
            return socket.inet_ntoa(data[16:20]), options


def static_routes(raw: bytes) -> dict[str, str]:
    """Option 121: destination -> next hop."""
    found, at = {}, 0
    while at < len(raw):
        length = raw[at]
        size = (length + 7) // 8
        target = raw[at + 1 : at + 1 + size] + bytes(4 - size)
        network = ipaddress.IPv4Network((target, length))
        found[str(network)] = socket.inet_ntoa(raw[at + 1 + size : at + 5 + size])
        at += 5 + size
    return found
