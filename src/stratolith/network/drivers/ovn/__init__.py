"""The network driver ovn; start reading in ``driver.py``."""

from stratolith.network.drivers.ovn.driver import OvnNetworkDriver

__all__ = ["OvnNetworkDriver"]
