"""Two hundred rounds: a port is made, clients renew, the port is deleted."""

from __future__ import annotations

import pytest

from tests.drivers.network.test_linux_dhcp_churn import rounds_of_churn

pytestmark = [pytest.mark.root, pytest.mark.slow]


@pytest.mark.parametrize("tagged", ["nobody", "all"])
def test_two_hundred_rounds_of_port_churn(driver, guest, tagged):
    seen = rounds_of_churn(driver, guest, 200, tagged)
    assert (len(seen) == 1) == (tagged == "nobody")
