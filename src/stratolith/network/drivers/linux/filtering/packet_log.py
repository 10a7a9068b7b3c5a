"""Packets that rules of security groups accepted or dropped, as lines of a file.

The rules hand the packets of logged ports to nfnetlink_log (group_chains.py). A thread reads them
and writes a line for each: whose port, which logs asked for it, and what the packet was. Lines
contain ids and what is parsed from headers, never text of a tenant.
"""

from __future__ import annotations

import errno
import logging
import os
import select
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path

import msgspec

from stratolith.network.drivers.base import HostNetworkView
from stratolith.network.drivers.linux.filtering.group_chains import COPIED_BYTES, LOG_GROUP, PREFIX
from stratolith.network.drivers.linux.filtering.packet_text import endpoints, summary
from stratolith.network.drivers.linux.host_kernel import netlink, nft
from stratolith.network.drivers.linux.objects import LoggedPort

LOG = logging.getLogger(__name__)

FILE = "security-groups.log"
LOGGER = "stratolith.security_groups"  # in the lines
MOST_LINES = 1000  # in a second, of all ports together
_MOST_BYTES, _KEPT = 16 << 20, 3
_NETFILTER = 12
_PACKET, _CONFIG = 0x400, 0x401
_COMMAND, _MODE, _TIMEOUT = 1, 2, 4  # attributes of a configuration
_BIND, _COPY_PACKETS = b"\x01", 2
_MARK, _IN, _OUT, _PAYLOAD, _PREFIX = 2, 6, 7, 9, 10  # attributes of a packet
_BUFFER = 4 << 20
CANNOT_LOG = "this host's kernel cannot log packets: it lacks nft_log or nfnetlink_log"
_PROBE = """table inet {name}_probe {{
  chain probe {{
    log prefix "x" group {group}
  }}
}}
"""


def can_log(instance: str) -> bool:
    """Whether the kernel can hand logged packets to a process; changes nothing in the kernel."""
    return nft.complaint(_PROBE.format(name=instance, group=LOG_GROUP)) is None


def logs_of(view: HostNetworkView) -> set[str]:
    """The ids of the logs about ports of a view."""
    return {log.id for network in view.networks for port in network.ports for log in port.logs}


def without_logs(view: HostNetworkView) -> HostNetworkView:
    """The view for a host that cannot log packets."""
    networks = [
        msgspec.structs.replace(
            network, ports=[msgspec.structs.replace(port, logs=[]) for port in network.ports]
        )
        for network in view.networks
    ]
    return msgspec.structs.replace(view, networks=networks)


class PacketLog:
    """Writes logged packets to a file in the directory while any port is logged."""

    def __init__(self, directory: Path) -> None:
        self._file = _File(directory / FILE)
        self._by_mark: dict[int, LoggedPort] = {}
        self._by_index: dict[int, LoggedPort] = {}
        self._by_address: dict[str, LoggedPort] = {}
        self._reader: _Reader | None = None

    def update(self, ports: Iterable[LoggedPort], indexes: Mapping[str, int]) -> None:
        """Take over the logged ports. ``indexes``: of devices by name.

        The packets are those of the calling thread's namespace. Raises ``OSError`` when another
        program reads them.
        """
        logged = list(ports)
        self._by_mark = {port.mark: port for port in logged}
        self._by_index = {indexes[port.tap]: port for port in logged if port.tap in indexes}
        self._by_address = {address: port for port in logged for address in port.addresses}
        if not logged:
            self.close()
        elif self._reader is None:
            self._reader = _Reader(self._take, self._file.lost)

    def close(self) -> None:
        if self._reader is not None:
            self._reader.close()
            self._reader = None
        self._file.close()

    def _take(self, packet: Mapping[int, bytes]) -> None:
        """Write a line about a packet; none when no log asks for it any more."""
        kind, way, verdict, group = _prefix(packet.get(_PREFIX, b""))
        payload = packet.get(_PAYLOAD, b"")
        if kind != PREFIX:
            return
        port = self._port_of(packet, way, payload)
        asking = port.asking(verdict.upper(), group) if port is not None else []
        if port is None or not asking:
            return
        self._file.write(
            f"action={verdict.upper()} direction={'ingress' if way == 'in' else 'egress'} "
            f"project_id={port.project_id} log_resource_ids={','.join(asking)} "
            f"port_id={port.port_id} packet={summary(payload)}"
        )

    def _port_of(self, packet: Mapping[int, bytes], way: str, payload: bytes) -> LoggedPort | None:
        """The port by the packet's mark, by its device, or by its address: packets that the host
        itself sends to a port have neither mark nor device.
        """
        port = self._by_mark.get(_number(packet.get(_MARK, b"")))
        if port is None:
            port = self._by_index.get(_number(packet.get(_IN if way == "out" else _OUT, b"")))
        if port is None:
            source, destination = endpoints(payload)
            port = self._by_address.get(destination if way == "in" else source)
        return port


