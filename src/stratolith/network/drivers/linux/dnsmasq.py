"""dnsmasq processes: started, told of changes, found again, stopped.

They outlive the agent. One is ours when its command line names our own pid file; it is the
right one when its whole command line and its namespace are what we would start now.
"""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import stat
import subprocess
from pathlib import Path

from stratolith.network.drivers.base import NetworkDriverError
from stratolith.network.drivers.linux import namespaces
from stratolith.network.drivers.linux.objects import DhcpSpec

_START_SECONDS, _STOP_SECONDS = 10.0, 2.0


class Dnsmasq:
    """All DHCP servers of this host; each has a directory named like its network."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def networks(self) -> list[str]:
        try:
            return sorted(entry.name for entry in self.directory.iterdir())
        except OSError:
            return []

    def ensure(self, spec: DhcpSpec) -> int:
        """The server runs with these arguments and files; returns its process id.

        Raises ``NetworkDriverError`` with what dnsmasq said.
        """
        home = self.directory / spec.network_id
        try:
            home.mkdir(parents=True, exist_ok=True)
            changed = _write(home / "host", spec.hosts)
            changed |= _write(home / "opts", spec.opts)
            changed |= _write(home / "addn_hosts", spec.addn_hosts)
        except OSError as error:
            raise NetworkDriverError(f"DHCP files of {spec.network_id}: {error}") from error
        command = self.command(spec)
        pid = self.pid(spec.network_id)
        obsolete = _obsolete_leases(home / "leases", spec.hosts) if changed else []
        if pid is not None and not obsolete and _is_current(pid, command, spec.namespace):
            if changed:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGHUP)
            return pid
        if pid is not None:
            _stop(pid)
        if obsolete:
            # dnsmasq would keep an address for the port that had it, though it is another's now
            _drop_lines(home / "leases", obsolete)
        return self._start(spec, command)

    def command(self, spec: DhcpSpec) -> list[str]:
        home = self.directory / spec.network_id
        return [
            shutil.which("dnsmasq") or "dnsmasq",
            "--conf-file=/dev/null",
            "--no-hosts",
            "--no-resolv",
            f"--user={_user(home)}",
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
        """The process of this network's server; None when it does not run."""
        path = self.directory / network_id / "pid"
        try:
            pid = int(path.read_text())
        except (OSError, ValueError):
            return None
        return pid if f"--pid-file={path}" in _command_line(pid) else None

    def stop(self, network_id: str) -> None:
        """End the server and remove its directory."""
        pid = self.pid(network_id)
        if pid is not None:
            _stop(pid)
        shutil.rmtree(self.directory / network_id, ignore_errors=True)

    def _start(self, spec: DhcpSpec, command: list[str]) -> int:
        def body() -> subprocess.CompletedProcess[str]:
            return subprocess.run(
                command, capture_output=True, text=True, timeout=_START_SECONDS,
                start_new_session=True, check=False, cwd="/",
            )  # fmt: skip

        try:
            result = namespaces.run_in(spec.namespace, body)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise NetworkDriverError(f"cannot start dnsmasq: {error}") from error
        pid = self.pid(spec.network_id)
        if result.returncode != 0 or pid is None:
            said = result.stderr.strip() or f"it ended with status {result.returncode}"
            raise NetworkDriverError(f"dnsmasq of network {spec.network_id}: {said}")
        return pid


def _write(path: Path, text: str) -> bool:
    """Replace the file when it differs; whether it did."""
    data = text.encode()
    try:
        if path.read_bytes() == data:
            return False
    except OSError:
        pass
    fresh = path.with_name(path.name + ".new")
    fresh.write_bytes(data)
    fresh.chmod(0o644)
    os.replace(fresh, path)
    return True


def _user(home: Path) -> str:
    """nobody, where nobody can read the files; else root: the state directory is private."""
    for parent in home.resolve().parents:
        with contextlib.suppress(OSError):
            if not parent.stat().st_mode & stat.S_IXOTH:
                return "root"
    return "nobody"


def _obsolete_leases(path: Path, hosts: str) -> list[str]:
    """Lines of the lease file whose MAC and address are not reserved together any more."""
    reserved = set()
    for line in hosts.splitlines():
        fields = line.split(",")
        reserved.add((fields[0], fields[3]))
    try:
        lines = path.read_text().splitlines()
    except OSError:
        return []
    return [
        line for line in lines
        if len(line.split()) >= 4 and tuple(line.split()[1:3]) not in reserved
    ]  # fmt: skip


def _drop_lines(path: Path, lines: list[str]) -> None:
    kept = [line for line in path.read_text().splitlines() if line not in lines]
    path.write_text("".join(f"{line}\n" for line in kept))


def _command_line(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")[:-1]
    except OSError:
        return []


def _is_current(pid: int, command: list[str], namespace: str) -> bool:
    if _command_line(pid)[1:] != command[1:]:
        return False
    with contextlib.suppress(OSError):
        return os.stat(f"/proc/{pid}/ns/net").st_ino == namespaces.inode(namespace)
    return False


def _stop(pid: int) -> None:
    try:
        handle = os.pidfd_open(pid)
    except OSError:
        return
    try:
        poller = select.poll()
        poller.register(handle, select.POLLIN)
        for number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(handle, number)
            if poller.poll(_STOP_SECONDS * 1000):
                return
    finally:
        os.close(handle)
