"""The knobs of the fake network driver."""

from __future__ import annotations

import time

import pytest

from stratolith.network.drivers.base import NetworkDriverError
from stratolith.network.drivers.fake import FakeKnobs, FakeNetworkDriver
from tests.drivers.network import views


def view():
    one = views.port("p1", "10.55.0.11", "n1-subnet")
    two = views.port("p2", "10.55.0.12", "n1-subnet")
    n1 = views.network("n1", ports=[one, two])
    return views.host(
        [n1], [views.router("r1", [n1], "172.31.249.9", {"172.31.249.20": "10.55.0.11"})]
    )


def test_failing_port_is_named_and_the_others_are_wired():
    driver = FakeNetworkDriver(FakeKnobs(failures={views.uid("p1"): "no tap", "gone": "x"}))
    applied = driver.apply(view())
    assert applied.ports == [views.uid("p2")]
    assert applied.errors == {views.uid("p1"): "no tap"}


def test_failing_router_takes_its_floating_ips_along():
    driver = FakeNetworkDriver(FakeKnobs(failures={views.uid("r1"): "no namespace"}))
    applied = driver.apply(view())
    assert (applied.routers, applied.floating_ips) == ([], [])
    driver.knobs.failures = {}
    assert driver.apply(view()).floating_ips == [views.uid("fip 172.31.249.20")]


def test_delay_breakage_and_record():
    driver = FakeNetworkDriver(FakeKnobs(delay=0.05, lacking=["No nft."]))
    started = time.monotonic()
    driver.apply(view())
    assert time.monotonic() - started >= 0.05
    assert driver.view == view()
    assert driver.check() == ["No nft."]
    driver.knobs.broken = "kernel on fire"
    with pytest.raises(NetworkDriverError, match="kernel on fire"):
        driver.apply(view())
    driver.knobs.broken = ""
    driver.remove_all()
    assert driver.view is None
