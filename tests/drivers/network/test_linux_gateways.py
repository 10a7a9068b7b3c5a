"""Several external gateways of a router: replies leave by the gateway that they came in by."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from stratolith.network.drivers.base import HostNetworkView
from stratolith.network.drivers.hops import Asked, FloatingPair
from stratolith.network.drivers.linux.host_kernel import namespaces
from stratolith.network.drivers.linux.routing import gateways
from stratolith.network.drivers.routing import ExtraGatewayView
from tests.drivers.network import views
from tests.drivers.network.further_gateways import (
    ANYWHERE,
    FIRST,
    FIRST_FLOATING,
    OUTSIDE,
    SECOND,
    SECOND_FLOATING,
    answers,
    calls,
    external,
    floating,
    inside,
    second,
    shell,
    view,
)
from tests.drivers.network.guests import serve_echo


@pytest.fixture
def second_world(sandbox: None) -> Iterator[Any]:
    """Machines behind the first and behind the second external network."""
    shell(f"ip addr add {ANYWHERE}/32 dev lo")
    namespaces.create(OUTSIDE)

    def connect(bridge: str) -> None:
        shell(
            f"ip link add w0 type veth peer name w1 netns {OUTSIDE};"
            f"ip link set w0 master {bridge} up"
        )
        inside(
            lambda: shell(
                "ip link set lo up; ip link set w1 up; ip addr add 172.31.250.1/24 dev w1;"
                f"ip addr add {ANYWHERE}/32 dev lo"
            )
        )

    yield connect
    namespaces.remove(OUTSIDE)


def ports_of(made: HostNetworkView) -> Any:
    return made.networks[0].ports


def test_replies_leave_by_the_gateway_they_came_in_by(linux: Any, guest: Any, second_world: Any):
    fips = (floating(FIRST_FLOATING, "10.55.0.11"), floating(SECOND_FLOATING, "10.55.0.11"))
    made = view(second(), fips=fips)
    assert linux.apply(made).errors == {}
    second_world(external().bridge)
    machine = guest(ports_of(made)[0], "10.55.0.11/24", "10.55.0.1")
    with machine.serving(22) as clients:
        assert calls(FIRST_FLOATING, source=ANYWHERE)
        assert inside(lambda: calls(SECOND_FLOATING, source=ANYWHERE))
        assert inside(lambda: calls(SECOND_FLOATING))
        assert calls(FIRST_FLOATING, source=ANYWHERE)
    assert clients == [ANYWHERE, ANYWHERE, "172.31.250.1", ANYWHERE]
    # without the further gateway's table the reply would go to the first world
    made = view(fips=fips[:1])
    assert linux.apply(made).errors == {}
    assert not inside(lambda: calls(SECOND_FLOATING, source=ANYWHERE))


def test_guests_leave_by_the_gateway_of_their_floating_ip(
    linux: Any, guest: Any, second_world: Any
) -> None:
    made = view(second(), fips=(floating(SECOND_FLOATING, "10.55.0.11"),))
    assert linux.apply(made).errors == {}
    second_world(external().bridge)
    with_floating = guest(ports_of(made)[0], "10.55.0.11/24", "10.55.0.1")
    without = guest(ports_of(made)[1], "10.55.0.12/24", "10.55.0.1")
    servers = [socket.create_server((ANYWHERE, 8080))]
    servers.append(inside(lambda: socket.create_server((ANYWHERE, 8080))))
    with serve_echo(servers[0]) as first_clients, serve_echo(servers[1]) as second_clients:
        assert with_floating.reaches(ANYWHERE, 8080)
        assert without.reaches(ANYWHERE, 8080)
    assert (first_clients, second_clients) == ([FIRST], [SECOND_FLOATING])
    server = inside(lambda: socket.create_server(("172.31.250.1", 8080)))
    with serve_echo(server) as clients:
        assert without.reaches("172.31.250.1", 8080)
        assert with_floating.reaches("172.31.250.1", 8080)
    assert clients == [SECOND, SECOND_FLOATING]


def test_neighbours_still_reach_each_other_and_the_router_itself(
    linux: Any, guest: Any, second_world: Any
) -> None:
    fips = (floating(SECOND_FLOATING, "10.55.0.11"), floating(FIRST_FLOATING, "10.55.0.12"))
    made = view(second(), fips=fips)
    assert linux.apply(made).errors == {}
    second_world(external().bridge)
    one = guest(ports_of(made)[0], "10.55.0.11/24", "10.55.0.1")
    other = guest(ports_of(made)[1], "10.55.0.12/24", "10.55.0.1")
    with one.serving(22), other.serving(22):
        assert other.reaches("10.55.0.11", 22)
        assert other.reaches(SECOND_FLOATING, 22)
        assert one.reaches(FIRST_FLOATING, 22)
        assert one.reaches(SECOND_FLOATING, 22)
    assert answers(FIRST, ANYWHERE)
    assert inside(lambda: answers(SECOND, ANYWHERE))


def test_two_gateways_in_one_network(linux: Any, guest: Any) -> None:
    made = view()
    same = ExtraGatewayView(
        port=msgspec.structs.replace(
            made.routers[0].gateway,
            port_id=views.uid("again"),
            mac=views.mac_of("again"),
            addresses=["172.31.249.11/24"],
        ),
        nexthops=["172.31.249.1"],
    )
    made = view(same, fips=(floating(FIRST_FLOATING, "10.55.0.11"),))
    assert linux.apply(made).errors == {}
    machine = guest(ports_of(made)[0], "10.55.0.11/24", "10.55.0.1")
    with machine.serving(22) as clients:
        assert calls(FIRST_FLOATING)
    assert clients == ["172.31.249.1"]
    for address in (FIRST, "172.31.249.11"):
        assert answers(address)


def test_tables_are_repaired_and_removed(linux: Any) -> None:
    made = view(second())
    assert linux.apply(made).errors == {}
    name = f"qrouter-{made.routers[0].id}"
    table = gateways.of_router(made.routers[0])[1].table

    def read(command: str) -> str:
        run = ["ip", *command.split()]
        return namespaces.run_in(
            name, lambda: subprocess.run(run, capture_output=True, text=True, check=True).stdout
        )

    def rules() -> list[str]:
        return [line for family in ("", "-6 ") for line in read(f"{family}rule show").splitlines()]

    def routes() -> set[str]:
        return {line.strip() for line in read(f"route show table {table}").splitlines()}

    before, routed = rules(), routes()
    assert sum(f"fwmark {table:#x}" in line for line in before) == 2
    assert len(routed) == 2 and any(line.startswith("default via 172.31.250.1") for line in routed)
    read(f"route flush table {table}")
    read(f"rule del fwmark {table:#x}")
    assert linux.apply(made).errors == {}
    assert (rules(), routes()) == (before, routed)
    assert linux.apply(view()).errors == {}
    assert not any("fwmark" in line for line in rules()) and routes() == set()


def test_the_default_route_is_of_the_first_gateway_that_has_one(linux: Any) -> None:
    made = view(second())
    router = msgspec.structs.replace(made.routers[0], gateway_nexthops=[])
    made = msgspec.structs.replace(made, routers=[router])
    assert linux.apply(made).errors == {}
    shown = namespaces.run_in(
        f"qrouter-{router.id}",
        lambda: (
            subprocess.run(
                ["ip", "route", "show", "default"], capture_output=True, text=True, check=True
            ).stdout
        ),
    )
    assert "via 172.31.250.1" in shown


def test_a_diagnosis_looks_at_each_gateway(linux: Any, guest: Any, second_world: Any) -> None:
    made = view(second(), fips=(floating(SECOND_FLOATING, "10.55.0.11"),))
    assert linux.apply(made).errors == {}
    port, router = ports_of(made)[0], made.routers[0]
    guest(port, "10.55.0.11/24", "10.55.0.1")
    pair = FloatingPair(floating_ip=SECOND_FLOATING, fixed_ip="10.55.0.11", router_id=router.id)
    asked = Asked(
        port_id=port.id,
        network_id=made.networks[0].id,
        mac=port.mac,
        addresses=["10.55.0.11"],
        is_bound_here=True,
        routers=[router.id],
        floating_ips=[pair],
    )

    def outside() -> list[Any]:
        hops = linux.diagnose(made, asked)
        return [hop for hop in hops if hop.name in ("snat", "floating ip")]

    first, further, address = outside()
    assert first.passed and FIRST in first.text
    assert not further.passed and "172.31.250.1 does not answer" in further.text
    device = gateways.of_router(router)[1].device
    assert address.passed and f"{SECOND_FLOATING} on {device}" in address.text
    second_world(external().bridge)
    first, further, address = outside()
    assert first.passed and further.passed and SECOND in further.text