class _Reader:
    """A thread that reads logged packets. Making it raises ``OSError``."""

    def __init__(
        self, take: Callable[[Mapping[int, bytes]], None], lost: Callable[[], None]
    ) -> None:
        self._take, self._lost = take, lost
        self._socket = _listening()
        self._stop, self._wake = os.pipe()
        self._thread = threading.Thread(target=self._run, name="packet-log", daemon=True)
        self._thread.start()

    def close(self) -> None:
        os.write(self._wake, b"x")
        self._thread.join(5)
        self._socket.close()
        os.close(self._wake)
        os.close(self._stop)

    def _run(self) -> None:
        while True:
            ready, _, _ = select.select([self._socket.fileno(), self._stop], [], [])
            if self._stop in ready:
                return
            try:
                data = self._socket.recv(1 << 17)
            except OSError as error:
                if error.errno != errno.ENOBUFS:
                    LOG.error("cannot read logged packets: %s", error)
                    return
                self._lost()
                continue
            for kind, body in netlink.messages(data):
                if kind == _PACKET:
                    self._take(netlink.attributes(body[4:]))


class _File:
    """A file of limited size; ``write`` adds a line, but not too many in a second."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._handler: RotatingFileHandler | None = None
        self._second, self._count, self._left_out = 0, 0, 0

    def write(self, text: str) -> None:
        now = time.time()
        if int(now) != self._second:
            self._second, self._count = int(now), 0
            if self._left_out:
                self._emit(now, f"{self._left_out} more packets were not written")
                self._left_out = 0
        self._count += 1
        if self._count > MOST_LINES:
            self._left_out += 1
            return
        self._emit(now, text)

    def lost(self) -> None:
        """Note that the kernel had no room for more packets."""
        self._left_out += 1

    def close(self) -> None:
        if self._handler is not None:
            self._handler.close()
            self._handler = None

    def _emit(self, now: float, text: str) -> None:
        """A line that cannot be written (full disk) is lost."""
        try:
            if self._handler is None or not self._path.exists():
                self._open()
            assert self._handler is not None
            record = logging.LogRecord(LOGGER, logging.INFO, "", 0, text, None, None)
            record.created, record.msecs = now, (now % 1) * 1000
            self._handler.emit(record)
        except OSError as error:
            LOG.warning("cannot write %s: %s", self._path, error)

    def _open(self) -> None:
        self.close()
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._handler = _PrivateFile(self._path, maxBytes=_MOST_BYTES, backupCount=_KEPT)
        form = logging.Formatter(
            "%(asctime)s.%(msecs)03d %(levelname)s %(name)s [-] %(message)s", "%Y-%m-%d %H:%M:%S"
        )
        form.converter = time.gmtime
        self._handler.setFormatter(form)


class _PrivateFile(RotatingFileHandler):
    """A file that only its owner reads, also when it is made anew."""

    def _open(self) -> TextIOWrapper:
        def opener(path: str, flags: int) -> int:
            return os.open(path, flags, 0o600)

        return open(self.baseFilename, self.mode, encoding="utf-8", opener=opener)  # type: ignore[return-value]


def _listening() -> socket.socket:
    """A socket that gets the packets of our group, with their first bytes."""
    sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, _NETFILTER)
    try:
        sock.bind((0, 0))
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        netlink.configure(sock, _CONFIG, LOG_GROUP, netlink.attribute(_COMMAND, _BIND))
        mode = struct.pack("!IBB", COPIED_BYTES, _COPY_PACKETS, 0)
        wait = struct.pack("!I", 10)  # in hundredths of a second
        options = netlink.attribute(_MODE, mode) + netlink.attribute(_TIMEOUT, wait)
        netlink.configure(sock, _CONFIG, LOG_GROUP, options)
    except OSError:
        sock.close()
        raise
    return sock


def _prefix(raw: bytes) -> list[str]:
    parts = raw.rstrip(b"\0").decode("ascii", "replace").split(":")
    return parts if len(parts) == 4 else [""] * 4


def _number(raw: bytes) -> int:
    return int.from_bytes(raw, "big") if raw else -1
