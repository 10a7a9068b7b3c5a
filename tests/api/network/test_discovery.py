"""What clients ask first: versions, extensions, agents, quotas, the premade networks."""

from __future__ import annotations

from stratolith.kernel.testing import TestCloud

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
    for absent in ("dvr", "l3-ha", "trunk", "dns-integration", "qos"):
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


def test_the_premade_networks(net: Net) -> None:
    by_name = {one["name"]: one for one in net.get("/networks")["networks"]}
    assert by_name["public"]["router:external"] and not by_name["private"]["router:external"]
    (router,) = net.get("/routers")["routers"]
    assert router["name"] == "router1"
    assert router["external_gateway_info"]["network_id"] == by_name["public"]["id"]
    (port,) = net.get("/ports?device_owner=network:router_interface")["ports"]
    assert port["network_id"] == by_name["private"]["id"]
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
