"""What the keys of hints write into OVN's northbound database is what the whole pass writes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from sqlalchemy import select

from stratolith.kernel import quota
from stratolith.kernel.agent.protocol import Offers
from stratolith.kernel.environment import Environment
from stratolith.network.drivers.ovn import central
from stratolith.network.drivers.ovn.ovsdb import OvsdbError
from stratolith.network.managers import floatingips, host_hints, ports, routers
from stratolith.network.managers.servers import port_ways
from stratolith.network.models import Port, Router
from stratolith.network.reconcilers.northbound import WHOLE, NorthboundWriter
from tests.drivers.network.test_ovn_northbound import content
from tests.reconcile.network.test_view_parts import ALL, HOSTS, OF_GROUPS, OF_PORTS, Cloud
from tests.unit.network import rooms

pytestmark = pytest.mark.root
# Rows that nothing uses any more stay until the next pass.
LEFT = ("group/", "members/", "network/", "address_group/")


@pytest.fixture
def env(tmp_path: Path) -> Iterator[Environment]:
    made = rooms.environment(
        tmp_path / "cloud", dhcp_domain="cloud.example", driver="ovn",
        enable_distributed_floating_ip=True,
    )  # fmt: skip
    ctx = rooms.context(made)
    for project in ("p1", "p2"):
        for name in ("port", "router", "floatingip", "security_group", "security_group_rule"):
            quota.set_limit(ctx, project, name, -1, made.service("network"))
    ctx.commit()
    assert made.agents is not None
    for number, host in enumerate(HOSTS, 1):
        offers = Offers(tunnel_address=f"192.0.2.{number}")
        made.agents.seen(host, "1", ["network"], made.clock.now(), offers)
    yield made
    made.db.dispose()


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[Callable[[str], Writer]]:
    """Makes a writer with a database of its own."""
    made: list[Writer] = []

    def make(name: str) -> Writer:
        made.append(Writer(tmp_path / name))
        return made[-1]

    yield make
    for each in made:
        each.close()


class Writer:
    def __init__(self, directory: Path) -> None:
        self.wholes = 0
        central.prepare("ovn-nb", directory)
        self.daemon = central.daemons(directory)[0]
        self.daemon.start()
        self.reconciler = NorthboundWriter(central.northbound_socket(directory))

    def write(self, env: Environment, key: str) -> None:
        ctx = rooms.context(env)
        self.reconciler.reconcile(ctx, key)
        ctx.close()

    def content(self) -> dict[tuple[str, str], dict[str, object]]:
        assert self.reconciler.database is not None
        return content(self.reconciler.database)

    def close(self) -> None:
        if self.reconciler.database is not None:
            self.reconciler.database.close()
        self.daemon.stop()


@pytest.mark.parametrize("acts", [OF_PORTS, OF_GROUPS, ALL], ids=["ports", "groups", "all"])
@pytest.mark.parametrize("seed", [1, 2])
def test_keys_write_what_the_whole_pass_writes(
    env: Environment,
    writer: Callable[[str], Writer],
    acts: Sequence[Callable[[Cloud], object]],
    seed: int,
) -> None:
    cloud, hints = Cloud(env, seed), list[str]()
    env.hints.listen(host_hints.NORTHBOUND, hints.append)
    by_keys, by_pass = writer("keys"), writer("pass")
    by_keys.write(env, WHOLE)
    ways = Counter[str]()
    for _ in range(40):
        hints.clear()
        act = cloud.step(acts)
        for key in dict.fromkeys(hints):
            by_keys.write(env, key)
            ways[by_keys.reconciler.last_way] += 1
        by_pass.write(env, WHOLE)
        written, wanted = by_keys.content(), by_pass.content()
        differing = {key for key, row in wanted.items() if written.get(key) != row}
        assert not differing, (
            act,
            hints,
            {key: (written.get(key), wanted[key]) for key in differing},
        )
        for key in written.keys() - wanted.keys():
            owner = written[key]["external_ids"]["stratolith_owner"]  # type: ignore[index]
            assert owner.startswith(LEFT), (act, hints, key)
    assert ways["whole"] <= ways.total() / 10


def test_the_pass_repairs_and_starts_from_nothing(
    env: Environment, writer: Callable[[str], Writer]
) -> None:
    cloud = Cloud(env, 3)
    for _ in range(20):
        cloud.step(ALL)
    made, other = writer("one"), writer("two")
    made.write(env, WHOLE)
    database = made.reconciler.database
    assert database is not None
    database.db.transact([{"op": "delete", "table": "Logical_Switch", "where": []}])
    made.write(env, WHOLE)
    other.write(env, WHOLE)
    assert made.content() == other.content()


def test_faults_are_told_to_doctor(
    env: Environment, writer: Callable[[str], Writer], tmp_path: Path
) -> None:
    """What no host can report, as no host knows of it."""
    made = writer("one")
    directory = tmp_path / "one"
    made.write(env, WHOLE)
    assert central.read_faults(directory) == {}
    made.daemon.stop()
    with pytest.raises(OvsdbError):
        made.write(env, WHOLE)
    assert list(central.read_faults(directory)) == ["northbound"]
    made.daemon.start()
    made.write(env, WHOLE)
    assert central.read_faults(directory) == {}


def test_a_floating_ip_is_translated_on_the_host_of_its_port(
    env: Environment, writer: Callable[[str], Writer]
) -> None:
    """On the router's host while the port has none: another guest may have its address."""
    cloud, hints, made = Cloud(env, 4), list[str](), writer("one")
    router = cloud.ctx.session.scalars(select(Router).order_by(Router.name)).first()
    assert router is not None
    info = {"network_id": cloud.public}
    routers.update(cloud.ctx, router, {"external_gateway_info": info})
    port = ports.create(cloud.ctx, "p1", {"network_id": cloud.networks[0]})
    values = {"floating_network_id": cloud.public, "port_id": port.id}
    outer = floatingips.create(cloud.ctx, "p1", values).floating_port_id
    mac = cloud.ctx.session.get_one(Port, outer).mac_address
    port_id = port.id
    cloud.commit()
    made.write(env, WHOLE)
    env.hints.listen(host_hints.NORTHBOUND, hints.append)

    def translated() -> tuple[object, object]:
        (row,) = [row for (table, _), row in made.content().items()
                  if table == "NAT" and row["type"] == {"dnat_and_snat"}]  # fmt: skip
        return row["logical_port"], row["external_mac"]

    nowhere, somewhere = (set(), set()), ({port_id}, {mac})
    assert translated() == nowhere
    for host, expected in (("h1", somewhere), ("h2", somewhere), ("", nowhere)):
        hints.clear()
        port = cloud.ctx.session.get_one(Port, port_id)
        ports.update(cloud.ctx, port, {"binding:host_id": host})
        cloud.commit()
        for key in dict.fromkeys(hints):
            made.write(env, key)
        assert translated() == expected


def test_a_diagnosis_asks_the_databases(env: Environment) -> None:
    """Beside the hosts, with what our database knows of the way."""
    cloud = Cloud(env, 5)
    port_id = cloud.boot()
    cloud.commit()
    (way,) = port_ways.of_server(cloud.ctx, "s1")
    assert way.central is not None and way.central.port_id == port_id
    assert set(way.central.gateways) == {router for asked in way.asked.values()
                                         for router in asked.routers}  # fmt: skip
    way.asked = {}
    port_ways.ask(cloud.ctx, [way])
    failed = [hop for host, hop in way.hops if hop.name == "network" and not host]
    assert [hop.passed for hop in failed] == [False] and "nb.sock" in failed[0].text
