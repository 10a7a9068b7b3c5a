"""The view of a host: what guests, groups, routers and DHCP become."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import select

from stratolith.kernel import quota
from stratolith.kernel.agent.protocol import Offers
from stratolith.kernel.context import Context
from stratolith.kernel.environment import Environment
from stratolith.kernel.exceptions import BadRequest
from stratolith.network.drivers.base import Applied, HostNetworkView, TunnelPeerView
from stratolith.network.managers import (
    floatingips,
    holders,
    networks,
    ports,
    router_interfaces,
    routers,
    subnets,
)
from stratolith.network.managers.servers import server_ports
from stratolith.network.models import FloatingIp, Network, Port
from stratolith.network.reconcilers.host_report import take_report
from stratolith.network.reconcilers.host_view import compile_view
from tests.testcloud import statements
from tests.unit.network import rooms


@pytest.fixture
def env(tmp_path: Path) -> Iterator[Environment]:
    found = rooms.environment(tmp_path)
    ctx = rooms.context(found)
    quota.set_limit(ctx, "p1", "port", -1, found.service("network"))
    ctx.commit()
    assert found.agents is not None
    found.agents.seen("h1", "1", ["network"], found.clock.now())
    yield found
    found.db.dispose()


@pytest.fixture
def ctx(env: Environment) -> Iterator[Context]:
    found = rooms.context(env)
    yield found
    found.close()


def boot(
    ctx: Context, network_id: str, server: str, host: str, project: str = "p1", name: str = ""
) -> server_ports.ServerPort:
    request = server_ports.NetworkRequest(network_id=network_id)
    plan = server_ports.plan(ctx, project, [request], [])
    return server_ports.create(ctx, plan, server, host, name or f"name-{server}", "nova")[-1]


def private(ctx: Context, cidr: str = "10.0.0.0/16") -> str:
    network = networks.create(ctx, "p1", {"name": "private"})
    subnets.create(ctx, "p1", network, {"cidr": cidr, "ip_version": 4})
    return network.id


def routed(ctx: Context, network_id: str) -> tuple[str, str]:
    """A router between the network and a new external one; (router id, external id)."""
    flat = {"provider:network_type": "flat", "provider:physical_network": "physnet1"}
    public = networks.create(ctx, "p1", {"name": "public", "router:external": True, **flat})
    outside = {"cidr": "172.24.4.0/24", "ip_version": 4, "enable_dhcp": False}
    subnets.create(ctx, "p1", public, outside)
    info = {"network_id": public.id}
    router = routers.create(ctx, "p1", {"name": "r", "external_gateway_info": info})
    subnet = ports.subnets_of(ctx, network_id)[0]
    router_interfaces.add(ctx, router, {"subnet_id": subnet.id})
    return router.id, public.id


def test_a_name_on_a_shared_network_is_one_projects(ctx: Context) -> None:
    """The owner's, else the first one's; and names that mean something to programs nobody's."""
    network = networks.create(ctx, "p1", {"name": "common", "shared": True})
    subnets.create(ctx, "p1", network, {"cidr": "10.0.0.0/16", "ip_version": 4})
    wanted = [
        ("p2", "web", ""), ("p3", "Web", ""), ("p1", "web", "web"), ("p1", "web", "web"),
        ("p2", "db", "db"), ("p3", "db", ""), ("p2", "db", "db"), ("p3", "localhost", ""),
        ("p3", "wpad", ""), ("p3", "host-10-0-0-3", ""), ("p3", "host-a", "host-a"),
    ]  # fmt: skip
    got = {}
    for number, (project, name, _) in enumerate(wanted):
        got[boot(ctx, network.id, f"s{number}", "h1", project, name).port_id] = number
    (view,) = compile_view(ctx, "h1").networks
    assert len(view.dhcp_hosts) == len(wanted)
    for host in view.dhcp_hosts:
        expected = wanted[got[host.port_id]][2] or f"host-{host.ip_address.replace('.', '-')}"
        assert host.hostname == expected


