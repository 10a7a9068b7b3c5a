"""Choose the network driver of a host: the setting ``network.driver``."""

from __future__ import annotations

from pathlib import Path

from stratolith.kernel import plugins
from stratolith.kernel.config import ConfigError, HostsSection, Settings
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
    if chosen == "ovn" and (settings.of(HostsSection).server or settings.hosts_address):
        raise ConfigError(
            "network.driver: 'ovn' has one host so far: this cloud has, or accepts, other machines "
            "(hosts.server, hosts.listen, api.listen)"
        )
    if chosen == "ovn" and settings.of(NetworkSettings).bridge_mappings:
        raise ConfigError("network.driver: 'ovn' connects no further physical networks so far")
    if chosen not in DRIVERS:
        plugins.function(plugins.NETWORKS, chosen)
    return chosen


def take_over(settings: Settings, host: str) -> NetworkDriver:
    """The chosen driver, after what another one made on this host was removed.

    Guests go on: their taps are made again under the same names. Raises as ``make`` and
    ``NetworkDriverError``.
    """
    name, path = name_of(settings), _record(settings)
    former = former_name(settings)
    if former not in ("", name):
        make(settings, host, former).remove_all()
    if name in ("linux", "ovn"):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.write_text(name)
    return make(settings, host, name)


def former_name(settings: Settings) -> str:
    """The built-in driver that made the networks of this host; "" for none."""
    try:
        text = _record(settings).read_text()
    except OSError:
        # an earlier program kept no record, and had one driver that made a ledger
        return "linux" if _record(settings).with_name("ledger.json").exists() else ""
    return text if text in ("linux", "ovn") else ""


def _record(settings: Settings) -> Path:
    return settings.state_dir / "network" / "driver"


def make(settings: Settings, host: str, name: str = "") -> NetworkDriver:
    """The driver of the host with this name, the chosen one unless named; raises ConfigError and
    PluginError.
    """
    name = name or name_of(settings)
    if name == "fake":
        from stratolith.network.drivers.fake import FakeNetworkDriver

        return FakeNetworkDriver()
    if name == "linux":
        from stratolith.network.drivers.linux import LinuxNetworkDriver
        from stratolith.network.drivers.linux.claim import Claim

        return LinuxNetworkDriver(settings.state_dir, claim=Claim(settings.state_dir))
    if name == "ovn":
        from stratolith.network.drivers.linux.claim import Claim
        from stratolith.network.drivers.ovn import OvnNetworkDriver, central
        from stratolith.network.drivers.ovn.driver import Settings as OvnSettings

        south = central.southbound_socket(central.directory_of(settings.state_dir))
        own = OvnSettings(southbound=f"unix:{south}", host=host)
        return OvnNetworkDriver(settings.state_dir, own, claim=Claim(settings.state_dir))
    driver: NetworkDriver = plugins.driver(plugins.NETWORKS, name, NetworkDriver, settings, host)
    return driver
