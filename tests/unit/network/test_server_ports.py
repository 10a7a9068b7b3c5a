"""What compute asks for: plans are refused early, ports come and go with their server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from stratolith.kernel import events
from stratolith.kernel.auth import Identity
from stratolith.kernel.context import Context
from stratolith.kernel.environment import Environment
from stratolith.kernel.exceptions import ApiError
from stratolith.network.exceptions.general import InvalidInput
from stratolith.network.exceptions.requests import (
    ExternalNetworkAttachForbidden,
    FixedIpInUse,
    InterfaceNotFound,
    NetworkAmbiguous,
    NetworkRequiresSubnet,
    RequestedNetworkNotFound,
    RequestedPortInUse,
    RequestedPortNotFound,
    RequestedPortRequiresFixedIp,
    RequestedSecurityGroupNotFound,
    SecurityGroupAmbiguous,
)
from stratolith.network.managers import networks, ports, security_groups, subnets
from stratolith.network.managers.servers import server_ports
from stratolith.network.managers.servers.server_ports import NetworkRequest
from stratolith.network.models import Network, Port

from . import rooms

OTHER = Identity(user_id="u2", project_id="p2", roles=("member", "reader"))


@pytest.fixture
def env(tmp_path: Path) -> Iterator[Environment]:
    found = rooms.environment(tmp_path)
    yield found
    found.db.dispose()


@pytest.fixture
def ctx(env: Environment) -> Iterator[Context]:
    found = rooms.context(env)
    yield found
    found.close()


def make_network(ctx: Context, name: str = "n", cidr: str = "10.0.0.0/24") -> Network:
    network = networks.create(ctx, "p1", {"name": name})
    subnets.create(ctx, "p1", network, {"cidr": cidr, "ip_version": 4})
    return network


def plan(ctx: Context, *requests: NetworkRequest, groups: tuple[str, ...] = ()) -> object:
    return server_ports.plan(ctx, ctx.project_id, list(requests), list(groups))


def boot(ctx: Context, server: str, *requests: NetworkRequest) -> list[server_ports.ServerPort]:
    found = server_ports.plan(ctx, "p1", list(requests), [])
    return server_ports.create(ctx, found, server, "h1", "web", "nova")


def test_the_only_network_is_taken_by_itself(ctx: Context) -> None:
    assert boot(ctx, "s0") == []  # a project without networks
    network = make_network(ctx, "private")
    (port,) = boot(ctx, "s1")
    assert port.network_label == "private" and port.network_id == network.id
    assert port.made_by_us and port.security_groups == ["default"] and port.mtu == 1450
    assert port.fixed_ips[0]["ip_address"] == "10.0.0.3" and port.fixed_ips[0]["version"] == 4
    make_network(ctx, "second")
    with pytest.raises(NetworkAmbiguous):
        boot(ctx, "s2")


def refused(ctx: Context, error: type[ApiError], request: NetworkRequest, *groups: str) -> None:
    with pytest.raises(error):
        plan(ctx, request, groups=groups)


def test_bad_requests_are_refused_before_anything_is_made(ctx: Context) -> None:
    network = make_network(ctx)
    bare = networks.create(ctx, "p1", {"name": "bare"})
    on = NetworkRequest(network_id=network.id)
    refused(ctx, RequestedNetworkNotFound, NetworkRequest(network_id="nope"))
    refused(ctx, NetworkRequiresSubnet, NetworkRequest(network_id=bare.id))
    refused(ctx, RequestedPortNotFound, NetworkRequest(port_id="nope"))
    refused(ctx, RequestedSecurityGroupNotFound, on, "nope")
    for address, error in (
        ("10.9.9.9", InvalidInput),
        ("x", InvalidInput),
        ("10.0.0.2", FixedIpInUse),
    ):
        refused(ctx, error, NetworkRequest(network_id=network.id, fixed_ip=address))
    free = ports.create(ctx, "p1", {"network_id": network.id})
    with pytest.raises(InvalidInput, match="twice"):
        plan(ctx, NetworkRequest(port_id=free.id), NetworkRequest(port_id=free.id))
    bald = ports.create(ctx, "p1", {"network_id": network.id, "fixed_ips": []})
    refused(ctx, RequestedPortRequiresFixedIp, NetworkRequest(port_id=bald.id))
    boot(ctx, "s1", NetworkRequest(port_id=free.id))
    refused(ctx, RequestedPortInUse, NetworkRequest(port_id=free.id))
    group = {"name": "twin"}
    for _ in range(2):
        security_groups.create(ctx, "p1", group)
    refused(ctx, SecurityGroupAmbiguous, on, "twin")


def test_networks_of_others_are_not_there(env: Environment, ctx: Context) -> None:
    network = make_network(ctx)
    outside = networks.create(ctx, "p1", {"name": "x", "router:external": True})
    ctx.commit()
    other = rooms.context(env, identity=OTHER)
    refused(other, RequestedNetworkNotFound, NetworkRequest(network_id=network.id))
    refused(other, ExternalNetworkAttachForbidden, NetworkRequest(network_id=outside.id))
    other.close()


def test_release_takes_ours_and_leaves_theirs(ctx: Context) -> None:
    network = make_network(ctx)
    own = ports.create(ctx, "p1", {"network_id": network.id})
    asked = NetworkRequest(network_id=network.id, fixed_ip="10.0.0.50")
    found = boot(ctx, "s1", NetworkRequest(port_id=own.id), asked)
    assert {port.made_by_us for port in found} == {True, False}
    assert [p.fixed_ips[0]["ip_address"] for p in found if p.made_by_us] == ["10.0.0.50"]
    server_ports.release(ctx, "s1")
    assert server_ports.of_servers(ctx, ["s1"]) == {}
    left = ctx.session.get_one(Port, own.id)
    assert (left.device_id, left.binding_host, left.device_owner) == ("", "", "")
    boot(ctx, "s2", asked)  # the address is free again


def test_attach_and_detach(ctx: Context) -> None:
    network = make_network(ctx)
    request = NetworkRequest(network_id=network.id)
    boot(ctx, "s1", request)
    wanted = server_ports.plan(ctx, "p1", [request], [])
    (added,) = server_ports.attach(ctx, wanted, "s1", "h1", "web", "nova")
    assert len(server_ports.of_servers(ctx, ["s1"])["s1"]) == 2
    server_ports.detach(ctx, "s1", added.port_id)
    assert len(server_ports.of_servers(ctx, ["s1"])["s1"]) == 1
    with pytest.raises(InterfaceNotFound):
        server_ports.detach(ctx, "s1", added.port_id)


def test_a_deleted_port_is_told(env: Environment, ctx: Context) -> None:
    told: list[dict[str, object]] = []
    events.subscribe("network.port.deleted", lambda _, payload: told.append(payload))
    network = make_network(ctx)
    (port,) = boot(ctx, "s1", NetworkRequest(network_id=network.id))
    ports.delete(ctx, ports.get(ctx, port.port_id))
    ctx.commit()
    events.publish_pending(env)
    assert [one["port_id"] for one in told] == [port.port_id]
    assert told[0]["server_id"] == "s1"


def test_groups_change_on_all_ports(ctx: Context) -> None:
    network = make_network(ctx)
    boot(ctx, "s1", NetworkRequest(network_id=network.id))
    group = security_groups.create(ctx, "p1", {"name": "web"})
    server_ports.change_groups(ctx, "s1", add=group.id)
    (port,) = server_ports.of_servers(ctx, ["s1"])["s1"]
    assert port.security_groups == ["default", "web"]
    server_ports.change_groups(ctx, "s1", remove=group.id)
    (port,) = server_ports.of_servers(ctx, ["s1"])["s1"]
    assert port.security_groups == ["default"]


def test_network_data_names_links_and_networks(ctx: Context) -> None:
    network = make_network(ctx)
    (port,) = boot(ctx, "s1", NetworkRequest(network_id=network.id))
    data = server_ports.network_metadata(ctx, "s1")
    assert data["links"][0]["ethernet_mac_address"] == port.mac
    assert data["networks"][0]["type"] == "ipv4_dhcp"
    subnet = ports.subnets_of(ctx, network.id)[0]
    subnets.update(ctx, subnet, {"enable_dhcp": False, "dns_nameservers": ["9.9.9.9"]})
    data = server_ports.network_metadata(ctx, "s1")
    assert data["networks"][0]["ip_address"] == "10.0.0.3"
    assert data["networks"][0]["routes"][0]["gateway"] == "10.0.0.1"
    assert data["services"] == [{"type": "dns", "address": "9.9.9.9"}]


def test_a_reader_makes_the_default_group_too(env: Environment) -> None:
    """Looking at groups is a GET, and yet the first look makes one."""
    reading = rooms.context(env, write=False)
    (group,) = security_groups.of_project(reading, "p1")
    assert group.is_default
    assert len(security_groups.of_project(reading, "p1")) == 1
    reading.close()


@pytest.mark.parametrize("mode", ["slaac", "dhcpv6-stateless", "dhcpv6-stateful", None])
def test_network_data_names_the_mode_of_ipv6(ctx: Context, mode: str | None) -> None:
    network = networks.create(ctx, "p1", {"name": "n"})
    modes = {"ipv6_ra_mode": mode, "ipv6_address_mode": mode}
    subnets.create(ctx, "p1", network, {"cidr": "2001:db8::/64", "ip_version": 6, **modes})
    boot(ctx, "s1", NetworkRequest(network_id=network.id))
    (entry,) = server_ports.network_metadata(ctx, "s1")["networks"]
    if mode is None:
        assert entry.keys() == {"id", "type", "link", "network_id"}
        assert entry["type"] == "ipv6_dhcp"
    else:
        assert entry["type"] == f"ipv6_{mode}"
        assert entry["netmask"] == "ffff:ffff:ffff:ffff::"
        assert entry["routes"] == [{"network": "::", "netmask": "::", "gateway": "2001:db8::"}]
