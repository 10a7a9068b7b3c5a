"""Choose the network driver of a host: the setting ``network.driver``."""

from __future__ import annotations

from stratolith.kernel import plugins
from stratolith.kernel.config import ConfigError, Settings
from stratolith.network.drivers.base import NetworkDriver
from stratolith.network.settings import DRIVERS, NetworkSettings


def name_of(settings: Settings) -> str:
    """The name of the driver; raises ConfigError and PluginError."""
    plugins.require_apart(plugins.NETWORKS, DRIVERS)
    chosen = settings.of(NetworkSettings).driver
    if not chosen:
        return "fake" if settings.fake else "linux"
    if chosen in DRIVERS and (chosen == "fake") != settings.fake:
        kind = "simulated" if settings.fake else "real"
        raise ConfigError(f"network.driver: '{chosen}' is not for a cloud with {kind} hosts")
    if chosen not in DRIVERS:
        plugins.function(plugins.NETWORKS, chosen)
    return chosen


def make(settings: Settings, host: str) -> NetworkDriver:
    """The driver of the host with this name; raises ConfigError and PluginError."""
    name = name_of(settings)
    if name == "fake":
        from stratolith.network.drivers.fake import FakeNetworkDriver

        return FakeNetworkDriver()
    if name == "linux":
        from stratolith.network.drivers.linux import LinuxNetworkDriver
        from stratolith.network.drivers.linux.claim import Claim

        return LinuxNetworkDriver(settings.state_dir, claim=Claim(settings.state_dir))
    driver: NetworkDriver = plugins.driver(plugins.NETWORKS, name, NetworkDriver, settings, host)
    return driver