def test_a_guest_gets_tap_rules_lease_and_router(ctx: Context) -> None:
    network_id = private(ctx)
    router_id, public_id = routed(ctx, network_id)
    port = boot(ctx, network_id, "s1", "h1")
    floating = floatingips.create(
        ctx, "p1", {"floating_network_id": public_id, "port_id": port.port_id}
    )
    view = compile_view(ctx, "h1")
    network = next(n for n in view.networks if n.id == network_id)
    assert network.network_type == "vxlan" and network.mtu == 1450
    assert network.segmentation_id == 5000
    assert [p.tap for p in network.ports] == [f"tap{port.port_id[:11]}"]
    assert network.subnets[0].dhcp_ip == "10.0.0.2"
    (lease,) = network.dhcp_hosts
    assert (lease.ip_address, lease.hostname, lease.server_id) == ("10.0.0.3", "name-s1", "s1")
    ingress = [r for r in network.ports[0].rules if r.direction == "ingress"]
    (mine,) = {r.remote_group for r in ingress}
    assert view.groups == {mine: {port.port_id: ["10.0.0.3"]}}
    assert all(r.remote_cidrs == [] for r in ingress)  # who knows no groups lets nobody in
    (router,) = view.routers
    assert router.id == router_id and router.gateway_nexthops == ["172.24.4.1"]
    assert router.interfaces[0].addresses == ["10.0.0.1/16"]
    assert router.gateway is not None and router.gateway.bridge == "br-stl-ext"
    (fip,) = router.floating_ips
    assert (fip.floating_ip, fip.fixed_ip) == (floating.floating_ip_address, "10.0.0.3")
    assert view.externals[0].gateway_cidrs == ["172.24.4.1/24"]


def test_what_is_switched_off_is_nowhere(ctx: Context) -> None:
    """Ports of routers and DHCP servers, by themselves and with their networks."""
    network_id = private(ctx)
    router_id, public_id = routed(ctx, network_id)
    port = boot(ctx, network_id, "s1", "h1")
    floatingips.create(ctx, "p1", {"floating_network_id": public_id, "port_id": port.port_id})

    def shown() -> tuple[int, bool, bool]:
        view = compile_view(ctx, "h1")
        network = next(n for n in view.networks if n.id == network_id)
        (router,) = view.routers
        assert bool(router.floating_ips) == (router.gateway is not None)
        has_lease = bool(network.dhcp_hosts and network.dhcp_port_id)
        return len(router.interfaces), router.gateway is not None, has_lease

    def held(holder: str, holder_id: str) -> Port:
        return ctx.session.scalars(
            select(Port).where(Port.holder == holder, Port.holder_id == holder_id)
        ).one()

    def switched(thing: Port | Network, update: Any) -> tuple[int, bool, bool]:
        update(ctx, thing, {"admin_state_up": False})
        off = shown()
        update(ctx, thing, {"admin_state_up": True})
        assert shown() == (1, True, True)
        return off

    assert switched(held(holders.INTERFACE, router_id), ports.update) == (0, True, True)
    assert switched(held(holders.GATEWAY, router_id), ports.update) == (1, False, True)
    assert switched(held(holders.DHCP, network_id), ports.update) == (1, True, False)
    public, network = (ctx.session.get_one(Network, key) for key in (public_id, network_id))
    assert switched(public, networks.update) == (1, False, True)
    assert switched(network, networks.update) == (0, True, False)


def test_another_host_sees_only_what_is_its_own(ctx: Context) -> None:
    one, two = private(ctx), private(ctx)
    boot(ctx, one, "s1", "h1")
    boot(ctx, two, "s2", "h2")
    assert [n.id for n in compile_view(ctx, "h1").networks] == [one]
    assert [n.id for n in compile_view(ctx, "h2").networks] == [two]


def test_members_on_other_hosts_are_in_the_rules(ctx: Context) -> None:
    network_id = private(ctx)
    one, two = boot(ctx, network_id, "s1", "h1"), boot(ctx, network_id, "s2", "h2")
    view = compile_view(ctx, "h1")
    (network,) = view.networks
    (group,) = {r.remote_group for r in network.ports[0].rules if r.remote_group}
    assert view.groups == {group: {one.port_id: ["10.0.0.3"], two.port_id: ["10.0.0.4"]}}
    assert len(network.dhcp_hosts) == 2


