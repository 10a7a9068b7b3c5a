"""The fake network driver: views in memory, with the delays and failures that knobs set."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping

import msgspec

from stratolith.network.drivers import checks
from stratolith.network.drivers.base import (
    Applied,
    HostNetworkView,
    MeterReading,
    NetworkDriverError,
)
from stratolith.network.drivers.hops import Asked, Hop
from stratolith.network.drivers.routing import HIGHEST_PRIORITY, RouterView

TYPES = ("local", "flat", "vlan", "vxlan", "gre", "geneve")


class FakeKnobs(msgspec.Struct):
    """How the fake fails; may be changed at any time."""

    delay: float = 0.0  # seconds an apply takes
    failures: Mapping[str, str] = {}  # id of a port, network, router or floating IP -> reason
    broken: str = ""  # when set, every apply and remove_all raises with this text
    lacking: list[str] = []  # what check() returns
    wins_elections: bool | None = None  # None: those in which it has the highest priority


class FakeNetworkDriver:
    """A host without a kernel. ``view`` is the last view applied, None after remove_all."""

    name = "fake"

    def __init__(self, knobs: FakeKnobs | None = None) -> None:
        self.knobs = knobs or FakeKnobs()
        self.view: HostNetworkView | None = None
        self.applies = 0
        self._lock = threading.Lock()

    def check(self) -> list[str]:
        """The knob ``lacking``."""
        return list(self.knobs.lacking)

    def apply(self, view: HostNetworkView) -> Applied:
        """Keep the view and report everything as realised, except the objects in ``failures``.

        A failing network also fails its ports, a failing router its floating IPs. Raises
        ``NetworkDriverError`` when the knob ``broken`` is set.
        """
        with self._lock:
            self._obey()
            self.view = view
            self.applies += 1
            failed = {**_unreachable(view), **self.knobs.failures}
            networks = [net for net in view.networks if net.id not in failed]
            routers = [router for router in view.routers if router.id not in failed]
            present = {net.id for net in view.networks} | {router.id for router in view.routers}
            present |= {port.id for net in view.networks for port in net.ports}
            floating = [fip for router in view.routers for fip in _floating(router)]
            present |= set(floating)
            return Applied(
                generation=view.generation,
                networks=[net.id for net in networks],
                ports=[p.id for net in networks for p in net.ports if p.id not in failed],
                routers=[router.id for router in routers],
                floating_ips=[
                    fip for router in routers for fip in _floating(router) if fip not in failed
                ],
                errors={key: reason for key, reason in failed.items() if key in present},
                elections={
                    router.id: self.knobs.wins_elections
                    if self.knobs.wins_elections is not None
                    else router.election.priority == HIGHEST_PRIORITY
                    for router in routers
                    if router.election is not None
                },
            )

    def keep_watch(
        self, stopping: threading.Event, repaired: Callable[[], None] = lambda: None
    ) -> None:
        """Wait: in the fake nothing ends by itself."""
        stopping.wait()

    def diagnose(self, view: HostNetworkView, asked: Asked) -> list[Hop]:
        """A link and a gateway that are simulated, or the reason in ``failures``."""
        with self._lock:
            self._obey()
            links = [("link", asked.port_id)] if asked.is_bound_here else []
            links += [("gateway", router_id) for router_id in asked.routers]
            hops = []
            for name, object_id in links:
                reason = self.knobs.failures.get(object_id, "")
                text = reason or "simulated"
                hops.append(Hop(name=name, passed=not reason, text=text))
            return hops

    def remove_all(self) -> None:
        """Forget the view. Raises ``NetworkDriverError`` when the knob ``broken`` is set."""
        with self._lock:
            self._obey()
            self.view = None

    def meter_readings(self) -> list[MeterReading]:
        """Zero: no guest sends anything."""
        with self._lock:
            routers = self.view.routers if self.view is not None else []
        return [
            MeterReading(
                label=meter.label, router=router.id, project=router.project_id, direction=way
            )
            for router in routers
            if router.gateway is not None
            for meter in router.meters
            for way in ("ingress", "egress")
        ]

    def close(self) -> None:
        """The fake holds no resources."""

    def _obey(self) -> None:
        if self.knobs.delay:
            time.sleep(self.knobs.delay)
        if self.knobs.broken:
            raise NetworkDriverError(self.knobs.broken)


def _floating(router: RouterView) -> list[str]:
    """Ids of the floating IPs that the router translates or forwards ports of."""
    forwarding = {forwarding.floating_ip_id for forwarding in router.port_forwardings}
    return [*(fip.id for fip in router.floating_ips), *sorted(forwarding)]


def _unreachable(view: HostNetworkView) -> dict[str, str]:
    """The networks of which a host without a kernel still lacks the uplink, or any segment."""
    failed = {}
    for network in view.networks:
        try:
            checks.realised(network, TYPES, "fake")
        except ValueError as error:
            failed[network.id] = str(error)
    return failed
