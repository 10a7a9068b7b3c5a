"""Port forwardings of floating IPs over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from tests.testcloud import TestCloud

from .conftest import Net

UNKNOWN = "0e0e0e0e-0000-4000-8000-000000000000"


class Story:
    """A port behind a router, and a floating IP without a port."""

    def __init__(self, net: Net) -> None:
        self.net = net
        self.network = net.network()
        self.subnet = net.subnet(self.network)
        gateway = {"network_id": net.public()["id"]}
        self.router = net.post("/routers", "router", external_gateway_info=gateway)
        self.wire(self.router, self.subnet)
        self.port = net.port(self.network)
        self.address = self.port["fixed_ips"][0]["ip_address"]
        made = net.post("/floatingips", "floatingip", floating_network_id=net.public()["id"])
        self.floating = f"/floatingips/{made['id']}"
        self.path = f"{self.floating}/port_forwardings"

    def wire(self, router: Any, subnet: Any, verb: str = "add", status: int = 200) -> Any:
        path = f"/routers/{router['id']}/{verb}_router_interface"
        return self.net.raw("PUT", path, status, {"subnet_id": subnet["id"]})

    def values(self, **values: Any) -> dict[str, Any]:
        inside = {"internal_ip_address": self.address, "internal_port_id": self.port["id"]}
        return {"protocol": "tcp", **inside, **values}

    def add(self, outside: int, inside: int, **values: Any) -> Any:
        numbers = {"external_port": outside, "internal_port": inside}
        return self.net.post(self.path, "port_forwarding", **self.values(**numbers, **values))

    def refused(self, status: int = 400, **values: Any) -> Any:
        return self.net.post(self.path, "port_forwarding", status, **self.values(**values))


@pytest.fixture
def story(net: Net) -> Story:
    return Story(net)


def test_through_its_life(cloud: TestCloud, story: Story) -> None:
    net = story.net
    made = story.add(2222, 22, description="ssh")
    assert made == {
        "id": made["id"],
        "protocol": "tcp",
        "description": "ssh",
        "external_port": 2222,
        "external_port_range": "2222:2222",
        "internal_port": 22,
        "internal_port_range": "22:22",
        "internal_ip_address": story.address,
        "internal_port_id": story.port["id"],
    }
    path = f"{story.path}/{made['id']}"
    assert net.get(path)["port_forwarding"] == made
    shown = net.get(story.floating)["floatingip"]
    assert shown["router_id"] == story.router["id"] and shown["port_id"] is None
    brief = {k: v for k, v in made.items() if "range" not in k and k != "description"}
    assert shown["port_forwardings"] == [brief]
    cloud.start_hosts()
    cloud.wait(lambda: net.get(story.floating)["floatingip"]["status"] == "ACTIVE")
    changed = net.put(path, "port_forwarding", external_port_range="80:90", protocol="UDP")
    assert (changed["external_port"], changed["external_port_range"]) == (None, "80:90")
    assert changed["protocol"] == "udp"
    net.delete(path)
    assert net.get(path, 404)["type"] == "PortForwardingNotFound"
    freed = net.get(story.floating)["floatingip"]
    assert (freed["router_id"], freed["status"], freed["port_forwardings"]) == (None, "DOWN", [])


def test_ranges(story: Story) -> None:
    made = story.refused(201, external_port_range="100:110", internal_port_range="200:210")
    assert made["external_port"] is None and made["internal_port_range"] == "200:210"
    one = story.refused(201, external_port_range="120:130", internal_port_range="400:400")
    assert one["internal_port"] == 400
    assert story.refused(201, external_port_range="140", internal_port=401)["external_port"] == 140
    error = story.refused(external_port_range="105:115", internal_port_range="300:310")
    assert "external_port_range" in error["message"] and "100:110 and 105:115" in error["message"]
    error = story.refused(external_port=3, internal_port=205)
    assert "internal_port_range" in error["message"]
    error = story.refused(external_port_range="500:510", internal_port_range="500:505")
    assert "N-N or 1-N" in error["message"]
    error = story.refused(external_port_range="1000:9000", internal_port_range="2000:10000")
    assert "4096" in error["message"]
    story.refused(201, external_port_range="1000:9000", internal_port_range="1000:9000")
    assert story.refused(internal_port=7)["type"] == "BadRequest"
    assert story.refused(external_port=7)["type"] == "BadRequest"
    for bad in ("150:140", "x:140", "0:5", "1:2:3", ":", "70000", ""):
        error = story.refused(external_port_range=bad, internal_port=1)
        assert error["type"] == "HTTPBadRequest", bad


@pytest.mark.parametrize(
    ("values", "kind", "text"),
    [
        ({"external_port": 0}, "HTTPBadRequest", "too small"),
        ({"external_port": "x"}, "HTTPBadRequest", "not an integer"),
        ({"protocol": "what"}, "InvalidInput", "IP protocol 'what'"),
        ({"protocol": 17}, "InvalidInput", "must be string"),
        ({"protocol": "17"}, "HTTPBadRequest", "not in valid_values"),
        ({"protocol": "icmp"}, "HTTPBadRequest", "not in valid_values"),
        ({"internal_ip_address": "10.0.0.250"}, "BadRequest", "not suitable"),
        ({"internal_ip_address": "::1"}, "BadRequest", "not suitable"),
        ({"nothing": 1}, "HTTPBadRequest", "nothing"),
    ],
)
def test_bad_values(story: Story, values: dict[str, Any], kind: str, text: str) -> None:
    error = story.refused(**{"external_port": 2222, "internal_port": 22, **values})
    assert error["type"] == kind and text in error["message"]


def test_beside_floating_ips(story: Story) -> None:
    net, made = story.net, story.add(2222, 22)
    error = net.put(story.floating, "floatingip", 409, port_id=net.port(story.network)["id"])
    assert error["type"] == "FipInUseByPortForwarding"
    assert net.delete(story.floating, 409)["type"] == "FipInUseByPortForwarding"
    error = story.wire(story.router, story.subnet, "remove", 409)
    assert error["type"] == "RouterInterfaceInUseByFloatingIP"
    gone: dict[str, Any] = {"external_gateway_info": None}
    error = net.put(f"/routers/{story.router['id']}", "router", 409, **gone)
    assert error["type"] == "RouterExternalGatewayInUseByFloatingIp"
    body = {"floating_network_id": net.public()["id"], "port_id": story.port["id"]}
    own = net.post("/floatingips", "floatingip", **body)
    error = story.refused(409, external_port=2, internal_port=2)
    assert error["type"] == "PortHasBindingFloatingIP"
    other = net.port(story.network)
    inside = {"internal_port_id": other["id"], "protocol": "tcp"}
    inside["internal_ip_address"] = other["fixed_ips"][0]["ip_address"]
    path = f"/floatingips/{own['id']}/port_forwardings"
    values = {"external_port": 2, "internal_port": 2, **inside}
    error = net.post(path, "port_forwarding", 409, **values)
    assert error["type"] == "FloatingIPPortAlreadyAssociated"
    path = f"{story.path}/{made['id']}"
    error = net.put(path, "port_forwarding", 400, internal_ip_address=inside["internal_ip_address"])
    assert "does not correspond" in error["message"]
    changed = net.put(path, "port_forwarding", **inside)
    assert changed["internal_port_id"] == other["id"]


def test_it_goes_with_its_address_and_port(story: Story) -> None:
    net = story.net
    story.add(2222, 22)
    net.put(f"/ports/{story.port['id']}", "port", fixed_ips=[{"ip_address": "10.0.0.200"}])
    assert net.get(story.path)["port_forwardings"] == []
    assert net.get(story.floating)["floatingip"]["router_id"] is None
    story.address = "10.0.0.200"
    story.add(2222, 22)
    net.delete(f"/ports/{story.port['id']}")
    assert net.get(story.path)["port_forwardings"] == []
    net.delete(story.floating)


def test_the_router_must_reach_both(story: Story) -> None:
    net = story.net
    lonely = net.network()
    net.subnet(lonely, "10.6.0.0/24")
    port = net.port(lonely)
    inside = {"internal_port_id": port["id"]}
    inside["internal_ip_address"] = port["fixed_ips"][0]["ip_address"]
    error = story.refused(external_port=1, internal_port=1, **inside)
    assert error["type"] == "BadRequest" and "is not reachable" in error["message"]
    story.add(2222, 22)
    gateway = {"network_id": net.public()["id"]}
    second = net.post("/routers", "router", external_gateway_info=gateway)
    story.wire(second, {"id": port["fixed_ips"][0]["subnet_id"]})
    error = story.refused(external_port=1, internal_port=1, **inside)
    assert "can not reach it" in error["message"]
    gone = {"internal_port_id": UNKNOWN}
    assert story.refused(404, external_port=1, internal_port=1, **gone)["type"] == "PortNotFound"


def test_lists(story: Story) -> None:
    net = story.net
    for number in (5, 6, 7):
        story.add(number, number, description=f"d{number}")
    story.add(5, 5, protocol="udp")
    story.refused(201, external_port_range="10:20", internal_port=9)

    def outside(query: str) -> list[Any]:
        rows = net.get(f"{story.path}?{query}")["port_forwardings"]
        return [row["external_port_range"] for row in rows]

    assert len(outside("")) == 5
    assert outside("external_port=6") == ["6:6"]
    assert outside("external_port=10") == outside("external_port=x") == []
    assert outside("external_port_range=10:20") == ["10:20"]
    assert outside("description=d7") == ["7:7"]
    assert outside("protocol=udp") == ["5:5"]
    assert len(outside(f"internal_port_id={story.port['id']}")) == 5
    assert outside(f"internal_port_id={UNKNOWN}") == []
    order = "sort_key=external_port&sort_dir=desc"
    assert outside(f"{order}&limit=2") == ["10:20", "7:7"]
    rows = net.get(f"{story.path}?{order}&limit=1&fields=protocol")
    assert rows["port_forwardings"] == [{"protocol": "tcp"}]
    assert rows["port_forwardings_links"]
    for query in ("internal_port=5", "project_id=x", "nothing=1"):
        error = net.get(f"{story.path}?{query}", 400)
        assert "invalid attribute for filtering" in error["message"]
    net.get(f"/floatingips/{UNKNOWN}/port_forwardings", 404)
    other = net.post("/floatingips", "floatingip", floating_network_id=net.public()["id"])
    assert net.get(f"/floatingips/{other['id']}/port_forwardings")["port_forwardings"] == []
    mine = net.get(story.path)["port_forwardings"][0]["id"]
    assert net.get(f"/floatingips/{other['id']}/port_forwardings/{mine}", 404)


def test_many_at_once(story: Story) -> None:
    items = [story.values(external_port=n, internal_port=n) for n in (1, 2)]
    body = {"port_forwardings": items}
    made = story.net.raw("POST", story.path, 201, body)["port_forwardings"]
    assert [row["external_port"] for row in made] == [1, 2]
    items = [story.values(external_port=n, internal_port=n) for n in (3, 1)]
    story.net.raw("POST", story.path, 400, {"port_forwardings": items})
    assert len(story.net.get(story.path)["port_forwardings"]) == 2
