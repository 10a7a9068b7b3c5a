"""dnsmasq processes: start, reload, recognise and stop them.

They outlive the agent. A process is ours when its command line names our own pid file; it is
current when its whole command line and its namespace are what we would start now, its pid file
names it, and it uses the directory that is there now. A network has one process: if there are
several, or if the pid file was lost, all are ended and one is started.

The state that a running server has read is recorded beside its files (``loaded``), so an agent
that died between a change and the reload does not assume that the server knows the change. A
server is reloaded with SIGHUP only when no reservation has a tag, before and after: dnsmasq 2.90
crashes (SIGSEGV) at the second SIGHUP when there are tags and a client has a lease. Otherwise it
is restarted, which takes about 20 ms and keeps the leases.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

import msgspec

from stratolith.network.drivers.base import NetworkDriverError
from stratolith.network.drivers.linux import dnsmasq_room, injection, names
from stratolith.network.drivers.linux.host_kernel import namespaces
from stratolith.network.drivers.linux.host_kernel.processes import Helpers, command_line
from stratolith.network.drivers.linux.objects import DhcpSpec

_START_SECONDS = 10.0


class Loaded(msgspec.Struct, frozen=True, kw_only=True):
    """The state of the files that a server has read."""

    pid: int
    files: str  # digest of its files
    tagged: bool  # whether a reservation had a tag
    six: dict[str, str] = {}  # IPv6 address -> MAC address of its reservation


class Dnsmasq:
    """All DHCP servers of this host; each has a directory with the id of its network as name."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.processes = Helpers("dnsmasq", directory)

    def ensure(self, spec: DhcpSpec) -> int:
        """Make the server run with these arguments and files; returns its process id.

        Raises ``NetworkDriverError`` with dnsmasq's error message.
        """
        home = self.directory / spec.owner
        try:
            dnsmasq_room.make_home(home)
            for name, text in _files(spec).items():
                dnsmasq_room.write(home / name, text)
        except OSError as error:
            raise NetworkDriverError(f"DHCP files of {spec.owner}: {error}") from error
        running = self.processes.of(spec.owner)
        pid = self.processes.named(spec.owner) if len(running) == 1 else None
        wanted = _loaded(spec, pid or 0)
        known = self._known(home)
        if pid is not None and known is not None and self._is_current(pid, spec):
            if known == wanted:
                return pid
            obsolete = _obsolete_leases(home / "leases", spec.hosts, known.six)
            if known.pid == pid and not (known.tagged or wanted.tagged or obsolete):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGHUP)
                self._remember(home, wanted)
                return pid
        self.processes.end(spec.owner)
        # dnsmasq would keep an address for its former port, although another port has it now
        read_before = known.six if known is not None else {}
        obsolete = _obsolete_leases(home / "leases", spec.hosts, read_before)
        _drop_lines(home / "leases", obsolete)
        pid = self._start(spec)
        self._remember(home, _loaded(spec, pid))
        return pid

    def command(self, spec: DhcpSpec) -> list[str]:
        home = self.directory / spec.owner
        user, group = dnsmasq_room.identity()
        return [
            shutil.which("dnsmasq") or "dnsmasq",
            "--conf-file=/dev/null",
            "--no-hosts",
            "--no-resolv",
            f"--user={user}",
            f"--group={group}",
            f"--pid-file={home / 'pid'}",
            f"--dhcp-hostsfile={home / 'host'}",
            f"--dhcp-optsfile={home / 'opts'}",
            f"--addn-hosts={home / 'addn_hosts'}",
            f"--dhcp-leasefile={home / 'leases'}",
            "--dhcp-authoritative",
            "--quiet-dhcp",
            "--bind-dynamic",
            "--except-interface=lo",
            f"--interface={spec.interface}",
            *spec.options,
        ]

    def pid(self, network_id: str) -> int | None:
        """The process id of this network's server; None when it or its pid file is lost."""
        return self.processes.named(network_id)

    def stop(self, network_id: str) -> None:
        """End the server and remove its directory."""
        self.processes.end(network_id)
        shutil.rmtree(self.directory / network_id, ignore_errors=True)

    def _is_current(self, pid: int, spec: DhcpSpec) -> bool:
        if command_line(pid)[1:] != self.command(spec)[1:]:
            return False
        home = self.directory / spec.owner
        with contextlib.suppress(OSError):
            inside = os.stat(f"/proc/{pid}/ns/net").st_ino == namespaces.inode(spec.namespace)
            reads_home = os.path.samefile(f"/proc/{pid}/root{home}", home)
            return inside and reads_home and injection.is_forbidden(pid)
        return False

    def _start(self, spec: DhcpSpec) -> int:
        home, command = self.directory / spec.owner, self.command(spec)

        def body() -> subprocess.CompletedProcess[str]:
            dnsmasq_room.enter(home)
            injection.forbid()
            return subprocess.run(
                command, capture_output=True, text=True, timeout=_START_SECONDS,
                start_new_session=True, check=False, cwd="/",
            )  # fmt: skip

        try:
            result = namespaces.run_in(spec.namespace, body)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise NetworkDriverError(f"cannot start dnsmasq: {error}") from error
        pid = self.processes.named(spec.owner)
        if result.returncode != 0 or pid is None:
            message = result.stderr.strip() or f"it ended with status {result.returncode}"
            raise NetworkDriverError(f"dnsmasq of {spec.owner}: {message}")
        with contextlib.suppress(OSError):
            dnsmasq_room.close_to_others(home)
        return pid

    @staticmethod
    def _known(home: Path) -> Loaded | None:
        try:
            return msgspec.json.decode((home / "loaded").read_bytes(), type=Loaded)
        except (OSError, msgspec.MsgspecError):
            return None

    @staticmethod
    def _remember(home: Path, loaded: Loaded) -> None:
        """Record what the server has read; losing the record costs one restart of the server."""
        with contextlib.suppress(OSError):
            dnsmasq_room.write(home / "loaded", msgspec.json.encode(loaded).decode())


