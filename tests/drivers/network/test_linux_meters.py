"""Metering labels count what routers really forward."""

from __future__ import annotations

import time

import msgspec
import pytest

from stratolith.network.drivers.linux import LinuxNetworkDriver
from stratolith.network.drivers.linux.host_kernel import namespaces, nft
from stratolith.network.drivers.linux.names import router_namespace
from stratolith.network.drivers.routing import MeterRuleView, MeterView, RouteView
from tests.drivers.network import views
from tests.drivers.network.test_routers import WORLD, two_networks, world

pytestmark = pytest.mark.root

OUT = MeterRuleView(direction="egress", source="10.55.0.0/24")
IN = MeterRuleView(direction="ingress", destination="10.55.0.5/24")  # with host bits
TO_WORLD = MeterRuleView(direction="egress", destination=f"{WORLD}/32", excluded=True)
ALL = MeterRuleView(direction="egress", source="0.0.0.0/0")
ROUTE = RouteView(destination="192.168.9.0/24", nexthop="10.55.0.99")
SIX = MeterRuleView(direction="egress", source="fd00::/64", destination="::/0")


def meter(name: str, *rules: MeterRuleView) -> MeterView:
    return MeterView(label=views.uid(name), rules=list(rules))


def counted(driver: LinuxNetworkDriver) -> dict[str, tuple[int, int]]:
    """Label -> bytes in and out; of one router."""
    found: dict[str, list[int]] = {}
    for reading in driver.meter_readings():
        assert reading.project == "p1" and reading.router == views.uid("r1")
        assert bool(reading.packets) == bool(reading.bytes)
        pair = found.setdefault(reading.label, [0, 0])
        pair[reading.direction == "egress"] = reading.bytes
    return {label: (into, out) for label, (into, out) in found.items()}


def settled(driver) -> dict[str, tuple[int, int]]:
    """The counters when the last packets of closed connections have passed."""
    before, now = {}, counted(driver)
    while now != before:
        time.sleep(0.2)
        before, now = now, counted(driver)
    return now


def about(number: int) -> object:
    """Two connections of the same content differ by an acknowledgement or two, of 52 bytes."""
    return pytest.approx(number, abs=104)


def test_traffic_to_the_outside_is_counted(driver, guest):
    a, _, c, n1, n2 = two_networks()

    def realise(*meters: MeterView, **fields: object) -> None:
        router = views.router(
            "r1", [n1, n2], "172.31.249.10", project_id="p1", meters=list(meters), **fields
        )
        assert driver.apply(views.host([n1, n2], [router], external=True)).errors == {}

    both, excepted, other = (
        meter("both", OUT, IN, SIX), meter("excepted", ALL, TO_WORLD), meter("other")
    )  # fmt: skip
    realise(both, excepted, other)
    assert set(counted(driver).values()) == {(0, 0)}
    machine = guest(a, "10.55.0.11/24", "10.55.0.1")
    neighbour = guest(c, "10.56.0.11/24", "10.56.0.1")
    with neighbour.serving(22):
        assert machine.reaches("10.56.0.11", 22)
    assert set(counted(driver).values()) == {(0, 0)}, "between networks nothing is counted"
    with world():
        assert machine.reaches(WORLD, 8080)
    first = settled(driver)
    into, out = first[both.label]
    assert into > 100 and out > 100
    assert first[excepted.label] == first[other.label] == (0, 0)

    # other rules of the router, other meters and a new agent leave the counters alone
    realise(both, excepted, other, routes=[ROUTE])
    realise(both, other, meter("new", ALL))
    assert counted(driver)[both.label] == (into, out)
    with world():
        assert machine.reaches(WORLD, 8080)
    second = settled(driver)
    assert second[both.label] == (about(2 * into), about(2 * out))
    assert second[views.uid("new")] == (0, about(out))
    assert excepted.label not in second
    space = router_namespace(views.uid("r1"))
    listing = namespaces.run_in(space, lambda: nft.listing(f"inet {driver.instance}_meter"))
    assert listing is not None and excepted.label.replace("-", "") not in listing

    realise()
    assert driver.meter_readings() == []
    listing = namespaces.run_in(space, lambda: nft.listing(f"inet {driver.instance}_meter"))
    assert listing is None


def test_a_new_agent_goes_on_counting(driver, guest, tmp_path):
    a, _, _, n1, _ = two_networks()
    label = meter("both", OUT, IN)
    router = views.router("r1", [n1], "172.31.249.10", project_id="p1", meters=[label])
    view = views.host([n1], [router], external=True)
    assert driver.apply(view).errors == {}
    machine = guest(a, "10.55.0.11/24", "10.55.0.1")
    with world():
        assert machine.reaches(WORLD, 8080)
    before = settled(driver)
    assert before[label.label] > (0, 0)
    driver.close()
    assert driver.apply(msgspec.structs.replace(view, generation=9)).errors == {}
    assert counted(driver) == before


def test_a_router_without_a_gateway_counts_nothing(driver):
    _, _, _, n1, _ = two_networks()
    router = views.router("r1", [n1], project_id="p1", meters=[meter("both", OUT)])
    assert driver.apply(views.host([n1], [router], external=True)).errors == {}
    assert driver.meter_readings() == []
