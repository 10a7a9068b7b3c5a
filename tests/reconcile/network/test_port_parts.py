"""A part of a view, put into the view a host had, is what the whole view would have been."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from stratolith.kernel import quota
from stratolith.kernel.agent.protocol import Offers
from stratolith.kernel.context import Context
from stratolith.kernel.environment import Environment
from stratolith.kernel.hints import HOST_HINT
from stratolith.network.agent.parts import merged
from stratolith.network.drivers.base import HostNetworkPart, HostNetworkView
from stratolith.network.managers import (
    host_hints,
    networks,
    ports,
    router_interfaces,
    routers,
    security_group_rules,
    security_groups,
    subnets,
)
from stratolith.network.managers.servers import server_ports
from stratolith.network.models import Port
from stratolith.network.reconcilers.host_view import compile_view
from stratolith.network.reconcilers.port_parts import answer
from tests.unit.network import rooms

HOSTS = ("h1", "h2", "h3")


@pytest.fixture
def env(tmp_path: Path) -> Iterator[Environment]:
    found = rooms.environment(tmp_path)
    ctx = rooms.context(found)
    for project in ("p1", "p2"):
        quota.set_limit(ctx, project, "port", -1, found.service("network"))
    ctx.commit()
    assert found.agents is not None
    for number, host in enumerate(HOSTS, 1):
        offers = Offers(tunnel_address=f"192.0.2.{number}")
        found.agents.seen(host, "1", ["network"], found.clock.now(), offers)
    yield found
    found.db.dispose()


class Cloud:
    """Ports that come, go and change on a few networks, one of them shared, one routed."""

    def __init__(self, env: Environment, seed: int) -> None:
        self.env, self.random = env, random.Random(seed)
        self.ctx = rooms.context(env)
        self.servers: dict[str, list[str]] = {}  # server -> its ports
        self.booted = 0
        self.networks = [self._network(f"n{number}", number == 2) for number in range(3)]
        self.router = routers.create(self.ctx, "p1", {"name": "r"})
        subnet = ports.subnets_of(self.ctx, self.networks[0])[0]
        router_interfaces.add(self.ctx, self.router, {"subnet_id": subnet.id})
        self.groups = self._groups()
        self.commit()

    def _network(self, name: str, shared: bool) -> str:
        network = networks.create(self.ctx, "p1", {"name": name, "shared": shared})
        subnets.create(self.ctx, "p1", network, {"cidr": "10.0.0.0/24", "ip_version": 4})
        return network.id

    def _groups(self) -> list[str]:
        made = [security_groups.create(self.ctx, "p1", {"name": f"g{n}"}).id for n in range(3)]
        for of, remote in ((0, 1), (1, 1), (2, 0)):
            values = {"direction": "ingress", "ethertype": "IPv4", "remote_group_id": made[remote]}
            security_group_rules.create(self.ctx, "p1", {"security_group_id": made[of], **values})
        return made

    def commit(self) -> None:
        self.ctx.commit()
        self.ctx = rooms.context(self.env)

    # -- what may happen ---------------------------------------------------------------------

    def boot(self) -> str:
        network = self.random.choice(self.networks)
        project = self.random.choice(("p1", "p2")) if network == self.networks[2] else "p1"
        request = server_ports.NetworkRequest(network_id=network)
        plan = server_ports.plan(self.ctx, project, [request], [])
        self.booted += 1
        server = f"s{self.booted}"
        name = self.random.choice(("web", "db", server))
        host = self.random.choice(HOSTS)
        (made,) = server_ports.create(self.ctx, plan, server, host, name, "nova")
        self.servers[server] = [made.port_id]
        return made.port_id

    def release(self) -> str:
        server = self.random.choice(sorted(self.servers))
        server_ports.release(self.ctx, server)
        return self.servers.pop(server)[0]

    def move(self) -> str:
        port = self._port()
        server_ports.bind(self.ctx, [port.id], self.random.choice(HOSTS))
        return port.id

    def regroup(self) -> str:
        port = self._port()
        if port.project_id != "p1" or not port.port_security_enabled:
            return port.id
        some = self.random.sample(self.groups, self.random.randint(0, 2))
        ports.update(self.ctx, port, {"security_groups": some})
        return port.id

    def change(self) -> str:
        port = self._port()
        pair = {"ip_address": self.random.choice(("10.0.9.9", "10.0.8.0/24", "10.0.8.128/25"))}
        changes: list[dict[str, object]] = [
            {"admin_state_up": False}, {"admin_state_up": True}, {"name": "another"},
            {"extra_dhcp_opts": [{"opt_name": "mtu", "opt_value": "1400", "ip_version": 4}]},
        ]  # fmt: skip
        if port.port_security_enabled:
            changes += [{"allowed_address_pairs": [pair]}, {"allowed_address_pairs": []}]
        else:
            changes += [{"port_security_enabled": True}]
        ports.update(self.ctx, port, self.random.choice(changes))
        return port.id

    def open(self) -> str:
        port = self._port()
        free = {"port_security_enabled": False, "security_groups": [], "allowed_address_pairs": []}
        ports.update(self.ctx, port, free)
        return port.id

    def _port(self) -> Port:
        server = self.random.choice(sorted(self.servers))
        return self.ctx.session.get_one(Port, self.servers[server][0])

    def step(self) -> str:
        """Do something; gives the port it was about."""
        acts: list[Callable[[], str]] = [self.boot, self.move, self.regroup, self.change]
        acts += [self.boot, self.release, self.open] if len(self.servers) > 6 else [self.boot]
        touched = (self.random.choice(acts) if self.servers else self.boot)()
        self.commit()
        return touched


def plain(view: HostNetworkView) -> HostNetworkView:
    return msgspec.structs.replace(view, generation=0)


def read(env: Environment, host: str, keys: list[str] | None) -> object:
    ctx: Context = rooms.context(env, write=False)
    try:
        return answer(ctx, host, keys)
    finally:
        ctx.close()


def whole(env: Environment, host: str) -> HostNetworkView:
    found = read(env, host, None)
    assert isinstance(found, HostNetworkView)
    return found


@pytest.mark.parametrize("seed", range(4))
def test_parts_put_together_are_the_whole_view(env: Environment, seed: int) -> None:
    """After each change, on each host; and whose view changed was told of it."""
    cloud, counts, told = Cloud(env, seed), Counter[str](), list[str]()
    env.hints.listen(HOST_HINT, told.append)
    kept = {host: whole(env, host) for host in HOSTS}
    for _ in range(50):
        told.clear()
        key = host_hints.key_of(cloud.step())
        woken = {hint.split("\n")[0] for hint in told}
        assert all(hint.split("\n")[2] == key for hint in told)
        for host in HOSTS:
            part, after = read(env, host, [key]), whole(env, host)
            assert isinstance(part, HostNetworkPart)
            made = part.whole or merged(kept[host], part)
            counts["whole" if made is None or part.whole else "part"] += 1
            if made is not None:
                assert plain(made) == plain(after)
            if plain(after) != plain(kept[host]):
                assert host in woken
            kept[host] = after
    assert counts["part"] > 30 and counts["whole"] > 10


def test_several_ports_at_once(env: Environment) -> None:
    cloud = Cloud(env, 99)
    for _ in range(12):
        cloud.boot()
    cloud.commit()
    kept = {host: whole(env, host) for host in HOSTS}
    keys = [host_hints.key_of(cloud.step()) for _ in range(5)]
    for host in HOSTS:
        part = read(env, host, keys)
        assert isinstance(part, HostNetworkPart)
        made = part.whole or merged(kept[host], part)
        assert made is None or plain(made) == plain(whole(env, host))


@pytest.mark.parametrize("key", ["", "network/x", "port/", "junk"])
def test_other_keys_are_answered_by_the_whole_view(env: Environment, key: str) -> None:
    cloud = Cloud(env, 1)
    cloud.boot()
    cloud.commit()
    part = read(env, "h1", [key])
    assert isinstance(part, HostNetworkPart) and part.whole is not None
    assert plain(part.whole) == plain(whole(env, "h1"))


def test_a_host_learns_nothing_of_ports_that_are_not_its_business(env: Environment) -> None:
    """By asking for them by key: neither of other networks nor of groups that no rule names."""
    cloud = Cloud(env, 1)
    request = server_ports.NetworkRequest(network_id=cloud.networks[1])
    plan = server_ports.plan(cloud.ctx, "p1", [request], [])
    (made,) = server_ports.create(cloud.ctx, plan, "s1", "h2", "name", "nova")
    cloud.commit()
    part = read(env, "h3", [host_hints.key_of(made.port_id)])
    assert isinstance(part, HostNetworkPart) and part.whole is None
    (one,) = part.ports.values()
    assert one == type(one)()


def test_whoever_has_something_left_out_asks_for_the_whole_view(env: Environment) -> None:
    cloud = Cloud(env, 1)
    cloud.boot()
    cloud.commit()
    view = msgspec.structs.replace(compile_view(cloud.ctx, "h1"), left_out={"x": "why"})
    cloud.ctx.close()
    assert merged(view, HostNetworkPart(generation=1)) is None