def _files(spec: DhcpSpec) -> dict[str, str]:
    return {"host": spec.hosts, "opts": spec.opts, "addn_hosts": spec.addn_hosts}


def _loaded(spec: DhcpSpec, pid: int) -> Loaded:
    return Loaded(
        pid=pid,
        files=names.digest(_files(spec)),
        tagged="set:" in spec.hosts,
        six={address: mac for mac, address in _reserved(spec.hosts) if ":" in address},
    )


def _reserved(hosts: str) -> set[tuple[str, str]]:
    """MAC address and address of each reservation."""
    pairs = set()
    for line in hosts.splitlines():
        mac, *fields = line.split(",")
        pairs |= {(mac, field[1:-1]) for field in fields if field.startswith("[")}
        if len(fields) > 1:
            pairs.add((mac, fields[-2]))
    return pairs


def _obsolete_leases(path: Path, hosts: str, read_before: Mapping[str, str]) -> list[str]:
    """Lines of the lease file whose MAC and address are no longer reserved together.

    Lines about IPv6 addresses do not name the MAC address: ``read_before`` has the reservation for
    which the server gave them.
    """
    reserved = _reserved(hosts)
    try:
        lines = path.read_text().splitlines()
    except OSError:
        return []
    obsolete = []
    for line in lines:
        fields = line.split()
        if len(fields) < 4:
            continue
        mac, address = fields[1:3]
        if ":" in address:
            mac = read_before.get(address, "")
        if (mac, address) not in reserved:
            obsolete.append(line)
    return obsolete


def _drop_lines(path: Path, lines: list[str]) -> None:
    if lines:
        kept = [line for line in path.read_text().splitlines() if line not in lines]
        path.write_text("".join(f"{line}\n" for line in kept))
