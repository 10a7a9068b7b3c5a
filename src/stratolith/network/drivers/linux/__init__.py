"""The Linux network driver; ``driver.py`` is where to start reading."""

from stratolith.network.drivers.linux.driver import LinuxNetworkDriver

__all__ = ["LinuxNetworkDriver"]
