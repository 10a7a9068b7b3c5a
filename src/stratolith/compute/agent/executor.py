"""Runs the steps of a plan on one guest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from stratolith.compute.agent.documents import GuestDocument, GuestSettings, vif, with_sources
from stratolith.compute.agent.image_cache import ImageCache
from stratolith.compute.agent.plan import Step
from stratolith.compute.drivers.base import (
    DriverError,
    GuestSpec,
    HypervisorDriver,
    ImageRef,
    NotPossible,
)
from stratolith.kernel.agent.client import Transport
from stratolith.kernel.agent.host import Conditions

ATTEMPTS = 3  # with images that are removed from the cache meanwhile
_HINT_SECONDS = 1.0  # a port is wired within this time, unless its hint was lost


class Executor:
    """Runs steps. ``do`` raises DriverError (or any error of a broken driver)."""

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
        self.look_at = look_at  # makes the network part of this agent reconcile "port/ID"
        self.settings = GuestSettings()  # replaced by the settings of each view

    def do(self, step: Step, wanted: GuestDocument) -> None:
        guest_id, driver = wanted.id, self.driver
        if step.kind == "create":
            self._with_images(wanted, driver.create)
        elif step.kind == "start":
            self._wait_for_ports([nic.port_id for nic in wanted.spec.vifs])
            self._with_images(wanted, driver.start)
        elif step.kind == "reboot":
            self._wait_for_ports([nic.port_id for nic in wanted.spec.vifs])
            self._with_images(
                wanted, lambda spec: driver.reboot(guest_id, hard=step.hard, spec=spec)
            )
        elif step.kind == "stop":
            driver.stop(guest_id, graceful_seconds=self.settings.graceful_seconds)
        elif step.kind == "destroy":
            driver.destroy(guest_id)
        elif step.kind == "attach":
            self._wait_for_ports([step.port_id])
            nic = vif(wanted.spec, step.port_id)
            if nic is not None:
                driver.attach_interface(guest_id, nic)
        elif step.kind == "connect":
            nic = vif(wanted.spec, step.port_id)
            if nic is not None:
                driver.attach_interface(guest_id, nic)
        elif step.kind == "detach":
            driver.detach_interface(guest_id, step.port_id)
        elif step.kind == "pause":
            driver.pause(guest_id)
        elif step.kind == "unpause":
            driver.unpause(guest_id)

    def _with_images(self, wanted: GuestDocument, act: Callable[[GuestSpec], object]) -> None:
        """Act with the images in the cache; again, if a copy was removed before it was opened."""
        for attempts_left in reversed(range(ATTEMPTS)):
            spec = self._spec(wanted)
            try:
                act(spec)
                return
            except DriverError:
                if not attempts_left or not _is_image_missing(spec):
                    raise

    def _spec(self, wanted: GuestDocument) -> GuestSpec:
        return with_sources(wanted.spec, self._fetch)

    def _fetch(self, image: ImageRef) -> ImageRef:
        """The image in the cache; simulated hosts have no cache and use the image as given."""
        return image if self.cache is None else self.cache.fetch(image, self.transport)

    def _wait_for_ports(self, port_ids: Sequence[str]) -> None:
        names = [f"port/{port_id}" for port_id in port_ids]
        seconds = self.settings.port_seconds
        at_first = min(_HINT_SECONDS, seconds)
        missing = self.conditions.wait(names, at_first)
        for name in missing:
            self.look_at(name)  # its hint may have been lost
        if missing:
            missing = self.conditions.wait(names, seconds - at_first)
        if missing:
            ports = ", ".join(name.removeprefix("port/") for name in missing)
            reasons = dict.fromkeys(self.conditions.reason(name) for name in missing)
            if any(reasons):
                raise NotPossible(
                    f"Binding failed for port {ports}", "; ".join(filter(None, reasons))
                )
            raise NotPossible(f"The network did not wire port {ports} within {seconds:g} seconds.")


def _is_image_missing(spec: GuestSpec) -> bool:
    paths = [disk.source.path for disk in spec.disks if isinstance(disk.source, ImageRef)]
    return any(path and not Path(path).exists() for path in paths)
