"""Routers that several hosts have: which hosts, what these are told, and what they report."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from stratolith.kernel import config
from stratolith.kernel.agent.protocol import Offers
from stratolith.kernel.environment import Environment
from stratolith.network.api import extensions
from stratolith.network.drivers.base import HostNetworkView
from stratolith.network.drivers.routing import RouterView
from stratolith.network.managers import (
    networks,
    placement,
    ports,
    router_interfaces,
    routers,
    subnets,
)
from stratolith.network.managers.routing import elections
from stratolith.network.managers.segments import hosts
from stratolith.network.models import ElectionNetwork, Network, Port, Router
from stratolith.network.settings import NetworkSettings
from tests.reconcile.network.test_places import Agent, look, place_of, silent
from tests.unit.network import rooms

HOSTS = ("h1", "h2", "h3", "h4")


@pytest.fixture
def env(tmp_path: Path) -> Iterator[Environment]:
    made = rooms.environment(tmp_path)
    made.started_at -= timedelta(minutes=1)  # every host that is alive has been heard of
    yield made
    made.db.dispose()


def seen(env: Environment, *hosts: str) -> None:
    for host in hosts:
        offers = Offers(tunnel_address=f"192.0.2.{host[1:]}")
        assert env.agents is not None
        env.agents.seen(host, "1", ["network"], env.clock.now(), offers)


def made(env: Environment) -> str:
    """A router of several hosts on a network, with a guest on h4."""
    ctx = rooms.context(env)
    net = networks.create(ctx, "p1", {"name": "n"})
    subnet = subnets.create(ctx, "p1", net, {"cidr": "10.1.0.0/24", "ip_version": 4})
    router = routers.create(ctx, "p1", {"name": "r", "ha": True})
    router_interfaces.add(ctx, router, {"subnet_id": subnet.id})
    ports.create(ctx, "p1", {"network_id": net.id, "binding:host_id": "h4"}, network=net)
    router_id = router.id
    ctx.commit()
    return router_id


def states(env: Environment, router_id: str) -> dict[str, str]:
    ctx = rooms.context(env, write=False)
    try:
        return elections.states(ctx, router_id)
    finally:
        ctx.close()


def router_of(view: HostNetworkView) -> RouterView:
    (router,) = view.routers
    return router


def test_three_hosts_have_it_and_one_of_them_is_active(env: Environment) -> None:
    seen(env, *HOSTS)
    router_id = made(env)
    agents = {host: Agent(env, host) for host in HOSTS}
    for host in HOSTS[:3]:
        view = agents[host].view()
        election = router_of(view).election
        assert election is not None and election.number == 1
        (messages,) = [net for net in view.networks if net.id == election.port.network_id]
        # each host sends its messages to both others
        peers = {f"192.0.2.{number}" for number in (1, 2, 3)} - {view.tunnel_address}
        assert {peer.address for peer in messages.peers} == peers
        assert election.port.addresses[0].endswith("/18")
    assert len({router_of(agents[h].view()).election.priority for h in HOSTS[:3]}) == 3
    assert states(env, router_id) == {"h1": "active", "h2": "standby", "h3": "standby"}
    assert place_of(env, router_id) == "h1" and look(env) == []


def test_the_host_of_a_guest_learns_where_the_router_is_active(env: Environment) -> None:
    seen(env, *HOSTS)
    router_id = made(env)
    view = Agent(env, "h4").view()
    (net,) = view.networks
    assert not view.routers and len(net.moving) == 1
    assert [peer.address for peer in net.peers] == ["192.0.2.1", "192.0.2.2", "192.0.2.3"]
    assert {mac for peer in net.peers for mac in peer.ports.values()} == {""}
    ctx = rooms.context(env)
    router = routers.get(ctx, router_id)
    routers.update(ctx, router, {"ha": False, "admin_state_up": False})
    ctx.commit()
    (net,) = Agent(env, "h4").view().networks
    (peer,) = net.peers
    assert net.moving == {} and "" not in peer.ports.values()


def test_another_host_that_reports_itself_active_is_the_place(env: Environment) -> None:
    seen(env, *HOSTS)
    router_id = made(env)
    for host in HOSTS[:3]:
        Agent(env, host).view()
    second = Agent(env, "h2")
    second.driver.knobs.wins_elections = True
    second.view()
    assert states(env, router_id) == {"h1": "standby", "h2": "active", "h3": "standby"}
    assert place_of(env, router_id) == "h2"
    # one host that cannot realise it harms nothing; without any host the router has an error
    second.driver.knobs.failures = {router_id: "no keepalived"}
    second.view()
    assert states(env, router_id)["h2"] == "unknown" and status(env, router_id) == "ACTIVE"
    for host in ("h1", "h3"):
        agent = Agent(env, host)
        agent.driver.knobs.failures = {router_id: "no keepalived"}
        agent.view()
    assert status(env, router_id) == "ERROR"


def test_a_host_that_stays_active_while_another_was_too_is_the_place_again(
    env: Environment,
) -> None:
    """Two hosts were cut off from each other; the first one does not report what did not change."""
    seen(env, *HOSTS)
    router_id = made(env)
    first, second = Agent(env, "h1"), Agent(env, "h2")
    for agent, wins in ((first, True), (second, False), (second, True), (second, False)):
        agent.driver.knobs.wins_elections = wins
        agent.view()
    assert states(env, router_id) == {"h1": "active", "h2": "standby", "h3": "standby"}
    assert place_of(env, router_id) == "h1"


def status(env: Environment, router_id: str) -> str:
    ctx = rooms.context(env, write=False)
    try:
        return ctx.session.get_one(Router, router_id).status
    finally:
        ctx.close()


def test_a_silent_host_is_replaced_when_too_few_are_left(env: Environment) -> None:
    seen(env, *HOSTS)
    router_id = made(env)
    silent(env, "h1")
    assert look(env) == []  # two are left, and the third may return
    silent(env, "h2")
    assert look(env) == [router_id] and look(env) == []
    assert set(states(env, router_id)) == {"h1", "h3", "h4"}
    seen(env, "h1", "h2")
    assert look(env) == []
    assert Agent(env, "h2").routers() == []


def test_a_second_host_that_joins_gets_the_router(env: Environment) -> None:
    seen(env, "h1")
    router_id = made(env)
    assert set(states(env, router_id)) == {"h1"} and look(env) == []
    seen(env, "h2")
    assert look(env) == [router_id]
    seen(env, "h3")
    assert set(states(env, router_id)) == {"h1", "h2"} and look(env) == []


def test_a_router_made_before_any_host_gets_them_all(env: Environment) -> None:
    router_id = made(env)
    assert states(env, router_id) == {} and place_of(env, router_id) == ""
    seen(env, "h1", "h2")
    assert look(env) == [router_id]
    assert set(states(env, router_id)) == {"h1", "h2"} and place_of(env, router_id) == "h1"


def follow(env: Environment, driver: str) -> None:
    """As when the server was started with another driver."""
    values: dict[str, dict[str, object]] = {
        "cloud": {"state_dir": str(env.settings.state_dir)}, "network": {"driver": driver}
    }  # fmt: skip
    env.settings = config.load({"network": NetworkSettings}, overrides=values)


def shown(env: Environment, router_id: str) -> tuple[bool, str, str]:
    """What the router says, the owner of its interface, and its host."""
    ctx = rooms.context(env, write=False)
    router = ctx.session.get_one(Router, router_id)
    owners = ctx.session.scalars(select(Port.device_owner).where(Port.holder_id == router_id))
    (owner,) = set(owners) - {elections.OWNER}
    assert (elections.are_of(router)) == bool(elections.states(ctx, router_id))
    ctx.close()
    return router.ha, owner, place_of(env, router_id)


def test_with_driver_ovn_it_is_kept_and_nothing_elected(env: Environment) -> None:
    follow(env, "ovn")
    seen(env, *HOSTS)
    router_id = made(env)
    plain = "network:router_interface"
    assert shown(env, router_id) == (True, plain, "h1")
    ctx = rooms.context(env)
    assert "l3-ha" in {one["alias"] for one in extensions.index(ctx)["extensions"]}
    assert ctx.session.scalars(select(ElectionNetwork)).all() == []
    ctx.close()
    silent(env, "h1")
    assert look(env) == [router_id] and look(env) == []
    assert shown(env, router_id) == (True, plain, "h2")
    ctx = rooms.context(env)
    router = routers.get(ctx, router_id)
    for ha in (False, True, False):
        routers.update(ctx, router, {"ha": ha, "admin_state_up": False})
        assert router.ha is ha
    ctx.commit()
    assert shown(env, router_id) == (False, plain, "h2")


def test_elections_end_with_driver_ovn_and_begin_with_another(env: Environment) -> None:
    seen(env, *HOSTS)
    router_id = made(env)
    assert shown(env, router_id) == (True, elections.INTERFACE_OWNER, "h1")
    follow(env, "ovn")
    assert look(env) == [router_id] and look(env) == []
    assert shown(env, router_id) == (True, "network:router_interface", "h1")
    follow(env, "linux")
    assert look(env) == [router_id] and look(env) == []
    assert shown(env, router_id) == (True, elections.INTERFACE_OWNER, "h1")
    assert set(states(env, router_id)) == {"h1", "h2", "h3"}


def test_nothing_is_left_of_the_last_router(env: Environment) -> None:
    seen(env, *HOSTS)
    router_id = made(env)
    ctx = rooms.context(env)
    second = routers.create(ctx, "p1", {"ha": True})
    assert second.ha_number == 2
    network_id = second.ha_network_id
    routers.delete(ctx, second)
    assert ctx.session.get(Network, network_id) is not None
    router = routers.get(ctx, router_id)
    routers.update(ctx, router, {"ha": False, "admin_state_up": False})
    assert ctx.session.get(Network, network_id) is None
    assert ctx.session.get(ElectionNetwork, "p1") is None
    assert placement.having(ctx, [router_id]) == {router_id: {"h1"}}
    ctx.commit()
    assert [len(Agent(env, host).routers()) for host in HOSTS] == [1, 0, 0, 0]


def test_only_hosts_with_the_card_of_its_external_network_have_it(env: Environment) -> None:
    seen(env, *HOSTS)
    router_id = made(env)
    ctx = rooms.context(env)
    for host in HOSTS[2:]:
        hosts.report(ctx, host, {"far": "eth1"})
    flat = {"provider:network_type": "flat", "provider:physical_network": "far"}
    far = networks.create(ctx, "p1", {"name": "far", "router:external": True, **flat})
    subnets.create(ctx, "p1", far, {"cidr": "203.0.113.0/24", "ip_version": 4})
    routers.set_gateway(ctx, ctx.session.get_one(Router, router_id), {"network_id": far.id})
    ctx.commit()
    assert set(states(env, router_id)) == {"h3", "h4"} and look(env) == []
    # a card that is taken away takes the router away while another host has one
    ctx = rooms.context(env)
    hosts.report(ctx, "h3", {})
    ctx.commit()
    assert look(env) == [router_id]
    assert set(states(env, router_id)) == {"h4"} and look(env) == []
