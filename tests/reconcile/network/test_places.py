"""Routers and gateways have one host each; they leave a host that dies and do not come back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import delete

from stratolith.kernel.agent.host import Host
from stratolith.kernel.agent.local import LocalTransport
from stratolith.kernel.bootstrap import Seed
from stratolith.kernel.environment import Environment
from stratolith.kernel.hosts import records
from stratolith.network.agent import NetworkRoom
from stratolith.network.drivers.base import Applied, HostNetworkView
from stratolith.network.drivers.fake import FakeNetworkDriver
from stratolith.network.managers import networks, placement, ports, premade, routers, subnets
from stratolith.network.managers.routing import gateway_hosts
from stratolith.network.managers.segments import hosts
from stratolith.network.models import DhcpPlace, Place, Router
from stratolith.network.reconcilers.host_report import take_report
from stratolith.network.reconcilers.places import DhcpPlacer, Placer
from tests.unit.network import rooms


@pytest.fixture
def env(tmp_path: Path) -> Iterator[Environment]:
    found = rooms.environment(tmp_path)
    found.started_at -= timedelta(minutes=1)  # every host that is alive has been heard of
    yield found
    found.db.dispose()


def seen(env: Environment, host: str) -> None:
    assert env.agents is not None
    env.agents.seen(host, "1", ["network"], env.clock.now())


def silent(env: Environment, host: str) -> None:
    """The host was heard of last a minute ago."""
    ctx = rooms.context(env)
    record = records.named(ctx.session, host)
    assert record is not None
    record.last_seen_at = env.clock.now() - timedelta(minutes=1)
    ctx.commit()


def look(env: Environment) -> list[str]:
    """The loop's pass; gives what it found to do."""
    placer, ctx = Placer(), rooms.context(env)
    keys = list(placer.keys(ctx))
    for key in [*keys, *keys]:  # a key may come twice
        placer.reconcile(ctx, key)
    ctx.commit()
    return keys


def made(env: Environment) -> tuple[str, str]:
    """A router with a way out; its id and that of the external network."""
    ctx = rooms.context(env)
    flat = {"provider:network_type": "flat", "provider:physical_network": "physnet1"}
    public = networks.create(ctx, "p1", {"name": "public", "router:external": True, **flat})
    outside = {"cidr": "172.24.4.0/24", "ip_version": 4, "enable_dhcp": False}
    subnets.create(ctx, "p1", public, outside)
    info = {"network_id": public.id}
    router = routers.create(ctx, "p1", {"name": "r", "external_gateway_info": info})
    found = router.id, public.id
    ctx.commit()
    return found


class Agent:
    """The network room of one host, moved by hand."""

    def __init__(self, env: Environment, name: str) -> None:
        assert env.agents is not None
        self.driver = FakeNetworkDriver()
        self.room = NetworkRoom(self.driver)
        self.host = Host(name, LocalTransport(env.agents), [self.room])

    def view(self) -> HostNetworkView:
        self.room.sync(None)
        assert self.driver.view is not None
        return self.driver.view

    def routers(self) -> list[str]:
        return [router.id for router in self.view().routers]

    def gateways(self) -> list[str]:
        return [cidr for one in self.view().externals for cidr in one.gateway_cidrs]


def place_of(env: Environment, object_id: str) -> str:
    ctx = rooms.context(env, write=False)
    try:
        return placement.host_of(ctx, object_id)
    finally:
        ctx.close()


def test_routers_of_a_host_that_dies_move_once(env: Environment) -> None:
    seen(env, "h1")
    seen(env, "h2")
    one, two = Agent(env, "h1"), Agent(env, "h2")
    router, public = made(env)
    assert look(env) == []
    assert (one.routers(), two.routers()) == ([router], [])
    assert (one.gateways(), two.gateways()) == (["172.24.4.1/24"], [])
    silent(env, "h1")
    assert look(env) == sorted([router, public])
    assert look(env) == []
    assert (two.routers(), two.gateways()) == ([router], ["172.24.4.1/24"])
    seen(env, "h1")  # it comes back, and realises nothing twice
    assert look(env) == []
    assert (one.routers(), two.routers()) == ([], [router])
    assert one.gateways() == []


