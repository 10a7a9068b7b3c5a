"""What clients ask first: versions, extensions, agents, quotas, the premade networks."""

from __future__ import annotations

from stratolith.kernel.context import Context
from stratolith.network.managers import placement
from tests.testcloud import TestCloud

from .conftest import Net


def test_versions_need_no_token(cloud: TestCloud) -> None:
    nobody = cloud.anonymous()
    (version,) = nobody.get("raw", "/networking/").json()["versions"]
    assert version["id"] == "v2.0" and version["status"] == "CURRENT"
    assert version["links"][0]["href"].endswith("/networking/v2.0/")
    names = {one["name"] for one in nobody.get("raw", "/networking/v2.0/").json()["resources"]}
    assert {"network", "subnet", "port"} <= names
    assert nobody.get("network", "/networks").status_code == 401


def test_extensions(net: Net) -> None:
    aliases = [one["alias"] for one in net.get("/extensions")["extensions"]]
    assert {"router", "security-group", "quotas", "external-net"} <= set(aliases)
    for absent in ("vpnaas", "fwaas_v2", "bgp", "taas", "sfc"):
        assert absent not in aliases
    for alias in aliases:
        assert net.get(f"/extensions/{alias}")["extension"]["alias"] == alias
    assert net.get("/extensions/bogus", 404)["type"] == "ExtensionNotFound"


def test_agents_are_the_hosts(cloud: TestCloud, net: Net, boss: Net) -> None:
    assert boss.get("/agents") == {"agents": []}
    cloud.start_hosts()
    found = cloud.wait(lambda: boss.get("/agents?alive=true")["agents"])
    assert {one["binary"] for one in found} >= {"neutron-dhcp-agent", "neutron-l3-agent"}
    one = boss.get(f"/agents/{found[0]['id']}")["agent"]
    assert one["alive"] is True
    assert net.get("/agents") == {"agents": []}
    net.get(f"/agents/{one['id']}", 403)


def test_availability_zones_are_those_of_agents(cloud: TestCloud, net: Net) -> None:
    assert net.get("/availability_zones") == {"availability_zones": []}
    cloud.start_hosts()
    found = cloud.wait(lambda: net.get("/availability_zones")["availability_zones"])
    rows = [(one["name"], one["resource"], one["state"]) for one in found]
    assert rows == [("nova", "network", "available"), ("nova", "router", "available")]
    (one,) = net.get("/availability_zones?resource=router&fields=resource")["availability_zones"]
    assert one == {"resource": "router"}


def test_the_premade_networks(net: Net) -> None:
    by_name = {one["name"]: one for one in net.get("/networks")["networks"]}
    assert by_name["public"]["router:external"] and not by_name["private"]["router:external"]
    (router,) = net.get("/routers")["routers"]
    assert router["name"] == "router1"
    assert router["external_gateway_info"]["network_id"] == by_name["public"]["id"]
    ports = net.get("/ports?device_owner=network:router_interface")["ports"]
    assert {port["network_id"] for port in ports} == {by_name["private"]["id"]}
    subnets = net.get(f"/subnets?network_id={by_name['private']['id']}")["subnets"]
    shown = {one["name"]: (one["cidr"], one["gateway_ip"], one["ipv6_ra_mode"]) for one in subnets}
    assert shown == {
        "private-subnet": ("10.0.0.0/24", "10.0.0.1", None),
        "ipv6-private-subnet": ("fd5b:6a3c:1d42::/64", "fd5b:6a3c:1d42::1", "slaac"),
    }
    addresses = {ip["ip_address"] for port in ports for ip in port["fixed_ips"]}
    assert addresses == {"10.0.0.1", "fd5b:6a3c:1d42::1"}
    assert net.get("/service-providers")["service_providers"]


def test_quotas(net: Net, boss: Net) -> None:
    project = net.network()["project_id"]
    assert boss.get(f"/quotas/{project}")["quota"]["port"] == 500
    boss.put(f"/quotas/{project}", "quota", port=7)
    assert boss.get(f"/quotas/{project}/default")["quota"]["port"] == 500
    assert [one["port"] for one in boss.get("/quotas")["quotas"]] == [7]
    assert "bogus" in boss.put(f"/quotas/{project}", "quota", 400, bogus=1)["message"]
    boss.put(f"/quotas/{project}", "quota", 400, port="x")
    net.put(f"/quotas/{project}", "quota", 403, port=9)


def test_agents_take_a_note_and_go(cloud: TestCloud, net: Net, boss: Net) -> None:
    cloud.start_hosts()
    found = cloud.wait(lambda: boss.get("/agents?agent_type=l3+AGENT")["agents"])
    place = f"/agents/{found[0]['id']}"
    net.put(place, "agent", 403, description="x")
    net.delete(place, 403)
    changed = boss.put(place, "agent", description="old", admin_state_up=False)
    assert (changed["description"], changed["admin_state_up"]) == ("old", False)
    assert boss.get(place)["agent"]["description"] == "old"
    assert found[0]["id"] in str(boss.get("/agents?admin_state_up=false"))
    for wrong in ({"host": "x"}, {"alive": True}, {"admin_state_up": "perhaps"}, {"bogus": 1}):
        boss.put(place, "agent", 400, **wrong)
    boss.put("/agents/nothing", "agent", 404, description="x")
    for host in cloud.hosts:
        host.stop()
    boss.delete(place)
    boss.get(place, 404)
    boss.delete(place, 404)


def test_routers_go_where_the_agent_is_in_service(cloud: TestCloud, boss: Net) -> None:
    cloud.start_hosts()
    agents = cloud.wait(lambda: boss.get("/agents?agent_type=L3+agent&alive=true")["agents"])
    first = min(agents, key=lambda one: str(one["host"]))
    boss.put(f"/agents/{first['id']}", "agent", admin_state_up=False)
    ctx = Context(cloud.env, cloud.env.service("network"))
    try:
        chosen = placement.choose(ctx)
    finally:
        ctx.close()
    assert (chosen == first["host"]) is (len(agents) == 1)


def test_tags_are_taken_when_a_thing_is_made(net: Net) -> None:
    network = net.network(tags=["b", "a", "a"])
    assert network["tags"] == ["a", "b"]
    assert net.get(f"/networks/{network['id']}")["network"]["tags"] == ["a", "b"]
    assert net.subnet(network, tags=["x"])["tags"] == ["x"]
    assert net.port(network, tags=["x"])["tags"] == ["x"]
    for path, key in (("/routers", "router"), ("/security-groups", "security_group")):
        assert net.post(path, key, name="t", tags=["x"])["tags"] == ["x"]
    net.post("/networks", "network", 400, tags=["a,b"])
    net.post("/networks", "network", 400, tags="a")
    net.put(f"/networks/{network['id']}", "network", 400, tags=["c"])