def test_released_ports_leave_the_view(ctx: Context) -> None:
    network_id = private(ctx)
    kept = ports.create(ctx, "p1", {"network_id": network_id})
    request = server_ports.NetworkRequest(port_id=kept.id)
    plan = server_ports.plan(ctx, "p1", [request], [])
    server_ports.create(ctx, plan, "s1", "h1", "name", "nova")
    made = boot(ctx, network_id, "s1", "h1")
    assert len(compile_view(ctx, "h1").networks[0].ports) == 2
    server_ports.release(ctx, "s1")
    (view,) = compile_view(ctx, "h1").networks  # with its first port the network got DHCP here
    assert view.ports == []
    assert ctx.session.get(Port, kept.id) is not None
    assert ctx.session.get(Port, made.port_id) is None


def test_reports_bring_ports_and_floating_ips_up_and_down(ctx: Context) -> None:
    network_id = private(ctx)
    router_id, public_id = routed(ctx, network_id)
    port = boot(ctx, network_id, "s1", "h1")
    floating = floatingips.create(
        ctx, "p1", {"floating_network_id": public_id, "port_id": port.port_id}
    )
    good = Applied(
        generation=1,
        ports=[port.port_id],
        networks=[network_id],
        routers=[router_id],
        floating_ips=[floating.id],
    )
    take_report(ctx, "h1", msgspec.to_builtins(good))
    assert ctx.session.get_one(Port, port.port_id).status == "ACTIVE"
    assert ctx.session.get_one(FloatingIp, floating.id).status == "ACTIVE"
    own = ctx.session.query(Port).filter(Port.device_owner.startswith("network:router"))
    assert {one.status for one in own} == {"ACTIVE"}
    bad = Applied(generation=2, errors={port.port_id: "no tap", floating.id: "no router"})
    take_report(ctx, "h1", msgspec.to_builtins(bad))
    assert ctx.session.get_one(Port, port.port_id).status == "ERROR"
    assert ctx.session.get_one(FloatingIp, floating.id).status == "ERROR"
    with pytest.raises(BadRequest):
        take_report(ctx, "h1", {"ports": 3})


def test_an_error_that_is_reported_again_is_logged_once(
    ctx: Context, caplog: pytest.LogCaptureFixture
) -> None:
    for reason in ("no bridge", "no bridge", "no device"):
        failed = Applied(generation=1, errors={"port-1": reason})
        take_report(ctx, "h1", msgspec.to_builtins(failed))
    told = [r.getMessage() for r in caplog.records if "is not realised" in r.getMessage()]
    assert [message.rpartition(": ")[2] for message in told] == ["no bridge", "no device"]


def test_a_report_of_another_host_changes_nothing(ctx: Context) -> None:
    port = boot(ctx, private(ctx), "s1", "h1")
    stray = Applied(generation=1, ports=[port.port_id])
    take_report(ctx, "h2", msgspec.to_builtins(stray))
    assert ctx.session.get_one(Port, port.port_id).status == "DOWN"


def test_the_view_survives_the_wire(ctx: Context) -> None:
    boot(ctx, private(ctx), "s1", "h1")
    view = compile_view(ctx, "h1")
    assert msgspec.json.decode(msgspec.json.encode(view), type=HostNetworkView) == view


def test_a_view_of_a_hundred_ports_takes_as_many_statements_as_one_of_two(
    env: Environment,
) -> None:
    ctx = rooms.context(env)
    network_id = private(ctx)
    sent = []
    for count in (2, 100):
        for number in range(count):
            boot(ctx, network_id, f"s{count}-{number}", "h1")
        ctx.commit()
        sent.append(len(statements(env, lambda: compile_whole(env))))
    assert sent[0] == sent[1] <= 25
    view = compile_whole(env)
    assert len(view.networks[0].ports) == 102
    assert [len(members) for members in view.groups.values()] == [102]


def compile_whole(env: Environment) -> HostNetworkView:
    reading = rooms.context(env, write=False)
    try:
        return compile_view(reading, "h1")
    finally:
        reading.close()


