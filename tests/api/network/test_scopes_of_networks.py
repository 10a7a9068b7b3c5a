"""Networks show the address scopes of their subnets."""

from __future__ import annotations

from .conftest import Net


def test_a_network_shows_the_scopes_of_its_subnets(net: Net) -> None:
    scope = net.post("/address-scopes", "address_scope", name="s", ip_version=4)
    six = net.post("/address-scopes", "address_scope", name="s", ip_version=6)
    pools = [
        net.post("/subnetpools", "subnetpool", name="p", prefixes=[cidr], address_scope_id=of["id"])
        for cidr, of in (("10.64.0.0/16", scope), ("fd00:64::/48", six))
    ]
    network = net.network()
    path = f"/networks/{network['id']}"
    assert network["ipv4_address_scope"] is network["ipv6_address_scope"] is None
    four = {"subnetpool_id": pools[0]["id"], "ip_version": 4, "network_id": network["id"]}
    net.post("/subnets", "subnet", prefixlen=24, **four)
    net.post("/subnets", "subnet", **{**four, "subnetpool_id": pools[1]["id"], "ip_version": 6})
    shown = net.get(path)["network"]
    assert shown["ipv4_address_scope"] == scope["id"]
    assert shown["ipv6_address_scope"] == six["id"]
    net.put(f"/subnetpools/{pools[0]['id']}", "subnetpool", address_scope_id=None)
    assert net.get(path)["network"]["ipv4_address_scope"] is None


def test_subnets_of_a_network_come_from_one_pool_or_one_scope(net: Net) -> None:
    """A subnet that is in no pool may be added, as Neutron allows."""
    scope = net.post("/address-scopes", "address_scope", name="s", ip_version=4)
    pools = [
        net.post("/subnetpools", "subnetpool", name="p", prefixes=[cidr], **of)["id"]
        for cidr, of in (
            ("10.64.0.0/16", {"address_scope_id": scope["id"]}),
            ("10.65.0.0/16", {"address_scope_id": scope["id"]}),
            ("10.66.0.0/16", {}),
            ("10.67.0.0/16", {}),
        )
    ]

    def subnet(network: object, pool: int, status: int = 201) -> object:
        values = {"subnetpool_id": pools[pool], "prefixlen": 24, "ip_version": 4}
        answer = net.post("/subnets", "subnet", status, network_id=network, **values)
        return answer.get("type")

    scoped, plain = net.network()["id"], net.network()
    subnet(scoped, 0)
    subnet(scoped, 1)
    assert subnet(scoped, 2, 400) == "NetworkAddressScopeAffinityError"
    subnet(plain["id"], 2)
    subnet(plain["id"], 2)
    assert subnet(plain["id"], 3, 400) == "NetworkSubnetPoolAffinityError"
    net.subnet(plain, "10.70.0.0/24")
    assert subnet(plain["id"], 2, 400) == "NetworkSubnetPoolAffinityError"
