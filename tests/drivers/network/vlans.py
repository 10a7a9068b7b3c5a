"""VLANs inside guests and on wires, for kernels that have no 802.1q."""

from __future__ import annotations

import contextlib
import socket
import struct
import time
from collections.abc import Callable

from stratolith.network.drivers.linux.host_kernel import namespaces, vlan_tags
from tests.drivers.network.guests import PATIENCE, Guest

_PACKET, _AUXILIARY = 263, 8  # SOL_PACKET, PACKET_AUXDATA
_TAG_IS_VALID = 0x10


def give_vlans(guest: Guest, macs: dict[int, str]) -> None:
    """Devices ``vlan5`` and so on in the guest; ``macs``: tag -> MAC address."""
    for tag, mac in macs.items():
        guest.sh(
            f"ip link add vlan{tag} address {mac} type veth peer name under{tag}; "
            f"ip link set under{tag} up; ip link set vlan{tag} up mtu 1400"
        )

    def program() -> None:
        index = socket.if_nametoindex
        ends = {tag: index(f"under{tag}") for tag in macs}
        vlan_tags.split(index("eth0"), ends, "guest", alone=False)
        for tag, end in ends.items():
            vlan_tags.tag(end, tag, index("eth0"), "guest")

    namespaces.run_in(guest.name, program)
    guest.sh("ip link set eth0 promisc on")


class Capture:
    """What passes a device, by AF_PACKET: frames with their tags as they are on the wire."""

    def __init__(self, device: str, namespace: str = "") -> None:
        def opened() -> socket.socket:
            sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
            sock.setsockopt(_PACKET, _AUXILIARY, 1)
            sock.bind((device, 3))
            return sock

        self.sock = namespaces.run_in(namespace, opened) if namespace else opened()

    def tag_of(self, word: bytes, seconds: float = PATIENCE) -> int | None:
        """The tag of the next frame with this word, None for a frame without one.

        Raises ``TimeoutError`` when no such frame comes.
        """
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.sock.settimeout(left)
            data, extra, _, _ = self.sock.recvmsg(4096, 256)
            if word not in data:
                continue
            status, _, _, _, _, number, _ = struct.unpack("=IIIHHHH", extra[0][2])
            if status & _TAG_IS_VALID:
                return int(number) & 0xFFF
            if data[12:14] == b"\x81\x00":
                return int.from_bytes(data[14:16], "big") & 0xFFF
            return None
        raise TimeoutError(word)

    def sees(self, word: bytes, seconds: float = 0.4) -> bool:
        try:
            self.tag_of(word, seconds)
        except TimeoutError:
            return False
        return True

    def __enter__(self) -> Capture:
        return self

    def __exit__(self, *_: object) -> None:
        self.sock.close()


def send(device: str, frame: bytes, namespace: str = "") -> None:
    """Put a frame on a device."""

    def put() -> None:
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as sock:
            sock.bind((device, 0))
            sock.send(frame)

    _in(namespace, put)


def _in(namespace: str, work: Callable[[], None]) -> None:
    if namespace:
        namespaces.run_in(namespace, work)
    else:
        work()


def tag_in_time(capture: Capture, device: str, frame: bytes, word: bytes) -> int | None:
    """``Capture.tag_of`` while the frame, which has the word, is sent again and again."""
    for _ in range(9):
        send(device, frame)
        with contextlib.suppress(TimeoutError):
            return capture.tag_of(word, PATIENCE / 10)
    send(device, frame)
    return capture.tag_of(word)