def test_a_server_that_just_started_takes_nobody_for_dead(env: Environment) -> None:
    seen(env, "h1")
    seen(env, "h2")
    router, public = made(env)
    silent(env, "h1")
    env.started_at = env.clock.now()
    assert look(env) == []  # h2 was the first to report
    env.started_at -= timedelta(seconds=records.ALIVE_SECONDS)
    assert look(env) == sorted([router, public])


def test_what_has_no_place_gets_one_before_hosts_ask(env: Environment) -> None:
    """As in a database of a release that recorded none."""
    seen(env, "h1")
    router, _ = made(env)
    ctx = rooms.context(env)
    ctx.session.execute(delete(Place))
    ctx.commit()
    silent(env, "h1")  # the upgrade took a while
    ctx = rooms.context(env)
    premade.bootstrap(ctx, Seed(fake=True))
    ctx.commit()
    assert Agent(env, "h1").routers() == [router]


def test_who_has_a_router_is_told_and_who_had_it(env: Environment) -> None:
    seen(env, "h1")
    seen(env, "h2")
    made(env)
    assert env.agents is not None
    before = {host: env.agents.wait(host, "", 0, 0) for host in ("h1", "h2")}
    silent(env, "h1")
    look(env)
    for host, old in before.items():
        assert env.agents.peek(host, old.epoch, old.seq) is not None


def test_what_is_made_before_any_host_is_placed_by_the_first_report(env: Environment) -> None:
    router, public = made(env)
    assert (place_of(env, router), look(env)) == ("", sorted([router, public]))
    seen(env, "h1")
    one = Agent(env, "h1")
    assert one.routers() == []
    assert (place_of(env, router), place_of(env, public)) == ("h1", "h1")
    assert one.routers() == [router]


def drain(env: Environment, host: str, state: str = records.DRAINING) -> None:
    ctx = rooms.context(env)
    record = records.named(ctx.session, host)
    assert record is not None
    records.move(record, state)
    ctx.commit()


def test_a_draining_host_keeps_its_routers_and_gets_no_new_ones(env: Environment) -> None:
    seen(env, "h1")
    router, public = made(env)
    drain(env, "h1")
    assert look(env) == []
    assert (place_of(env, router), place_of(env, public)) == ("h1", "h1")
    ctx = rooms.context(env)
    later = routers.create(ctx, "p1", {"name": "later"}).id
    ctx.commit()
    assert (place_of(env, later), look(env)) == ("", [later])  # it waits for a host
    seen(env, "h2")
    look(env)
    assert (place_of(env, later), place_of(env, router)) == ("h2", "h1")
    drain(env, "h1", records.ACTIVE)
    drain(env, "h2")
    silent(env, "h2")
    look(env)
    assert place_of(env, later) == "h1"


def test_a_router_stays_while_nobody_else_is_alive(env: Environment) -> None:
    seen(env, "h1")
    router, _ = made(env)
    silent(env, "h1")
    assert look(env) == []
    assert place_of(env, router) == "h1"
    silent(env, "h1")
    seen(env, "h2")
    assert router in look(env)
    assert place_of(env, router) == "h2"


def test_a_host_that_left_keeps_nothing(env: Environment) -> None:
    seen(env, "h1")
    seen(env, "h2")
    router, _ = made(env)
    ctx = rooms.context(env)
    record = records.named(ctx.session, "h1")
    assert record is not None
    record.state = records.LEFT
    ctx.commit()
    look(env)
    assert place_of(env, router) == "h2"


