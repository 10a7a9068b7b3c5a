"""Servers with addresses of both IP versions."""

from __future__ import annotations

from .conftest import World


def test_a_server_of_both_versions(world: World) -> None:
    def made(path: str, kind: str, **values: object) -> str:
        answer = world.demo.post("network", path, json={kind: values})
        assert answer.status_code == 201, answer.text
        return str(answer.json()[kind]["id"])

    network = made("/networks", "network", name="both")
    modes = {"ipv6_ra_mode": "slaac", "ipv6_address_mode": "slaac"}
    made("/subnets", "subnet", network_id=network, ip_version=4, cidr="10.0.0.0/24")
    made("/subnets", "subnet", network_id=network, ip_version=6, cidr="2001:db8:a::/64", **modes)
    server_id = world.create(networks=[{"uuid": network}])
    addresses = {one["version"]: one["addr"] for one in world.show(server_id)["addresses"]["both"]}
    assert addresses[6].startswith("2001:db8:a:0:f816:3eff:fe")
    listed = world.demo.get("compute", "/servers?ip6=2001:db8:a:").json()["servers"]
    assert [one["id"] for one in listed] == [server_id]
    assert 4 in addresses
