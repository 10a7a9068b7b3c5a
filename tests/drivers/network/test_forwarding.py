"""Port forwarding of floating IPs, with real packets."""

from __future__ import annotations

import socket

import pytest

from stratolith.network.drivers.routing import PortForwardingView
from tests.drivers.network import views
from tests.drivers.network.guests import PATIENCE, echo
from tests.drivers.network.test_routers import from_world

pytestmark = pytest.mark.root


@pytest.fixture(params=["linux", "ovn"])
def driver(request):
    return request.getfixturevalue(request.param)


FLOATING = "172.31.249.30"
ALL = [*views.EGRESS_ALL, views.tcp_in(1), views.tcp_in(22), views.tcp_in(81), views.tcp_in(102)]


def forwarding(
    outside: tuple[int, int], inside: tuple[int, int], fixed: str = "10.55.0.11", **fields: str
) -> PortForwardingView:
    name = f"{outside} {inside} {fixed}"
    return PortForwardingView(
        id=views.uid(name),
        floating_ip_id=views.uid("floating"),
        floating_ip=FLOATING,
        external_ports=outside,
        fixed_ip=fixed,
        internal_ports=inside,
        **{"protocol": "tcp", **fields},
    )


def view(*forwardings, floating=None):
    a = views.port("a", "10.55.0.11", "n1-subnet", rules=ALL)
    b = views.port("b", "10.55.0.12", "n1-subnet", rules=ALL)
    n1 = views.network("n1", ports=[a, b])
    router = views.router("r1", [n1], "172.31.249.10", floating, port_forwardings=list(forwardings))
    return a, b, views.host([n1], [router], external=True)


def test_single_ports_and_ranges(driver, guest):
    a, b, wanted = view(
        forwarding((2222, 2222), (22, 22)),
        forwarding((2223, 2223), (22, 22), "10.55.0.12"),
        forwarding((80, 89), (80, 89)),
        forwarding((200, 210), (100, 110)),
        forwarding((300, 399), (1, 1)),
        forwarding((5000, 5010), (22, 22), protocol="udp"),
    )
    applied = driver.apply(wanted)
    assert applied.errors == {}
    assert applied.floating_ips == [views.uid("floating")]
    first, second = guest(a, "10.55.0.11/24", "10.55.0.1"), guest(b, "10.55.0.12/24", "10.55.0.1")
    with first.serving(22) as ssh, first.serving(81), first.serving(102), first.serving(1):
        for port in (2222, 81, 202, 300, 399):
            assert from_world(FLOATING, port), port
        for port in (22, 80, 203, 400, 5000):
            assert not from_world(FLOATING, port, 0.5), port
        assert ssh == ["172.31.249.1"], "the guest sees who really calls"
    with second.serving(22):
        assert from_world(FLOATING, 2223)
    assert not driver.apply(wanted).errors


def test_neighbours_and_the_guest_itself_may_use_it(driver, guest):
    a, b, wanted = view(forwarding((2222, 2222), (22, 22)))
    assert not driver.apply(wanted).errors
    first, second = guest(a, "10.55.0.11/24", "10.55.0.1"), guest(b, "10.55.0.12/24", "10.55.0.1")
    with first.serving(22) as clients:
        assert second.reaches(FLOATING, 2222)
        assert first.reaches(FLOATING, 2222)
    # OVN translates neighbours' packets before the router
    neighbour = {"linux": "172.31.249.10", "ovn": "10.55.0.12"}[driver.name]
    assert clients == [neighbour, "172.31.249.10"]


def test_beside_a_floating_ip_of_another_guest(driver, guest):
    a, b, wanted = view(
        forwarding((2222, 2222), (22, 22)), floating={"172.31.249.20": "10.55.0.12"}
    )
    assert not driver.apply(wanted).errors
    first, second = guest(a, "10.55.0.11/24", "10.55.0.1"), guest(b, "10.55.0.12/24", "10.55.0.1")
    with first.serving(22) as clients, second.serving(22):
        assert from_world("172.31.249.20", 22)
        assert second.reaches(FLOATING, 2222)
    assert clients == [{"linux": "172.31.249.20", "ovn": "10.55.0.12"}[driver.name]]


def test_taken_away_it_ends_its_connections_and_no_others(driver, guest):
    kept, gone = forwarding((2222, 2222), (22, 22)), forwarding((81, 81), (81, 81))
    a, _, wanted = view(kept, gone)
    assert not driver.apply(wanted).errors
    machine = guest(a, "10.55.0.11/24", "10.55.0.1")
    with machine.serving(22), machine.serving(81):
        with (
            socket.create_connection((FLOATING, 2222), PATIENCE) as one,
            socket.create_connection((FLOATING, 81), PATIENCE) as two,
        ):
            assert echo(one) and echo(two)
            assert not driver.apply(view(kept)[2]).errors
            two.settimeout(1)
            with pytest.raises(OSError):
                echo(two)
            assert echo(one)
        assert not from_world(FLOATING, 81, 0.5)
        assert from_world(FLOATING, 2222)
        assert not driver.apply(view()[2]).errors
        assert not from_world(FLOATING, 2222, 0.5)
