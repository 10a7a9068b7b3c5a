"""A DHCPv6 client for tests: an address by SOLICIT and REQUEST, or options without one."""

from __future__ import annotations

import ipaddress
import os
import socket
import struct
import time

SOLICIT, ADVERTISE, REQUEST, RENEW, REPLY, RELEASE, DECLINE, INFORMATION = 1, 2, 3, 5, 7, 8, 9, 11
RELAY_FORW = 12
_CLIENT_ID, _SERVER_ID, _IA_NA, _ADDRESS, _ASKED = 1, 2, 3, 5, 6
_DNS, _SEARCH, _BOOTFILE = 23, 24, 59
_SERVERS = "ff02::1:2"
_IA = struct.pack("!III", 7, 0, 0)

Options = dict[int, bytes]


def duid(mac: str) -> bytes:
    """The DUID of a client that derives it from its MAC address (DUID-LL)."""
    return struct.pack("!HH", 3, 1) + bytes.fromhex(mac.replace(":", ""))


def lease(device: str, client: bytes, timeout: float = 20.0) -> tuple[str, Options]:
    """The address and options that a server gives, "" without an address.

    ``TimeoutError`` without an answer.
    """
    offer = _ask(device, SOLICIT, client, option(_IA_NA, _IA), timeout)
    if not address_of(offer):
        return "", offer
    more = option(_SERVER_ID, offer[_SERVER_ID]) + option(_IA_NA, offer[_IA_NA])
    answer = _ask(device, REQUEST, client, more, timeout)
    return address_of(answer), answer


def information(device: str, client: bytes, timeout: float = 20.0) -> Options:
    return _ask(device, INFORMATION, client, b"", timeout)


def address_of(answer: Options) -> str:
    """The address in an answer, "" when the server has none."""
    inner = parsed(answer.get(_IA_NA, bytes(12))[12:])
    return str(ipaddress.IPv6Address(inner[_ADDRESS][:16])) if _ADDRESS in inner else ""


def name_servers(answer: Options) -> list[str]:
    raw = answer.get(_DNS, b"")
    return [str(ipaddress.IPv6Address(raw[at : at + 16])) for at in range(0, len(raw), 16)]


def message(kind: int, client: bytes, more: bytes = b"", transaction: bytes = b"abc") -> bytes:
    asked = struct.pack("!HHH", _DNS, _SEARCH, _BOOTFILE)
    head = bytes([kind]) + transaction + option(_CLIENT_ID, client)
    return head + option(8, b"\0\0") + option(_ASKED, asked) + more


def option(number: int, value: bytes) -> bytes:
    return struct.pack("!HH", number, len(value)) + value


def parsed(data: bytes) -> Options:
    found: Options = {}
    while len(data) >= 4:
        number, length = struct.unpack_from("!HH", data)
        found[number] = data[4 : 4 + length]
        data = data[4 + length :]
    return found


def _ask(device: str, kind: int, client: bytes, more: bytes, timeout: float) -> Options:
    end = time.monotonic() + timeout
    index = socket.if_nametoindex(device)
    transaction = os.urandom(3)
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode())
        sock.bind(("::", 546))
        sock.settimeout(1.0)
        while time.monotonic() < end:
            try:
                sock.sendto(message(kind, client, more, transaction), (_SERVERS, 547, 0, index))
                data = sock.recv(2000)
            except (TimeoutError, OSError):  # also while the own address is tentative
                time.sleep(0.05)
                continue
            if data[1:4] == transaction and data[0] in (ADVERTISE, REPLY):
                return parsed(data[4:])
    raise TimeoutError("no DHCPv6 server answered")
