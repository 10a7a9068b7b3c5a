"""Several external gateways of a router with driver ovn, with real packets."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from functools import partial
from typing import Any

import msgspec
import pytest

from stratolith.network.drivers.base import HostNetworkView, QosRuleView
from stratolith.network.drivers.linux.host_kernel import namespaces
from stratolith.network.drivers.linux.inside import fill_in_checksums
from stratolith.network.drivers.ovn.northbound import plan
from stratolith.network.drivers.ovn.northbound.plan import Placement
from stratolith.network.drivers.routing import (
    PortForwardingView,
)
from tests.drivers.network import further_gateways, views
from tests.drivers.network.further_gateways import (
    ANYWHERE,
    FIRST,
    FIRST_FLOATING,
    FIRST_WORLD,
    OUTSIDE,
    SECOND,
    SECOND_FLOATING,
    SECOND_WORLD,
    answers,
    calls,
    floating,
    inside,
    shell,
)
from tests.drivers.network.guests import serve_echo

pytestmark = pytest.mark.root
CARD = "w0"  # to the second external network


@pytest.fixture
def worlds(sandbox: None) -> Iterator[None]:
    """Machines behind the first and behind the second external network."""
    shell(f"ip addr add {ANYWHERE}/32 dev lo")
    namespaces.create(OUTSIDE)
    shell(f"ip link add {CARD} type veth peer name w1 netns {OUTSIDE}; ip link set {CARD} up")

    def connect() -> None:
        shell(
            f"ip link set lo up; ip link set w1 up; ip addr add {SECOND_WORLD}/24 dev w1;"
            f"ip addr add {ANYWHERE}/32 dev lo"
        )
        fill_in_checksums("w1")

    inside(connect)
    yield
    namespaces.remove(OUTSIDE)


def second_network() -> Any:
    network = views.network("second external", "172.31.250.0/24")
    return msgspec.structs.replace(
        network, network_type="flat", physical_network="second", uplink=CARD, mtu=1500
    )


second = partial(further_gateways.second, network=second_network())
view = partial(further_gateways.view, network=second_network())


def two_guests(made: HostNetworkView, guest: Any) -> tuple[Any, Any]:
    a, b = made.networks[0].ports
    return guest(a, "10.55.0.11/24", "10.55.0.1"), guest(b, "10.55.0.12/24", "10.55.0.1")


def test_guests_leave_by_the_gateway_of_their_floating_ip(
    ovn: Any, guest: Any, worlds: None
) -> None:
    """And so do replies, to machines that are there behind each of the gateways."""
    made = view(second(), fips=(floating(SECOND_FLOATING, "10.55.0.11"),))
    assert ovn.apply(made).errors == {}
    with_floating, without = two_guests(made, guest)
    servers = [socket.create_server((ANYWHERE, 8080))]
    servers.append(inside(lambda: socket.create_server((ANYWHERE, 8080))))
    with serve_echo(servers[0]) as first_clients, serve_echo(servers[1]) as second_clients:
        assert with_floating.reaches(ANYWHERE, 8080)
        assert without.reaches(ANYWHERE, 8080)
    assert (first_clients, second_clients) == ([FIRST], [SECOND_FLOATING])
    server = inside(lambda: socket.create_server((SECOND_WORLD, 8080)))
    with serve_echo(server) as clients:
        assert without.reaches(SECOND_WORLD, 8080)
        assert with_floating.reaches(SECOND_WORLD, 8080)
    assert clients == [SECOND, SECOND_FLOATING]
    with with_floating.serving(22) as clients:
        assert inside(lambda: calls(SECOND_FLOATING, source=ANYWHERE))
        assert inside(lambda: calls(SECOND_FLOATING))
        assert clients == [ANYWHERE, SECOND_WORLD]
        # without the further gateway nothing of it is left
        assert ovn.apply(view()).errors == {}
        assert not inside(lambda: calls(SECOND_FLOATING))
        assert with_floating.reaches(FIRST_WORLD, 8080, 0.1) is False


def test_neighbours_still_reach_each_other_and_the_router_itself(
    ovn: Any, guest: Any, worlds: None
) -> None:
    fips = (floating(SECOND_FLOATING, "10.55.0.11"), floating(FIRST_FLOATING, "10.55.0.12"))
    made = view(second(), fips=fips)
    assert ovn.apply(made).errors == {}
    one, other = two_guests(made, guest)
    with one.serving(22), other.serving(22):
        assert other.reaches("10.55.0.11", 22)
        assert other.reaches(SECOND_FLOATING, 22)
        assert one.reaches(FIRST_FLOATING, 22)
        assert one.reaches(SECOND_FLOATING, 22)
        assert calls(FIRST_FLOATING, source=ANYWHERE)
        assert inside(lambda: calls(SECOND_FLOATING, source=ANYWHERE))
    assert answers(FIRST, ANYWHERE)
    assert inside(lambda: answers(SECOND))


def test_two_gateways_in_one_network(ovn: Any, guest: Any, worlds: None) -> None:
    again = second("again", "172.31.249.11", network=views.external_network())
    made = view(again, fips=(floating(FIRST_FLOATING, "10.55.0.11"),))
    assert ovn.apply(made).errors == {}
    machine, _ = two_guests(made, guest)
    with machine.serving(22) as clients:
        assert calls(FIRST_FLOATING)
    assert clients == [FIRST_WORLD]
    for address in (FIRST, "172.31.249.11"):
        assert answers(address)


def test_what_several_gateways_cannot_do_is_said() -> None:
    fips = (floating(FIRST_FLOATING, "10.55.0.11"), floating(SECOND_FLOATING, "10.55.0.11"))
    made = view(second(), fips=fips)
    forwarding = PortForwardingView(
        id=views.uid("f"), floating_ip_id=views.uid("fip"), floating_ip="172.31.249.30",
        protocol="tcp", external_ports=(1, 1), fixed_ip="10.55.0.12", internal_ports=(1, 1),
    )  # fmt: skip
    router = msgspec.structs.replace(made.routers[0], port_forwardings=[forwarding])
    made = msgspec.structs.replace(made, routers=[router])
    wanted = plan.whole(*plan.groups_of(made), Placement())
    assert "10.55.0.11 has floating IPs of several gateways" in wanted.errors[router.id]
    assert "no ports on a router with several gateways" in wanted.errors[router.id]
    assert not [row for row in wanted.rows if row.table == "Load_Balancer"]
    ways = [row for row in wanted.rows if row.table == "Logical_Router_Policy"]
    assert ways == []


def test_limits_are_those_of_each_gateways_network() -> None:
    rule = QosRuleView(type="bandwidth_limit", direction="egress", amount=1000)
    extra = second()
    limited = msgspec.structs.replace(extra.port, qos_policy="own")
    there = msgspec.structs.replace(floating(SECOND_FLOATING, "10.55.0.11"), qos_policy="own")
    made = view(msgspec.structs.replace(extra, port=limited), fips=(there,))
    made = msgspec.structs.replace(made, qos={"own": [rule]})
    wanted = plan.whole(*plan.groups_of(made), Placement())
    limits = [row for row in wanted.rows if "bandwidth" in row.columns]
    assert {row.links[0].key for row in limits} == {second_network().id}
    assert len(limits) == 2
