"""Choose the network driver of a host: the setting ``network.driver``."""

from __future__ import annotations

import socket
from pathlib import Path

from stratolith.kernel import plugins
from stratolith.kernel.config import ConfigError, HostsSection, Settings
from stratolith.network.drivers.base import NetworkDriver
from stratolith.network.drivers.ovn import daemons
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


def follows(settings: Settings) -> bool:
    """Whether this host has the driver that the cloud's server has."""
    own = settings.of(NetworkSettings).driver
    return bool(settings.of(HostsSection).server) and not own and not settings.fake


def take_over(settings: Settings, host: str, name: str = "") -> NetworkDriver:
    """The driver of this name, after what another one made on this host was removed; without a
    name the chosen one, and on a host that follows its cloud the former one.

    Guests go on: their taps are made again under the same names. Raises as ``make`` and
    ``NetworkDriverError``.
    """
    path, former = _record(settings), former_name(settings)
    if not name:
        name = former if former and follows(settings) else name_of(settings)
    if former not in ("", name):
        make(settings, host, former).remove_all()
    if name in ("linux", "ovn"):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.write_text(name)
    return make(settings, host, name)


def lacking(name: str) -> list[str]:
    """The programs that this machine lacks for a driver, one sentence each."""
    return daemons.missing(daemons.PROGRAMS) if name == "ovn" else []


def _address_of(server: str) -> str:
    """The IP address of ADDRESS:PORT, of which the address may be a name; raises ConfigError."""
    name = server.rpartition(":")[0].strip("[]")
    try:
        return str(socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)[0][4][0])
    except OSError as error:
        raise ConfigError(f"hosts.server: '{name}' has no address: {error}") from None


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

        server = settings.of(HostsSection).server
        south = central.southbound_socket(central.directory_of(settings.state_dir))
        own = OvnSettings(
            southbound="" if server else f"unix:{south}",
            server=_address_of(server) if server else "",
            host=host,
        )
        return OvnNetworkDriver(settings.state_dir, own, claim=Claim(settings.state_dir))
    driver: NetworkDriver = plugins.driver(plugins.NETWORKS, name, NetworkDriver, settings, host)
    return driver
