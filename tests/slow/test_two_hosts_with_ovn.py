"""The story of real guests on two hosts again, with driver ovn.

Each push tells it with driver linux, and with ovn where namespaces are the guests.
"""

from __future__ import annotations

import pytest

from tests.e2e.test_two_hosts import Machine, guests_reach_each_other
from tests.e2e.test_two_hosts import two as two

pytestmark = [
    pytest.mark.guest,
    pytest.mark.root,
    pytest.mark.slow,
    pytest.mark.timeout(900),
]


def test_guests_on_two_hosts_reach_each_other(two: tuple[Machine, Machine]) -> None:
    first, second = two
    first.cloud.environment["STRATOLITH_NETWORK_DRIVER"] = "ovn"
    guests_reach_each_other(first, second, routers_answer=False)
