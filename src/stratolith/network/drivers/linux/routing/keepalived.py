"""keepalived processes: start, reload, recognise and stop them. They outlive the agent.

A process is ours when its command line names our own pid file. A router has one: if there are
several, or if the pid file was lost, all are ended and one is started. What a running one has
read is recorded beside its files, as for DHCP servers. When it ends, its child removes the
addresses, and another host takes over.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path

from stratolith.kernel import files
from stratolith.network.drivers.base import NetworkDriverError
from stratolith.network.drivers.linux import names
from stratolith.network.drivers.linux.host_kernel import namespaces, netlink
from stratolith.network.drivers.linux.host_kernel.processes import Helpers, command_line
from stratolith.network.drivers.linux.objects import ElectionSpec, NamespaceSpec

MISSING = "keepalived is missing on this host: install the package keepalived"
_START_SECONDS = 10.0


class Keepalived:
    """All elections of this host; each has a directory with the id of its router as name."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.processes = Helpers("keepalived", directory)

    def ensure(self, space: NamespaceSpec, election: ElectionSpec) -> int:
        """Make it run with this configuration; returns its process id.

        Raises ``NetworkDriverError``.
        """
        home = self.directory / space.owner
        digest = names.digest(election.config)
        try:
            home.mkdir(parents=True, exist_ok=True, mode=0o700)
            running = self.processes.of(space.owner)
            pid = self.processes.named(space.owner) if len(running) == 1 else None
            if pid is not None and self._is_current(pid, space):
                if _text(home / "loaded") != f"{pid} {digest}":
                    files.write(home / "config", election.config)
                    os.kill(pid, signal.SIGHUP)
                    files.write(home / "loaded", f"{pid} {digest}")
                return pid
            self.processes.end(space.owner)
            files.write(home / "config", election.config)
            pid = self._start(space)
            files.write(home / "loaded", f"{pid} {digest}")
        except OSError as error:
            raise NetworkDriverError(f"keepalived of {space.owner}: {error}") from error
        return pid

    def pid(self, router_id: str) -> int | None:
        """The process id of a router's keepalived; None when it or its pid file is lost."""
        return self.processes.named(router_id)

    def stop(self, router_ids: Iterable[str]) -> None:
        """End those of the routers, so that other hosts take over at once, and remove their files.

        Each needs a second for its last messages: they end together.
        """
        router_ids = list(router_ids)
        for pid in [pid for router_id in router_ids for pid in self.processes.of(router_id)]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        for router_id in router_ids:
            self.processes.end(router_id)
            shutil.rmtree(self.directory / router_id, ignore_errors=True)

    def _command(self, router_id: str) -> list[str]:
        home = self.directory / router_id
        words = ["--dont-fork", "--vrrp", "--no-syslog", "--log-console"]
        words += ["--use-file", str(home / "config"), "--pid", str(home / "pid")]
        return [shutil.which("keepalived") or "", *words, "--vrrp_pid", str(home / "vrrp")]

    def _is_current(self, pid: int, space: NamespaceSpec) -> bool:
        with contextlib.suppress(OSError):
            inside = os.stat(f"/proc/{pid}/ns/net").st_ino == namespaces.inode(space.name)
            return inside and command_line(pid)[1:] == self._command(space.owner)[1:]
        return False

    def _start(self, space: NamespaceSpec) -> int:
        """Start it where no address is left of a former one: this host is not active at first."""
        command = self._command(space.owner)
        if not command[0]:
            raise NetworkDriverError(MISSING)
        home = self.directory / space.owner
        for former in ("pid", "vrrp"):  # after a crash another process may have the number
            (home / former).unlink(missing_ok=True)

        def body() -> None:
            withdraw(space)
            with (home / "log").open("wb") as log:
                subprocess.run(
                    ["setsid", "--fork", *command], stdin=subprocess.DEVNULL, stdout=log,
                    stderr=log, check=True, cwd="/",
                )  # fmt: skip

        try:
            namespaces.run_in(space.name, body)
        except subprocess.CalledProcessError as error:
            raise NetworkDriverError(f"cannot start keepalived: {error}") from error
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            pid = self.processes.named(space.owner)
            if pid is not None:
                return pid
            time.sleep(0.01)
        last_lines = _text(home / "log").splitlines()[-2:]
        raise NetworkDriverError(f"keepalived of {space.owner}: {'; '.join(last_lines)}")


def withdraw(space: NamespaceSpec) -> None:
    """Remove the addresses that a keepalived set in this thread's namespace."""
    links = netlink.links()
    indexes = {links[d.inner_name].index for d in space.devices if d.moves}
    election = space.election
    own = links[election.device].index if election is not None else 0
    for address in netlink.addresses():
        is_sign = election is not None and address.text == election.address
        if address.index in indexes or (address.index == own and is_sign):
            netlink.remove_address(address)


def is_active(election: ElectionSpec) -> bool:
    """Whether this host is active now; in a thread in the router's namespace."""
    return any(address.text == election.address for address in netlink.addresses())


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""