def tunnel_addresses(ctx: Context, **addresses: str) -> None:
    """These hosts are alive, and have these addresses for tunnels."""
    assert ctx.env.agents is not None
    ctx.commit()
    for host, address in addresses.items():
        offers = Offers(tunnel_address=address)
        ctx.env.agents.seen(host, "1", ["network"], ctx.env.clock.now(), offers)


def only_peer(ctx: Context, address: str, port: server_ports.ServerPort) -> TunnelPeerView:
    """A host with this port alone."""
    fixed_ips = ports.fixed_ips(ctx, [port.port_id])[port.port_id]
    known = {port.port_id: [fixed_ip["ip_address"] for fixed_ip in fixed_ips]}
    row = ctx.session.get_one(Port, port.port_id)
    servers = {port.port_id: (row.holder_id, row.project_id)}
    return TunnelPeerView(
        address=address, ports={port.port_id: port.mac}, addresses=known, servers=servers
    )


def test_hosts_of_a_network_know_each_other(ctx: Context) -> None:
    network_id, alone = private(ctx), private(ctx)
    here, there = boot(ctx, network_id, "s1", "h1"), boot(ctx, network_id, "s2", "h2")
    boot(ctx, alone, "s3", "h1")
    tunnel_addresses(ctx, h1="192.0.2.1", h2="192.0.2.2", h3="192.0.2.3")
    view = compile_view(ctx, "h1")
    assert view.tunnel_address == "192.0.2.1"
    peers = {network.id: network.peers for network in view.networks}
    assert peers == {
        network_id: [only_peer(ctx, "192.0.2.2", there)],
        alone: [],
    }
    (network,) = compile_view(ctx, "h2").networks
    assert network.peers == [only_peer(ctx, "192.0.2.1", here)]
    assert compile_view(ctx, "h3").networks == []


def test_an_address_with_another_mac_in_a_pair_of_its_port_has_no_place(ctx: Context) -> None:
    """It may move between guests; further addresses of the port change nothing."""
    network_id = private(ctx)
    here = boot(ctx, network_id, "s1", "h1")
    boot(ctx, network_id, "s2", "h2")
    tunnel_addresses(ctx, h1="192.0.2.1", h2="192.0.2.2")
    (known,) = only_peer(ctx, "192.0.2.1", here).addresses.values()
    other = "fa:16:3e:00:00:99"
    for pair, expected in (
        (("10.0.9.9", here.mac), {here.port_id: known}),
        (("10.0.9.9", other), {here.port_id: known}),
        ((known[0], here.mac), {here.port_id: known}),
        ((known[0], other), {}),
    ):
        pairs = [{"ip_address": pair[0], "mac_address": pair[1]}]
        ports.update(ctx, ctx.session.get_one(Port, here.port_id), {"allowed_address_pairs": pairs})
        (network,) = compile_view(ctx, "h2").networks
        assert network.peers[0].addresses == expected, pair


def test_the_host_of_the_router_is_a_peer_without_a_guest(ctx: Context) -> None:
    network_id = private(ctx)
    guest = boot(ctx, network_id, "s1", "h2")
    routed(ctx, network_id)
    tunnel_addresses(ctx, h1="192.0.2.1", h2="192.0.2.2")
    found = next(net for net in compile_view(ctx, "h2").networks if net.id == network_id)
    (peer,) = found.peers
    assert peer.address == "192.0.2.1" and len(peer.ports) == 1
    found = next(net for net in compile_view(ctx, "h1").networks if net.id == network_id)
    assert found.peers == [only_peer(ctx, "192.0.2.2", guest)]


def test_a_host_without_an_address_for_tunnels_is_nobodys_peer(ctx: Context) -> None:
    network_id = private(ctx)
    boot(ctx, network_id, "s1", "h1")
    boot(ctx, network_id, "s2", "h2")
    tunnel_addresses(ctx, h1="192.0.2.1", h2="")
    for host in ("h1", "h2"):
        (network,) = compile_view(ctx, host).networks
        assert network.peers == []
