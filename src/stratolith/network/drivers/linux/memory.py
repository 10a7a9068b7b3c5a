"""What a driver remembers between two passes, and how it sees that it still holds."""

from __future__ import annotations

import contextlib
import os
import select
import time

from stratolith.network.drivers.base import Applied, HostNetworkView
from stratolith.network.drivers.linux import watch
from stratolith.network.drivers.linux.facts import FactBook
from stratolith.network.drivers.linux.host_kernel import namespaces
from stratolith.network.drivers.linux.host_kernel.netlink import Link
from stratolith.network.drivers.linux.objects import HostPlan, NamespaceSpec, PortFlows
from stratolith.network.drivers.linux.rules import Members
from stratolith.network.drivers.linux.tables import Ruleset
from stratolith.network.drivers.linux.watch import Watch


class Memory:
    """Settled state with the watchers that vouch for it.

    Watchers may miss what happens during a pass of our own; ``is_stale`` therefore asks for a
    look at everything now and then.
    """

    def __init__(self, deep_interval: float) -> None:
        self.deep_interval = deep_interval
        self.last_deep = float("-inf")
        self.view: HostNetworkView | None = None
        self.applied: Applied | None = None
        self.ruleset: Ruleset | None = None  # as loaded in the host's namespace
        self.done: HostPlan | None = None  # plan of the last pass
        self.plan: HostPlan | None = None  # the same, if nothing went wrong with it
        self.book = FactBook()
        self.links: dict[str, Link] = {}  # ours, as the last pass left them
        # a ruleset that nft refused, and the ports because of which it did
        self.refused: tuple[Ruleset, dict[str, str]] = ((), {})
        self.specs: dict[str, NamespaceSpec] = {}  # namespaces settled without an error
        self.flows: dict[str, PortFlows] | None = None
        self.groups: dict[str, Members] = {}  # by which the flows were judged last
        self.host: Watch | None = None
        self.watches: dict[str, Watch] = {}
        self.inodes: dict[str, int] = {}
        self.servers: dict[str, int] = {}  # network id -> process handle of its dnsmasq
        self.unsettled = False  # something was undone while the last pass worked
        self._news = select.epoll()

    def is_stale(self) -> bool:
        return time.monotonic() - self.last_deep > self.deep_interval

    def disturbed(self) -> set[int]:
        """File descriptors that report a change or a death."""
        found = watch.ready(list(self.servers.values()))
        for one in self._all_watches():
            found |= one.look()
        return found

    def wait(self, seconds: float) -> None:
        """Return when anything is heard, of ours or not, and after so many seconds."""
        with contextlib.suppress(OSError, ValueError):  # closed meanwhile
            self._news.poll(seconds)

    def is_undone(self) -> bool:
        """Whether something that was made is not as it was left."""
        return (
            self.unsettled
            or any(namespaces.inode(name) != number for name, number in self.inodes.items())
            or bool(self.disturbed())
        )

    def is_calm(self) -> bool:
        """Whether the host's links are as the last pass left them, so that nobody must look."""
        return (
            self.plan is not None
            and self.host is not None
            and not self.unsettled
            and not self.is_stale()
            and self.host.links.fileno() not in self.disturbed()
        )

    def holds(self) -> bool:
        """Whether nothing at all happened since the last pass, which had no error."""
        return (
            self.applied is not None
            and not self.applied.errors
            and not self.is_stale()
            and not self.is_undone()
        )

    def add_watch(self, one: Watch, namespace: str = "") -> None:
        """Listen here from now on; without a name, in the host's own namespace."""
        if namespace:
            self.watches[namespace] = one
        else:
            self.host = one
        for sock in one.sockets():
            self._news.register(sock, select.EPOLLIN)

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
            self._news.register(handle, select.EPOLLIN)

    def forget_server(self, network_id: str) -> None:
        handle = self.servers.pop(network_id, None)
        if handle is not None:
            with contextlib.suppress(OSError):
                os.close(handle)

    def close(self) -> None:
        for name in list(self.watches):
            self.forget_namespace(name)
        for network_id in list(self.servers):
            self.forget_server(network_id)
        if self.host is not None:
            self.host.close()
            self.host = None
        self._news.close()

    def _all_watches(self) -> list[Watch]:
        return [*self.watches.values(), *([self.host] if self.host is not None else [])]
