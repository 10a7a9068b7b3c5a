"""Extensions that change little: each has its test here, by the alias that is advertised."""

from __future__ import annotations

import pytest

from tests.testcloud import Client, TestCloud

from .conftest import Net


@pytest.fixture
def boss(admin: Client) -> Net:
    return Net(admin)


@pytest.mark.parametrize(
    ("pair", "message"),
    [
        ({"ip_address": "224.0.0.5"}, "IP 224.0.0.5 is a multicast address"),
        ({"ip_address": "ff02::1"}, "IP ff02::1 is a multicast address"),
        ({"ip_address": "224.0.0.0/4"}, "Subnet 224.0.0.0/4 overlaps with multicast range"),
        ({"ip_address": "128.0.0.0/1"}, "Subnet 128.0.0.0/1 overlaps with multicast range"),
        ({"ip_address": "::/0"}, "Subnet ::/0 overlaps with multicast range ff00::/8"),
        (
            {"ip_address": "10.0.0.1", "mac_address": "01:00:5e:00:00:01"},
            "MAC address 01:00:5e:00:00:01 is a multicast address",
        ),
    ],
)
def test_aap_reject_multicast(net: Net, pair: dict[str, str], message: str) -> None:
    port = net.port(net.network())
    error = net.put(f"/ports/{port['id']}", "port", 400, allowed_address_pairs=[pair])
    assert error["type"] == "HTTPBadRequest" and message in error["message"]
    allowed = [{"ip_address": "0.0.0.0/0"}]
    net.put(f"/ports/{port['id']}", "port", allowed_address_pairs=allowed)


def test_agent_sort_key_and_agent_resources_synced(cloud: TestCloud, boss: Net) -> None:
    cloud.start_hosts()
    found = cloud.wait(lambda: boss.get("/agents")["agents"])
    assert {agent["resources_synced"] for agent in found} == {None}
    for key in ("host", "agent_type", "binary", "id", "topic", "started_at", "description"):
        up = boss.get(f"/agents?sort_key={key}&sort_dir=asc&fields={key}")["agents"]
        down = boss.get(f"/agents?sort_key={key}&sort_dir=desc&fields={key}")["agents"]
        assert [str(agent[key]) for agent in up] == sorted(str(agent[key]) for agent in up)
        assert up == list(reversed(down))
    for key in ("configurations", "resources_synced", "alive"):
        boss.get(f"/agents?sort_key={key}&sort_dir=asc", 400)


def test_availability_zone_filter(cloud: TestCloud, net: Net) -> None:
    cloud.start_hosts()
    cloud.wait(lambda: net.get("/availability_zones")["availability_zones"])
    for query, resources in {
        "resource=router": ["router"],
        "resource=network&state=available&name=nova": ["network"],
        "name=other": [],
        "state=unavailable": [],
    }.items():
        zones = net.get(f"/availability_zones?{query}")["availability_zones"]
        assert [zone["resource"] for zone in zones] == resources
    assert "invalid attribute" in net.get("/availability_zones?bogus=1", 400)["message"]


def test_floatingip_pools(net: Net, boss: Net) -> None:
    public = net.public()
    project = net.network()["project_id"]
    boss.subnet(public, "fd00:77::/64")
    four = net.get(f"/subnets?network_id={public['id']}&ip_version=4")["subnets"]
    wanted = {(subnet["id"], subnet["name"], subnet["cidr"]) for subnet in four}
    pools = net.get("/floatingip_pools")["floatingip_pools"]
    assert {(pool["subnet_id"], pool["subnet_name"], pool["cidr"]) for pool in pools} == wanted
    assert {pool["network_id"] for pool in pools} == {public["id"]}
    assert {pool["project_id"] for pool in pools} == {project}
    (one,) = net.get("/floatingip_pools?fields=cidr")["floatingip_pools"]
    assert set(one) == {"cidr"}
    net.get("/floatingip_pools?cidr=10.0.0.0/8", 400)
    net.get("/floatingip_pools?sort_key=cidr&sort_dir=asc", 400)


def test_l3_port_ip_change_not_allowed(net: Net) -> None:
    subnet = net.subnet(net.network())
    router = net.post("/routers", "router")
    path = f"/routers/{router['id']}/add_router_interface"
    port = net.raw("PUT", path, 200, {"subnet_id": subnet["id"]})["port_id"]
    other = [{"subnet_id": subnet["id"], "ip_address": "10.0.0.9"}]
    error = net.put(f"/ports/{port}", "port", 400, fixed_ips=other)
    assert error["message"] == (f"Bad ports request: IP updates for port {port} are not allowed.")
    same = [{"subnet_id": subnet["id"], "ip_address": "10.0.0.1"}]
    assert net.put(f"/ports/{port}", "port", fixed_ips=same, name="x")["fixed_ips"] == same


def test_tag_ports_during_bulk_creation(net: Net) -> None:
    network = net.network()["id"]
    bodies = [{"network_id": network, "tags": ["a", "b"]}, {"network_id": network}]
    made = net.raw("POST", "/ports", 201, {"ports": bodies})["ports"]
    assert [port["tags"] for port in made] == [["a", "b"], []]
    assert [port["id"] for port in net.get("/ports?tags=a,b")["ports"]] == [made[0]["id"]]
