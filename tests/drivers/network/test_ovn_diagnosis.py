"""What a diagnosis says with driver ovn: of the host's switch, and of OVN's databases."""

from __future__ import annotations

import os
import signal
from typing import Any

import msgspec
import pytest

from stratolith.network.drivers.base import HostNetworkView
from stratolith.network.drivers.hops import Asked, FloatingPair, Hop
from stratolith.network.drivers.ovn import central, ways
from tests.drivers.network import views
from tests.drivers.network.ovn_host import HOST, OvnHost
from tests.drivers.network.test_routers import WORLD, world

pytestmark = pytest.mark.root
FLOATING = "172.31.249.20"


def a_view(*names: str, **fields: Any) -> HostNetworkView:
    rules = [*views.EGRESS_ALL, views.tcp_in(22)]
    ports = [
        views.port(name, f"10.55.0.{number}", "n1-subnet", rules=rules)
        for number, name in enumerate(names, 11)
    ]
    network = views.network("n1", ports=ports, dhcp=True)
    router = views.router("r1", [network], "172.31.249.10", {FLOATING: "10.55.0.11"}, **fields)
    return views.host([network], [router], external=True)


def seen_by_host(ovn: OvnHost, view: HostNetworkView, name: str = "a") -> dict[str, Hop]:
    port = next(port for port in view.networks[0].ports if port.id == views.uid(name))
    asked = Asked(
        port_id=port.id, network_id=views.uid("n1"), mac=port.mac, addresses=["10.55.0.11"],
        is_bound_here=True, routers=[views.uid("r1")],
    )  # fmt: skip
    return {hop.name: hop for hop in ovn.driver.diagnose(view, asked)}


def question(name: str = "a", **fields: Any) -> ways.Question:
    pair = FloatingPair(floating_ip=FLOATING, fixed_ip="10.55.0.11", router_id=views.uid("r1"))
    asked = ways.Question(
        port_id=views.uid(name),
        host=HOST,
        gateways={views.uid("r1"): [views.uid("r1-gw")]},
        floating_ips=[pair],
    )
    return msgspec.structs.replace(asked, **fields)


def known(ovn: OvnHost, asked: ways.Question) -> dict[str, Hop]:
    return {hop.name: hop for hop in ways.hops(ovn.directory, asked)}


def test_the_way_of_a_healthy_port(ovn: OvnHost, guest: Any) -> None:
    view = a_view("a")
    assert ovn.apply(view).errors == {}
    port = view.networks[0].ports[0]
    hops = seen_by_host(ovn, view)
    assert hops["link"].passed is False and "no carrier" in hops["link"].text
    machine = guest(port, "10.55.0.11/24", "10.55.0.1")
    hops = seen_by_host(ovn, view)
    assert hops["link"].passed is not False and hops["network"].passed
    # nothing listens in these tests
    assert hops["metadata"].passed is False and "qdhcp-" in hops["metadata"].text
    hops = known(ovn, question())
    assert list(hops) == ["network", "dhcp", "security group", "gateway", "snat", "floating ip"]
    assert hops["network"].text == f"host {HOST} has the port in OVN"
    assert "10.55.0.11" in hops["dhcp"].text
    assert hops["security group"].text.startswith("3 rules")
    assert hops["snat"].passed is None and "no packet yet" in hops["snat"].text
    assert hops["floating ip"].text == f"{FLOATING} is translated to 10.55.0.11 on {HOST}"
    with world():
        assert machine.reaches(WORLD, 8080)
    hops = known(ovn, question())
    assert hops["snat"].passed and "172.31.249.10/24" in hops["snat"].text
    assert all(hop.passed and not hop.advice for hop in hops.values())
    hops = known(ovn, question(host="h2"))
    assert hops["network"].passed is False and f"{HOST} has the port" in hops["network"].text


def test_each_missing_part_is_named(ovn: OvnHost) -> None:
    view = a_view("a")
    assert ovn.apply(view).errors == {}
    hops = known(ovn, question("b"))
    assert list(hops) == ["network"] and "northbound" in hops["network"].text
    wrong = FloatingPair(floating_ip=FLOATING, fixed_ip="10.55.0.9", router_id=views.uid("r1"))
    nowhere = {views.uid("r2"): [], views.uid("r1"): [views.uid("other")]}
    answers = ways.hops(ovn.directory, question(gateways=nowhere, floating_ips=[wrong]))
    failed = {hop.name: hop for hop in answers if hop.passed is False}
    assert list(failed) == ["gateway", "snat", "floating ip"]
    assert views.uid("r2") in failed["gateway"].text
    ovn.apply(a_view("a", admin_state_up=False))
    hops = known(ovn, question())
    assert hops["gateway"].passed is False and "router set --enable" in hops["gateway"].advice

    northd = central.daemons(ovn.directory)[2]
    northd.stop()
    view = a_view("a", "b")
    ovn.northbound.write(ovn.planned(view).rows)
    hops = known(ovn, question("b"))
    assert hops["network"].passed is False and "ovn-northd" in hops["network"].text
    northd.start()
    ovn.driver._switch.controller.stop()
    hops = seen_by_host(ovn, view)
    assert hops["network"].passed is False and "ovn-controller" in hops["network"].text
    ovn.driver._switch.switch.stop()
    assert "does not run" in seen_by_host(ovn, view)["link"].text
    central.stop(ovn.directory)
    hops = known(ovn, question())
    assert hops["network"].passed is False and "cannot connect" in hops["network"].text
    central.start(ovn.directory)


def test_a_translator_that_is_stuck_is_noticed(ovn: OvnHost) -> None:
    ovn.apply(a_view("a"))
    assert ways.fault_of_translator(ovn.directory) == ""
    pid = central.daemons(ovn.directory)[2].pid()
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    try:
        assert "does not translate" in ways.fault_of_translator(ovn.directory, 1.0)
    finally:
        os.kill(pid, signal.SIGCONT)
    assert ways.fault_of_translator(ovn.directory) == ""
    central.stop(ovn.directory)
    assert "cannot connect" in ways.fault_of_translator(ovn.directory)
    central.start(ovn.directory)
