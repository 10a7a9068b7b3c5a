"""Carries out the steps of a plan on one guest."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from stratolith.compute.agent.documents import GuestDocument, GuestSettings, vif, with_sources
from stratolith.compute.agent.image_cache import ImageCache
from stratolith.compute.agent.plan import Act
from stratolith.compute.drivers.base import (
    GuestSpec,
    HypervisorDriver,
    ImageRef,
    NotPossible,
)
from stratolith.kernel.agent.client import Transport
from stratolith.kernel.agent.host import Conditions

_HINT_SECONDS = 1.0  # within which a port is wired whose hint was not lost


class Executor:
    """``do`` raises DriverError (or what a broken driver raises) with a text for the fault."""

    def __init__(
        self,
        driver: HypervisorDriver,
        cache: ImageCache | None,
        conditions: Conditions,
        transport: Transport,
        look_at: Callable[[str], None] = lambda key: None,
    ) -> None:
        self.driver = driver
        self.cache = cache
        self.conditions = conditions
        self.transport = transport
        self.look_at = look_at  # has the network's room of this host look at "port/ID"
        self.settings = GuestSettings()  # those of the newest view

    def do(self, act: Act, wanted: GuestDocument) -> None:
        guest_id, driver = wanted.id, self.driver
        if act.kind == "create":
            driver.create(self._spec(wanted))
        elif act.kind == "start":
            self._wait_for_ports([one.port_id for one in wanted.spec.vifs])
            driver.start(self._spec(wanted))
        elif act.kind == "reboot":
            self._wait_for_ports([one.port_id for one in wanted.spec.vifs])
            driver.reboot(guest_id, hard=act.hard, spec=self._spec(wanted))
        elif act.kind == "stop":
            driver.stop(guest_id, graceful_seconds=self.settings.graceful_seconds)
        elif act.kind == "destroy":
            driver.destroy(guest_id)
        elif act.kind == "attach":
            self._wait_for_ports([act.port_id])
            found = vif(wanted.spec, act.port_id)
            if found is not None:
                driver.attach_interface(guest_id, found)
        elif act.kind == "connect":
            found = vif(wanted.spec, act.port_id)
            if found is not None:
                driver.attach_interface(guest_id, found)
        elif act.kind == "detach":
            driver.detach_interface(guest_id, act.port_id)
        elif act.kind == "pause":
            driver.pause(guest_id)
        elif act.kind == "unpause":
            driver.unpause(guest_id)

    def _spec(self, wanted: GuestDocument) -> GuestSpec:
        return with_sources(wanted.spec, self._fetch)

    def _fetch(self, image: ImageRef) -> ImageRef:
        """Simulated hosts have no cache, and need none."""
        return image if self.cache is None else self.cache.fetch(image, self.transport)

    def _wait_for_ports(self, port_ids: Sequence[str]) -> None:
        names = [f"port/{port_id}" for port_id in port_ids]
        seconds = self.settings.port_seconds
        at_first = min(_HINT_SECONDS, seconds)
        missing = self.conditions.wait(names, at_first)
        for name in missing:
            self.look_at(name)  # the hint may be lost
        if missing:
            missing = self.conditions.wait(names, seconds - at_first)
        if missing:
            ports = ", ".join(name.removeprefix("port/") for name in missing)
            raise NotPossible(f"The network did not wire port {ports} within {seconds:g} seconds.")
