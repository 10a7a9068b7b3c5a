"""Several gateways of a router on two hosts: all of them move, without the agents."""

from __future__ import annotations

import contextlib
import re
import socket
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from uuid import uuid4

import msgspec
import pytest

from stratolith.network.drivers.linux.host_kernel import namespaces
from stratolith.network.drivers.linux.routing import gateways
from stratolith.network.drivers.routing import ExtraGatewayView, FloatingIpView, RouterPortView
from tests.drivers.network import views
from tests.drivers.network.failover import (
    FLOATING,
    INSIDE,
    Further,
    Switch,
    answers,
    inside,
    is_active,
    kill,
    realise,
    started,
    two_hosts,
    wait,
)
from tests.drivers.network.guests import echo
from tests.drivers.network.machines import Machine

pytestmark = [pytest.mark.root, pytest.mark.timeout(120)]
WORLD, GATEWAY, SECOND_FLOATING = "203.0.113.1", "203.0.113.10", "203.0.113.20"
ANYWHERE = "198.51.100.9"  # behind the second network; the default route does not lead there


def further() -> Further:
    """A gateway in a flat network on the card ``far`` of each host."""
    network = msgspec.structs.replace(
        views.network("far", "203.0.113.0/24", gateway=False),
        network_type="flat",
        physical_network="far",
        uplink="far",
        mtu=1500,
        external=True,
        subnets=[],
    )
    port = RouterPortView(
        port_id=views.uid("r-far"),
        network_id=network.id,
        bridge=network.bridge,
        mac=views.mac_of("r-far"),
        addresses=[f"{GATEWAY}/24", "2001:db8:3::10/64"],
        mtu=1500,
    )
    floating = FloatingIpView(
        id=views.uid("far floating"),
        floating_ip=SECOND_FLOATING,
        fixed_ip=INSIDE,
        network_id=network.id,
    )
    gateway = ExtraGatewayView(port=port, nexthops=[WORLD, "2001:db8:3::1"])
    return Further(network, gateway, [floating])


@pytest.fixture
def hosts(sandbox: None, tmp_path: Path) -> Iterator[tuple[Switch, Machine, Machine]]:
    """Two hosts whose agents do not look at changes, with a second external network."""
    with two_hosts(tmp_path, watched=False) as (switch, a, b):
        switch.sh("ip link add far type bridge; ip link set far up")
        for key, machine in (("a", a), ("b", b)):
            switch.sh(
                f"ip link add far-{key} type veth peer name far netns {machine.name}; "
                f"ip link set far-{key} master far up"
            )
            machine.sh("ip link set far up")
        yield switch, a, b


@pytest.fixture
def world(hosts) -> Iterator[str]:
    """A namespace with a machine of the second network, and one behind it."""
    switch, *_ = hosts
    name = f"world-{uuid4().hex[:8]}"
    namespaces.create(name)
    switch.sh(
        f"ip link add w0 type veth peer name w1 netns {name}; ip link set w0 master far up; "
        f"ip -n {name} link set lo up; ip -n {name} link set w1 up; "
        f"ip -n {name} addr add {WORLD}/24 dev w1; ip -n {name} addr add {ANYWHERE}/32 dev lo"
    )
    yield name
    namespaces.remove(name)


def calls(world: str) -> bool:
    """Whether the guest answers a machine behind the second network."""

    def body() -> bool:
        with (
            contextlib.suppress(OSError),
            socket.create_connection((SECOND_FLOATING, 80), 1, (ANYWHERE, 0)) as sock,
        ):
            return echo(sock)
        return False

    return namespaces.run_in(world, body)


def tables(number: int) -> int:
    """The number of the router's routes in tables of further gateways."""
    text = inside(number, "ip -4 route show table all; ip -6 route show table all")
    numbers = [int(number) for number in re.findall(r" table ([0-9]+)", text)]
    return sum(number in gateways.TABLES for number in numbers)


def test_all_gateways_move_to_the_new_active_host(hosts, world) -> None:
    switch, a, b = hosts
    guest = started(a, b, [further()])
    with guest.serving(80) as clients:
        wait(lambda: answers(switch), 15, "the first floating IP answers")
        wait(lambda: calls(world), 15, "the second floating IP answers")
        assert ANYWHERE in clients
        assert (tables(1), tables(2)) == (4, 0)
        kill(a, switch, "a")
        switch.sh("ip link set far-a down")
        wait(lambda: is_active(2), 15, "the other host takes over")
        wait(lambda: answers(switch), 10, "the first floating IP answers")
        wait(lambda: calls(world), 10, "the second floating IP answers")
        assert tables(2) == 4


def _calls_as(world: str, is_there: bool) -> bool:
    return calls(world) is is_there


def test_a_gateway_is_removed_and_added_while_the_router_runs(hosts, world) -> None:
    switch, a, b = hosts
    guest = started(a, b, [further()])
    with guest.serving(80):
        wait(lambda: calls(world), 15, "the second floating IP answers")
        for more in ([], [further()]):
            for mine, peer, number in ((a, b, 1), (b, a, 2)):
                realise(mine, peer, number, guest_here=mine is b, further=more)
            is_there = bool(more)
            wait(partial(_calls_as, world, is_there), 15, "as the view says")
            wait(lambda: answers(switch), 10, FLOATING)
            assert is_active(1) and tables(1) == 4 * len(more)
