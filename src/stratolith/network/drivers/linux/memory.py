"""State that a driver keeps between two passes, and how it detects changes by others."""

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
    """The settled state, with the watches that report changes to it.

    Watches may miss changes during a pass of our own; therefore ``is_stale`` asks for a full check
    now and then.
    """

    def __init__(self, deep_interval: float) -> None:
        self.deep_interval = deep_interval
        self.last_deep = float("-inf")
        self.view: HostNetworkView | None = None
        self.applied: Applied | None = None
        self.ruleset: Ruleset | None = None  # as loaded in the host's namespace
        self.answers: Ruleset | None = None  # the tables for local IPs
        self.done: HostPlan | None = None  # plan of the last pass
        self.plan: HostPlan | None = None  # the same, if it was realised without error
        self.book = FactBook()
        # a plan with all that it was made of: the full checks of an idle host make no new one
        self.planned: tuple[tuple[object, ...], HostPlan] | None = None
        self.links: dict[str, Link] = {}  # ours, as they were after the last pass
        # a ruleset that nft refused, and the ports that caused it
        self.refused: tuple[Ruleset, dict[str, str]] = ((), {})
        self.specs: dict[str, NamespaceSpec] = {}  # namespaces settled without an error
        self.flows: dict[str, PortFlows] | None = None
        self.groups: dict[str, Members] = {}  # the groups that the flows were checked against last
        self.host: Watch | None = None
        self.watches: dict[str, Watch] = {}
        self.inodes: dict[str, int] = {}
        self.active: dict[str, bool] = {}  # namespace with an election -> whether it is active here
        # of processes: network or router id -> that of its dnsmasq, namespace -> its keepalived's
        self.servers: dict[str, int] = {}
        self.unsettled = False  # an object was changed while the last pass worked
        self._news = select.epoll()

    def is_stale(self) -> bool:
        return time.monotonic() - self.last_deep > self.deep_interval

    def disturbed(self) -> set[int]:
        """File descriptors that report a change or the end of a process."""
        descriptors = watch.ready(list(self.servers.values()))
        for watch_ in self._all_watches():
            descriptors |= watch_.read()
        return descriptors

    def wait(self, seconds: float) -> None:
        """Return on any kernel message (also about foreign objects), or after ``seconds``."""
        with contextlib.suppress(OSError, ValueError):  # closed meanwhile
            self._news.poll(seconds)

    def is_changed(self) -> bool:
        """Whether something that was made has been changed since."""
        return (
            self.unsettled
            or any(namespaces.inode(name) != number for name, number in self.inodes.items())
            or bool(self.disturbed())
        )

    def are_links_unchanged(self) -> bool:
        """Whether the host's links are as the last pass left them, so that they need no check."""
        return (
            self.plan is not None
            and self.host is not None
            and not self.unsettled
            and not self.is_stale()
            and self.host.links.fileno() not in self.disturbed()
        )

    def holds(self) -> bool:
        """Whether nothing changed since the last pass, and that pass had no error."""
        return (
            self.applied is not None
            and not self.applied.errors
            and not self.is_stale()
            and not self.is_changed()
        )

    def add_watch(self, new_watch: Watch, namespace: str = "") -> None:
        """Watch this namespace from now on; without a name, the host's own namespace."""
        if namespace:
            self.watches[namespace] = new_watch
        else:
            self.host = new_watch
        for sock in new_watch.sockets():
            self._news.register(sock, select.EPOLLIN)

    def forget_namespace(self, name: str) -> None:
        self.specs.pop(name, None)
        self.inodes.pop(name, None)
        self.active.pop(name, None)
        former_watch = self.watches.pop(name, None)
        if former_watch is not None:
            former_watch.close()

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
