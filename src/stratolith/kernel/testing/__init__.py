"""What tests and plug-ins may use: a whole cloud in process, clients, simulated time."""

from stratolith.kernel.testing.cloud import Client, TestCloud

__all__ = ["Client", "TestCloud"]
