"""Rows that no API would write: each takes its own object out of the view and nothing else."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec
import pytest
from sqlalchemy import text

from stratolith.kernel.context import Context
from stratolith.kernel.environment import Environment
from stratolith.network.drivers.base import Applied, HostNetworkView
from stratolith.network.drivers.linux.rules import members
from stratolith.network.managers import (
    floatingips,
    networks,
    router_interfaces,
    routers,
    security_groups,
    subnets,
)
from stratolith.network.managers.servers import server_ports
from stratolith.network.models import (
    FixedIp,
    FloatingIp,
    Network,
    Port,
    Router,
    SecurityGroupRule,
    Subnet,
)
from stratolith.network.reconcilers.host_report import take_report
from stratolith.network.reconcilers.host_view import compile_view
from stratolith.network.reconcilers.view_rows import (
    AddressRow,
    FloatingIpRow,
    NetworkRow,
    PortRow,
    RouterRow,
    RuleRow,
    SubnetRow,
)
from tests.unit.network import rooms

JUNK = ["junk", "fe80::%eth0/64", "10.66.0.5/24", "[1]", '[{"x": 1}]', "-1", b"\xff"]
KEYS = {
    "id",
    "network_id",
    "floating_network_id",
    "port_id",
    "subnet_id",
    "security_group_id",
    "remote_group_id",
    "remote_address_group_id",
    "router_id",
}


@dataclass
class Tenant:
    """One tenant's objects: a server's port on a network with a router and a floating IP."""

    network: str
    port: str
    rows: dict[type[Any], str]  # table -> id of its row


@pytest.fixture(scope="module")  # every test takes back what it did
def env(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Environment]:
    found = rooms.environment(tmp_path_factory.mktemp("cloud"))
    assert found.agents is not None
    found.agents.seen("h1", "1", ["network"], found.clock.now())
    yield found
    found.db.dispose()


def tenant(ctx: Context, name: str, public: str) -> Tenant:
    network = networks.create(ctx, "p1", {"name": name})
    subnet = subnets.create(ctx, "p1", network, {"cidr": "10.0.0.0/24", "ip_version": 4})
    group = security_groups.create(ctx, "p1", {"name": name})
    request = server_ports.NetworkRequest(network_id=network.id)
    plan = server_ports.plan(ctx, "p1", [request], [group.id])
    port = server_ports.create(ctx, plan, f"server-{name}", "h1", name, "nova")[-1].port_id
    row = ctx.session.get_one(Port, port)
    row.allowed_address_pairs = [{"ip_address": "10.9.0.0/24", "mac_address": row.mac_address}]
    row.extra_dhcp_opts = [{"opt_name": "mtu", "opt_value": "1400"}]
    rule = SecurityGroupRule(
        project_id="p1", security_group_id=group.id, direction="ingress", ethertype="IPv4",
        protocol="tcp", port_range_min=22, port_range_max=22, remote_ip_prefix="10.0.0.0/8",
    )  # fmt: skip
    ctx.session.add(rule)
    info = {"network_id": public}
    router = routers.create(ctx, "p1", {"name": name, "external_gateway_info": info})
    router_interfaces.add(ctx, router, {"subnet_id": subnet.id})
    floating = floatingips.create(ctx, "p1", {"floating_network_id": public, "port_id": port})
    ctx.session.flush()
    ids = {
        Network: network.id, Subnet: subnet.id, Port: port, Router: router.id,
        FloatingIp: floating.id, SecurityGroupRule: rule.id, FixedIp: port,
    }  # fmt: skip
    return Tenant(network.id, port, ids)


@pytest.fixture(scope="module")
def two(env: Environment) -> tuple[Tenant, Tenant]:
    ctx = rooms.context(env)
    flat = {"provider:network_type": "flat", "provider:physical_network": "physnet1"}
    public = networks.create(ctx, "p1", {"name": "public", "router:external": True, **flat})
    outside = {"cidr": "172.24.4.0/24", "ip_version": 4, "enable_dhcp": False}
    subnets.create(ctx, "p1", public, outside)
    made = tenant(ctx, "good", public.id), tenant(ctx, "bad", public.id)
    ctx.commit()
    return made


def columns() -> list[Any]:
    """Every column that a view reads, but for those by which rows find each other."""
    kinds = {
        Network: NetworkRow, Subnet: SubnetRow, Port: PortRow, FixedIp: AddressRow,
        SecurityGroupRule: RuleRow, Router: RouterRow, FloatingIp: FloatingIpRow,
    }  # fmt: skip
    return [
        pytest.param(model, name, id=f"{model.__tablename__}.{name}")
        for model, kind in kinds.items()
        for name in kind.__struct_fields__
        if name not in KEYS and hasattr(model, name)
    ]


def spoil(ctx: Context, model: type[Any], row_id: str, column: str, value: Any) -> None:
    key = "port_id" if model is FixedIp else "id"
    casted = "CAST(:value AS TEXT)" if isinstance(value, bytes) else ":value"
    sql = f"UPDATE {model.__tablename__} SET {column} = {casted} WHERE {key} = :id"
    ctx.session.execute(
        text(sql.replace("SET offset", 'SET "offset"')), {"value": value, "id": row_id}
    )


@pytest.mark.parametrize(("model", "column"), columns())
def test_junk_in_a_column(
    env: Environment, two: tuple[Tenant, Tenant], model: type[Any], column: str
) -> None:
    if env.db.engine.dialect.name != "sqlite":
        pytest.skip("its columns have types")
    good, bad = two
    before = seen(view_of(env), good)
    for value in JUNK:
        ctx = rooms.context(env)
        spoil(ctx, model, bad.rows[model], column, value)
        view = compile_view(ctx, "h1")
        assert seen(view, good) == before, value
        # and the host understands all of it
        assert msgspec.json.decode(msgspec.json.encode(view), type=HostNetworkView) == view
        left = set(view.left_out)
        assert left <= set(bad.rows.values()), value
        report = Applied(generation=1, ports=[good.port], errors=view.left_out)
        take_report(ctx, "h1", msgspec.to_builtins(report))
        if bad.port in left and model is not Port:  # which could not be read again
            assert ctx.session.get_one(Port, bad.port).status == "ERROR"
        ctx.session.rollback()
        ctx.close()


def view_of(env: Environment) -> HostNetworkView:
    ctx = rooms.context(env, write=False)
    try:
        return compile_view(ctx, "h1")
    finally:
        ctx.close()


def seen(view: HostNetworkView, who: Tenant) -> tuple[object, ...]:
    """All that a host is told of one tenant."""
    network = next(one for one in view.networks if one.id == who.network)
    router = next(one for one in view.routers if one.id == who.rows[Router])
    return network, router


WRONG = [
    (Port, "mac_address", "not a mac"),
    (Port, "allowed_address_pairs", '[{"ip_address": "fe80::%x/64", "mac_address": "x"}]'),
    (Port, "allowed_address_pairs", "no JSON"),
    (FixedIp, "ip_address", "10.0.0.999"),
    (SecurityGroupRule, "remote_ip_prefix", "not-a-cidr"),
    (SecurityGroupRule, "remote_ip_prefix", "fe80::%x/64"),
    (SecurityGroupRule, "protocol", "tcp; flush ruleset"),
    (SecurityGroupRule, "port_range_min", 70000),
    (SecurityGroupRule, "port_range_min", 23),
    (Subnet, "cidr", "10.0.0.0/99"),
    (Subnet, "host_routes", '[{"destination": "x", "nexthop": "y"}]'),
    (Router, "routes", '[{"destination": "10.0.0.0/8", "nexthop": "fd00::1"}]'),
    (FloatingIp, "fixed_ip_address", "x"),
    (Network, "mtu", 1),
]


@pytest.mark.parametrize(("model", "column", "value"), WRONG)
def test_the_reason_is_told_under_the_objects_id(
    env: Environment, two: tuple[Tenant, Tenant], model: type[Any], column: str, value: Any
) -> None:
    _, bad = two
    ctx = rooms.context(env)
    spoil(ctx, model, bad.rows[model], column, value)
    assert list(compile_view(ctx, "h1").left_out) == [bad.rows[model]]
    ctx.session.rollback()
    ctx.close()


def test_an_allowed_pair_with_host_bits_is_its_network(
    env: Environment, two: tuple[Tenant, Tenant]
) -> None:
    """Older releases stored such pairs; groups whose members have one are still resolved."""
    _, bad = two
    ctx = rooms.context(env)
    port = ctx.session.get_one(Port, bad.port)
    port.allowed_address_pairs = [{"ip_address": "10.66.0.5/24", "mac_address": port.mac_address}]
    rule = ctx.session.get_one(SecurityGroupRule, bad.rows[SecurityGroupRule])
    rule.remote_ip_prefix, rule.remote_group_id = None, rule.security_group_id
    ctx.session.flush()
    view = compile_view(ctx, "h1")
    assert view.left_out == {}
    (network,) = [one for one in view.networks if one.id == bad.network]
    (group,) = {rule.remote_group for rule in network.ports[0].rules if rule.remote_group}
    found = members(itertools.chain(*view.groups[group].values()))
    assert "10.0.0.3" in found.single and [str(one) for one in found.blocks] == ["10.66.0.0/24"]
    ctx.session.rollback()
    ctx.close()
