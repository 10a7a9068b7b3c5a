"""Choose the hypervisor driver of a host by the setting ``compute.driver``."""

from __future__ import annotations

from stratolith.compute.drivers.base import HypervisorDriver
from stratolith.compute.settings import DRIVERS, ComputeSettings
from stratolith.kernel import plugins
from stratolith.kernel.config import ConfigError, Settings


def name_of(settings: Settings) -> str:
    """The name of the driver; raises ConfigError and PluginError."""
    plugins.require_apart(plugins.HYPERVISORS, DRIVERS)
    chosen = settings.of(ComputeSettings).driver
    if not chosen:
        return "fake" if settings.fake else "qemu"
    if chosen in DRIVERS and (chosen == "fake") != settings.fake:
        kind = "simulated" if settings.fake else "real"
        raise ConfigError(f"compute.driver: '{chosen}' is not for a cloud with {kind} hosts")
    if chosen not in DRIVERS:
        plugins.function(plugins.HYPERVISORS, chosen)
    return chosen


def make(settings: Settings, host: str) -> HypervisorDriver:
    """The driver of the host of this name; raises ConfigError and PluginError."""
    name = name_of(settings)
    if name == "fake":
        from stratolith.compute.drivers.fake import FakeDriver

        return FakeDriver(settings.state_dir / "fake-guests" / f"{host}.jsonl")
    if name == "qemu":
        from stratolith.compute.drivers.qemu.driver import QemuDriver

        return QemuDriver(settings.state_dir)
    driver: HypervisorDriver = plugins.driver(
        plugins.HYPERVISORS, name, HypervisorDriver, settings, host
    )
    return driver
