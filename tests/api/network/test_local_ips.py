"""Local IPs over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Net

UNKNOWN = "0e0e0e0e-0000-4000-8000-000000000000"


class Story:
    def __init__(self, net: Net) -> None:
        self.net = net
        self.network = net.network()
        self.subnet = net.subnet(self.network)
        self.port = net.port(self.network, fixed_ips=[{"ip_address": "10.0.0.50"}])

    def make(self, status: int = 201, **values: Any) -> Any:
        values = values or {"network_id": self.network["id"], "local_ip_address": "10.0.0.100"}
        return self.net.post("/local-ips", "local_ip", status, **values)

    def join(self, local_ip: Any, status: int = 201, **values: Any) -> Any:
        named = {"fixed_port_id": self.port["id"], **values}
        path = f"/local_ips/{local_ip['id']}/port_associations"
        return self.net.post(path, "port_association", status, **named)

    def joined(self, local_ip: Any, query: str = "") -> list[Any]:
        path = f"/local_ips/{local_ip['id']}/port_associations?{query}"
        return list(self.net.get(path)["port_associations"])


@pytest.fixture
def story(net: Net) -> Story:
    return Story(net)


def test_through_its_life(story: Story) -> None:
    net = story.net
    made = story.make()
    assert made["local_ip_address"] == "10.0.0.100" and made["ip_mode"] == "translate"
    path = f"/local-ips/{made['id']}"
    port = net.get(f"/ports/{made['local_port_id']}")["port"]
    assert (port["device_owner"], port["device_id"]) == ("network:local_ip", made["id"])
    assert (port["status"], port["project_id"]) == ("N/A", made["project_id"])
    assert net.delete(f"/ports/{port['id']}", 409)["type"] == "ServicePortInUse"
    assert net.put(path, "local_ip", name="two", description="d")["name"] == "two"
    for read_only in ("ip_mode", "local_port_id", "network_id", "local_ip_address"):
        value = "passthrough" if read_only == "ip_mode" else UNKNOWN
        assert "read-only" in net.put(path, "local_ip", 400, **{read_only: value})["message"]
    association = story.join(made)
    assert association == {
        "local_ip_id": made["id"],
        "local_ip_address": "10.0.0.100",
        "fixed_port_id": story.port["id"],
        "fixed_ip": "10.0.0.50",
        "host": "",
    }
    assert story.joined(made) == [association]
    below = f"/local_ips/{made['id']}/port_associations/{story.port['id']}"
    assert net.get(below)["port_association"] == association
    assert story.join(made, 409)["type"] == "LocalIPAssociationExists"
    assert net.delete(path, 409)["type"] == "LocalIPInUse"
    net.delete(below)
    assert net.get(below, 404)["type"] == "LocalIPAssociationNotFound"
    net.delete(path)
    assert net.get(path, 404)["type"] == "LocalIPNotFound"
    assert net.get(f"/ports/{port['id']}", 404)["type"] == "PortNotFound"


def test_of_a_port_of_ones_own(story: Story) -> None:
    net = story.net
    made = story.make(local_port_id=story.port["id"], ip_mode="passthrough")
    assert made["local_ip_address"] == "10.0.0.50"
    assert made["network_id"] == story.network["id"]
    path = f"/ports/{story.port['id']}"
    assert net.delete(path, 409)["type"] == "ServicePortInUse"
    error = net.put(path, "port", 400, fixed_ips=[{"ip_address": "10.0.0.51"}])
    assert "local IP" in error["message"]
    kept = [{"ip_address": "10.0.0.50"}, {"ip_address": "10.0.0.51"}]
    assert len(net.put(path, "port", fixed_ips=kept)["fixed_ips"]) == 2
    net.delete(f"/local-ips/{made['id']}")
    net.delete(path)


def test_in_a_network_with_slaac_too(story: Story) -> None:
    modes = {"ipv6_ra_mode": "slaac", "ipv6_address_mode": "slaac"}
    story.net.subnet(story.network, "2001:db8:7::/64", **modes)
    assert story.make()["local_ip_address"] == "10.0.0.100"
    assert story.make(network_id=story.network["id"])["local_ip_address"].startswith("10.0.0.")
    modes = {"ipv6_ra_mode": "dhcpv6-stateful", "ipv6_address_mode": "dhcpv6-stateful"}
    story.net.subnet(story.network, "2001:db8:8::/64", **modes)
    values = {"network_id": story.network["id"], "local_ip_address": "2001:db8:8::5"}
    assert "not an IPv4 address" in story.make(400, **values)["message"]


def test_what_it_needs(story: Story, boss: Net) -> None:
    net = story.net
    assert story.make(400, name="x")["type"] == "LocalIPPortOrNetworkRequired"
    assert story.make(404, network_id=UNKNOWN)["type"] == "NetworkNotFound"
    assert "not found" in story.make(400, local_port_id=UNKNOWN)["message"]
    bare = net.network()
    assert "IPv4 subnet" in story.make(400, network_id=bare["id"])["message"]
    assert story.make(400, network_id=net.public()["id"])["type"] == "BadRequest"
    empty = net.port(bare, fixed_ips=[])
    assert story.make(400, local_port_id=empty["id"])["type"] == "LocalIPNoIP"
    two = net.port(story.network, fixed_ips=[{"ip_address": f"10.0.0.{n}"} for n in (60, 61)])
    assert story.make(400, local_port_id=two["id"])["type"] == "LocalIPNoRequestedIP"
    values = {"local_port_id": two["id"], "local_ip_address": "10.0.0.62"}
    assert story.make(400, **values)["type"] == "LocalIPRequestedIPNotFound"
    taken = {"network_id": story.network["id"], "local_ip_address": "10.0.0.60"}
    assert story.make(409, **taken)["type"] == "IpAddressAlreadyAllocated"
    foreign = boss.port(boss.network(), fixed_ips=[])
    assert "not found" in story.make(400, local_port_id=foreign["id"])["message"]
    six = net.network()
    net.subnet(six, "fd00::/64")
    error = story.make(400, local_port_id=net.port(six)["id"])
    assert "IPv4" in error["message"]


def test_what_an_association_needs(story: Story, boss: Net) -> None:
    net, made = story.net, story.make()
    assert story.join(made, 400, fixed_port_id=UNKNOWN)["type"] == "BadRequest"
    error = story.join(made, 400, fixed_ip="10.0.0.51")
    assert error["type"] == "LocalIPRequestedIPNotFound"
    two = net.port(story.network, fixed_ips=[{"ip_address": f"10.0.0.{n}"} for n in (60, 61)])
    error = story.join(made, 400, fixed_port_id=two["id"])
    assert error["type"] == "LocalIPNoRequestedIP"
    assert story.join(made, fixed_port_id=two["id"], fixed_ip="10.0.0.61")["host"] == ""
    other = net.network()
    net.subnet(other, "10.0.0.0/24")
    error = story.join(made, 400, fixed_port_id=net.port(other)["id"])
    assert "not on the network" in error["message"]
    assert story.join({"id": UNKNOWN}, 404)["type"] == "LocalIPNotFound"


def test_a_neighbour_on_a_shared_network_is_out_of_reach(story: Story, boss: Net) -> None:
    """An administrator may do all; the owner of a network may not use ports of others on it."""
    boss.put(f"/networks/{story.network['id']}", "network", shared=True)
    theirs = boss.port(story.network)
    assert "not found" in story.make(400, local_port_id=theirs["id"])["message"]
    assert "not found" in story.join(story.make(), 400, fixed_port_id=theirs["id"])["message"]
    boss.post("/local-ips", "local_ip", local_port_id=theirs["id"])


def test_associations_end_with_their_port_or_address(story: Story) -> None:
    net, made = story.net, story.make()
    story.join(made)
    path = f"/ports/{story.port['id']}"
    net.put(path, "port", fixed_ips=[{"ip_address": "10.0.0.50"}, {"ip_address": "10.0.0.51"}])
    assert len(story.joined(made)) == 1
    net.put(path, "port", fixed_ips=[{"ip_address": "10.0.0.51"}])
    assert story.joined(made) == []
    story.join(made)
    net.delete(path)
    assert story.joined(made) == []
    net.delete(f"/local-ips/{made['id']}")


def test_lists(story: Story) -> None:
    net = story.net
    first = story.make()
    second = story.make(local_port_id=story.port["id"], ip_mode="passthrough", name="b")

    def names(query: str) -> list[str]:
        return [row["id"] for row in net.get(f"/local_ips?{query}")["local_ips"]]

    assert names("ip_mode=passthrough") == names("name=b") == [second["id"]]
    assert names("local_ip_address=10.0.0.100") == [first["id"]]
    assert names("sort_key=ip_mode&sort_dir=desc") == [first["id"], second["id"]]
    other = net.port(story.network, fixed_ips=[{"ip_address": "10.0.0.70"}])
    story.join(first)
    story.join(first, fixed_port_id=other["id"])

    def addresses(query: str) -> list[str]:
        return [row["fixed_ip"] for row in story.joined(first, query)]

    assert addresses("sort_key=fixed_ip&sort_dir=desc") == ["10.0.0.70", "10.0.0.50"]
    assert addresses("fixed_ip=10.0.0.70") == addresses(f"fixed_port_id={other['id']}")
    assert len(addresses("local_ip_address=10.0.0.100")) == len(addresses("host=")) == 2
    assert addresses("host=elsewhere") == []
    assert len(addresses("limit=1")) == 1
