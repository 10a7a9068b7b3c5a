"""What tests use: a whole cloud in process, clients, simulated time."""

from tests.testcloud.cloud import Client, TestCloud
from tests.testcloud.counting import statements

__all__ = ["Client", "TestCloud", "statements"]
