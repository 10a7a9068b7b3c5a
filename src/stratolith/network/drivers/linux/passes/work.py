"""What the steps of a pass share."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping

from pyroute2.netlink.exceptions import NetlinkError

from stratolith.network.drivers.base import NetworkDriverError
from stratolith.network.drivers.linux.bridging import flat
from stratolith.network.drivers.linux.dnsmasq import Dnsmasq
from stratolith.network.drivers.linux.host_kernel import neighbours
from stratolith.network.drivers.linux.host_kernel.links import HostLinks
from stratolith.network.drivers.linux.ledger import Ledger
from stratolith.network.drivers.linux.memory import Memory
from stratolith.network.drivers.linux.objects import HostPlan
from stratolith.network.drivers.linux.routing.keepalived import Keepalived
from stratolith.network.drivers.linux.watch import Ours, Watch


class Work:
    """A plan that is applied; ``errors`` collects the failures, by object id.

    ``planned`` makes the plan without the given ports; ``devices``: those of the machine that flat
    networks need, as the plan is made for.
    """

    def __init__(
        self,
        planned: Callable[[frozenset[str]], HostPlan],
        links: HostLinks,
        ledger: Ledger,
        dnsmasq: Dnsmasq,
        keepalived: Keepalived,
        memory: Memory,
        devices: Mapping[str, flat.Device],
    ) -> None:
        self.planned, self.plan = planned, planned(frozenset())
        self.whole = self.plan.ruleset  # of all ports, including refused ones
        self.links, self.ledger = links, ledger
        self.dnsmasq, self.keepalived, self.memory = dnsmasq, keepalived, memory
        self.devices = devices
        self.errors: dict[str, str] = dict(self.plan.broken)
        self.new_places: frozenset[neighbours.Key] = frozenset()  # added or deleted
        if memory.host is None:
            memory.add_watch(Watch(routes=False, ours=Ours(links.instance)))
        self.disturbed = memory.disturbed()
        self.deep = memory.is_stale()
        # Links are as the last pass left them: only differences to its plan are checked.
        self.links_unchanged = links.known is not None
        self.before = memory.plan if self.links_unchanged else None

    def record(self) -> None:
        """Save the ledger. A failure (a full disk) is reported, and the pass goes on."""
        try:
            self.ledger.save()
        except OSError as error:
            self.errors["ledger"] = f"cannot record our objects: {error}"

    @contextlib.contextmanager
    def noted(self, owner: str) -> Iterator[None]:
        """Record a failure of the steps inside as an error of this object."""
        try:
            yield
        except (NetworkDriverError, NetlinkError, OSError) as error:
            known = self.errors.get(owner)
            self.errors[owner] = f"{known}; {error}" if known else str(error)
