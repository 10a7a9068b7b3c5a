"""The Linux network driver; start reading in ``driver.py``."""

from stratolith.network.drivers.linux.driver import LinuxNetworkDriver

__all__ = ["LinuxNetworkDriver"]