def test_a_host_tells_nothing_of_the_routers_of_another(env: Environment) -> None:
    seen(env, "h1")
    seen(env, "h2")
    router, _ = made(env)
    ctx = rooms.context(env)
    ctx.session.get_one(Router, router).status = "ALLOCATING"
    stray = Applied(generation=1, routers=[router], errors={})
    take_report(ctx, "h2", msgspec.to_builtins(stray))
    ctx.session.expire_all()
    assert ctx.session.get_one(Router, router).status == "ALLOCATING"
    take_report(ctx, "h1", msgspec.to_builtins(stray))
    ctx.session.expire_all()
    assert ctx.session.get_one(Router, router).status == "ACTIVE"
    ctx.session.rollback()
    ctx.close()


def test_a_router_with_a_hint_waits_for_a_host_of_its_zone(tmp_path: Path) -> None:
    """It moves among the hosts of the zone only, and stays where it is when none is alive."""
    zones = {"h2": "edge", "h3": "edge"}
    env = rooms.environment(tmp_path, availability_zones=zones)
    env.started_at -= timedelta(minutes=1)
    for host in ("h1", "h2"):
        seen(env, host)
    ctx = rooms.context(env)
    router = routers.create(ctx, "p1", {"name": "r", "availability_zone_hints": ["edge"]}).id
    ctx.commit()

    def place() -> str:
        return placement.host_of(rooms.context(env, write=False), router)

    assert place() == "h2"
    silent(env, "h2")
    look(env)
    assert place() == "h2"
    seen(env, "h3")
    look(env)
    assert place() == "h3"
    env.db.dispose()


def test_dhcp_moves_from_a_dead_host_unless_guests_are_served(env: Environment) -> None:
    for host in ("h1", "h2", "h3"):
        seen(env, host)
    silent(env, "h1")
    ctx = rooms.context(env)
    lone, shared = (networks.create(ctx, "p1", {"name": name}) for name in ("lone", "shared"))
    ids = lone.id, shared.id
    for network in (lone, shared):
        ctx.session.add(DhcpPlace(network_id=network.id, host="h1"))
    ports.create(ctx, "p1", {"network_id": shared.id, "binding:host_id": "h2"})
    ctx.session.add(DhcpPlace(network_id=shared.id, host="h3"))
    ctx.commit()
    placer, ctx = DhcpPlacer(), rooms.context(env)
    assert sorted(placer.keys(ctx)) == sorted(ids)
    for network_id in [*ids, *ids]:  # a key may come twice
        placer.reconcile(ctx, network_id)
    ctx.commit()
    assert placement.hosts_of_network(ctx, ids[0]) == {"h2"}  # it has fewer than h3
    assert placement.hosts_of_network(ctx, ids[1]) == {"h2", "h3"}
    assert list(placer.keys(ctx)) == []


def test_a_router_goes_where_the_card_of_its_external_network_is(env: Environment) -> None:
    for host in ("h1", "h2", "h3"):
        seen(env, host)
    router, _ = made(env)
    assert place_of(env, router) == "h1"
    ctx = rooms.context(env)
    hosts.report(ctx, "h2", {"far": "eth1"})
    hosts.report(ctx, "h3", {"far": "eth1"})
    flat = {"provider:network_type": "flat", "provider:physical_network": "far"}
    far = networks.create(ctx, "p1", {"name": "far", "router:external": True, **flat})
    subnets.create(ctx, "p1", far, {"cidr": "203.0.113.0/24", "ip_version": 4})
    row = ctx.session.get_one(Router, router)
    routers.set_gateway(ctx, row, {"network_id": far.id})
    ctx.commit()
    assert place_of(env, router) == "h2"
    # as the hosts that OVN may move the gateway to, and when its host dies
    ctx = rooms.context(env, write=False)
    assert gateway_hosts.of_routers(ctx, [router]) == {router: ["h2", "h3"]}
    ctx.close()
    silent(env, "h2")
    assert look(env) == [router]
    assert place_of(env, router) == "h3"
    # without any, it is somewhere, and its gateway's port says why it does not work
    silent(env, "h3")
    assert look(env) == [router]
    assert place_of(env, router) == "h1"
