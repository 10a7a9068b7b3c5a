"""The fake network driver: realises views in memory, as slowly and as badly as asked."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping

import msgspec

from stratolith.network.drivers.base import Applied, HostNetworkView, NetworkDriverError


class FakeKnobs(msgspec.Struct):
    """What the fake gets wrong; change it at any time."""

    delay: float = 0.0  # seconds an apply takes
    failures: Mapping[str, str] = {}  # id of a port, network, router or floating IP -> reason
    broken: str = ""  # when set, every apply and remove_all raises with this text
    lacking: list[str] = []  # what check() complains about


class FakeNetworkDriver:
    """A host without a kernel. ``view`` is the last view applied, None after remove_all."""

    name = "fake"

    def __init__(self, knobs: FakeKnobs | None = None) -> None:
        self.knobs = knobs or FakeKnobs()
        self.view: HostNetworkView | None = None
        self.applies = 0
        self._lock = threading.Lock()

    def check(self) -> list[str]:
        """What the knobs say is lacking."""
        return list(self.knobs.lacking)

    def apply(self, view: HostNetworkView) -> Applied:
        """Remember the view and report it as realised, but for what the knobs let fail.

        A failing network takes its ports with it, a failing router its floating IPs. Raises
        ``NetworkDriverError`` when the knobs say so.
        """
        with self._lock:
            self._obey()
            self.view = view
            self.applies += 1
            failed = self.knobs.failures
            networks = [net for net in view.networks if net.id not in failed]
            routers = [router for router in view.routers if router.id not in failed]
            present = {net.id for net in view.networks} | {router.id for router in view.routers}
            present |= {port.id for net in view.networks for port in net.ports}
            present |= {fip.id for router in view.routers for fip in router.floating_ips}
            return Applied(
                generation=view.generation,
                networks=[net.id for net in networks],
                ports=[p.id for net in networks for p in net.ports if p.id not in failed],
                routers=[router.id for router in routers],
                floating_ips=[
                    fip.id
                    for router in routers
                    for fip in router.floating_ips
                    if fip.id not in failed
                ],
                errors={key: reason for key, reason in failed.items() if key in present},
            )

    def keep_watch(
        self, stopping: threading.Event, mended: Callable[[], None] = lambda: None
    ) -> None:
        """Nothing of the fake ends by itself."""
        stopping.wait()

    def remove_all(self) -> None:
        """Forget everything. Raises ``NetworkDriverError`` when the knobs say so."""
        with self._lock:
            self._obey()
            self.view = None

    def close(self) -> None:
        """There is nothing to let go of."""

    def _obey(self) -> None:
        if self.knobs.delay:
            time.sleep(self.knobs.delay)
        if self.knobs.broken:
            raise NetworkDriverError(self.knobs.broken)
