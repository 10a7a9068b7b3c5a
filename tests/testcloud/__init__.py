"""What tests use: a whole cloud in process, clients, simulated time."""

from tests.testcloud.cloud import Client, TestCloud

__all__ = ["Client", "TestCloud"]
