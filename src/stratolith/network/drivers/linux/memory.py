"""What a driver remembers between two passes, and how it sees that it still holds."""

from __future__ import annotations

import contextlib
import os
import select
import time

from stratolith.network.drivers.base import Applied, HostNetworkView
from stratolith.network.drivers.linux import namespaces, watch
from stratolith.network.drivers.linux.objects import NamespaceSpec, PortFlows
from stratolith.network.drivers.linux.watch import Watch


class Memory:
    """Settled state with the watchers that vouch for it.

    Watchers may miss what happens during a pass of our own; ``is_stale`` therefore asks for a
    look at everything now and then. What cannot wait for the next look, a server's end or a
    change of the filters, also wakes who waits for ``alarm``.
    """

    def __init__(self, deep_interval: float, alarm: select.epoll) -> None:
        self.deep_interval, self.alarm = deep_interval, alarm
        self.last_deep = float("-inf")
        self.view: HostNetworkView | None = None
        self.applied: Applied | None = None
        self.ruleset: str | None = None  # as loaded in the host's namespace
        # a ruleset that nft refused, and the ports because of which it did
        self.refused: tuple[str, dict[str, str]] = ("", {})
        self.specs: dict[str, NamespaceSpec] = {}  # namespaces settled without an error
        self.flows: dict[str, PortFlows] | None = None
        self.host: Watch | None = None
        self.watches: dict[str, Watch] = {}
        self.inodes: dict[str, int] = {}
        self.servers: dict[str, int] = {}  # network id -> process handle of its dnsmasq

    def is_stale(self) -> bool:
        return time.monotonic() - self.last_deep > self.deep_interval

    def urgent(self) -> bool:
        """Whether a server ended or filters were changed since the last pass."""
        rules = [one.rules.fileno() for one in self._all_watches()]
        return bool(watch.ready([*self.servers.values(), *rules]))

    def disturbed(self) -> set[int]:
        """File descriptors that report a change or a death."""
        handles = list(self.servers.values())
        for one in self._all_watches():
            handles += [sock.fileno() for sock in one.sockets()]
        return watch.ready(handles)

    def holds(self) -> bool:
        """Whether nothing at all happened since the last pass, which had no error."""
        return (
            self.applied is not None
            and not self.applied.errors
            and not self.is_stale()
            and all(namespaces.inode(name) == number for name, number in self.inodes.items())
            and not self.disturbed()
        )

    def listen(self, one: Watch) -> Watch:
        """Let changes of the rules that ``one`` hears of raise the alarm; returns it."""
        self.alarm.register(one.rules, select.EPOLLIN | select.EPOLLET)
        return one

    def forget_namespace(self, name: str) -> None:
        self.specs.pop(name, None)
        self.inodes.pop(name, None)
        one = self.watches.pop(name, None)
        if one is not None:
            one.close()

    def remember_server(self, network_id: str, pid: int) -> None:
        self.forget_server(network_id)
        handle = watch.process_handle(pid)
        if handle is not None:
            self.servers[network_id] = handle
            self.alarm.register(handle, select.EPOLLIN | select.EPOLLET)

    def forget_server(self, network_id: str) -> None:
        handle = self.servers.pop(network_id, None)
        if handle is not None:
            with contextlib.suppress(OSError):
                os.close(handle)

    def drain(self) -> None:
        """Our own changes of links and addresses are no news."""
        for one in self._all_watches():
            watch.drained(one.links)

    def close(self) -> None:
        for name in list(self.watches):
            self.forget_namespace(name)
        for network_id in list(self.servers):
            self.forget_server(network_id)
        if self.host is not None:
            self.host.close()
            self.host = None

    def _all_watches(self) -> list[Watch]:
        return [*self.watches.values(), *([self.host] if self.host is not None else [])]
