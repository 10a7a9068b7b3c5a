"""`openstack network segment ...`, `network segment range ...`, `subnet pool ...` as stories."""

from __future__ import annotations

from .openstack_client import Shell


def test_network_segment_commands(admin_shell: Shell) -> None:
    admin_shell(
        "network create --provider-network-type vlan --provider-physical-network physnet1 "
        "--provider-segment 3001 racks"
    )
    (first,) = admin_shell("network segment list --network racks")
    assert (first["Network Type"], first["Segment"]) == ("vlan", 3001)
    made = admin_shell(
        "network segment create --network racks --network-type vlan --physical-network physnet1 "
        "--segment 3002 --description second rack2"
    )
    assert (made["name"], made["segmentation_id"]) == ("rack2", 3002)
    admin_shell("network segment set --name rack-two --description other rack2")
    shown = admin_shell("network segment show rack-two")
    assert (shown["description"], shown["physical_network"]) == ("other", "physnet1")
    subnet = admin_shell(
        "subnet create --network racks --network-segment rack-two --subnet-range 10.3.0.0/24 left"
    )
    assert subnet["segment_id"] == made["id"]
    assert admin_shell("network show racks")["l2_adjacency"] is False
    admin_shell("subnet delete left")
    admin_shell("network segment delete rack-two")
    admin_shell("network delete racks")


def test_network_segment_range_commands(admin_shell: Shell) -> None:
    defaults = admin_shell("network segment range list")
    assert {row["Network Type"] for row in defaults} == {"vlan", "vxlan", "gre", "geneve"}
    made = admin_shell(
        "network segment range create --shared --network-type gre --minimum 880001 "
        "--maximum 880004 mine"
    )
    assert (made["minimum"], made["maximum"], made["shared"]) == (880001, 880004, True)
    admin_shell("network segment range set --name ours --minimum 880001 --maximum 880003 mine")
    assert admin_shell("network segment range show ours")["maximum"] == 880003
    admin_shell("network create --provider-network-type gre --provider-segment 880002 tunnelled")
    used = admin_shell("network segment range list --used --long")
    assert any("880002" in str(row["Used"]) for row in used)
    admin_shell("network delete tunnelled")
    admin_shell("network segment range delete ours")


def test_subnet_pool_commands(admin_shell: Shell) -> None:
    admin_shell("address scope create --ip-version 4 --no-share scope4")
    made = admin_shell(
        "subnet pool create --pool-prefix 10.4.0.0/16 --default-prefix-length 24 "
        "--min-prefix-length 20 --max-prefix-length 28 --address-scope scope4 pool4"
    )
    assert made["prefixes"] == ["10.4.0.0/16"]
    admin_shell("subnet pool set --pool-prefix 10.5.0.0/16 --description two pool4")
    shown = admin_shell("subnet pool show pool4")
    assert shown["prefixes"] == ["10.4.0.0/15"] and shown["description"] == "two"
    admin_shell("network create pooled")
    subnet = admin_shell("subnet create --network pooled --subnet-pool pool4 pooled4")
    assert subnet["cidr"] == "10.4.0.0/24"
    assert [row["Name"] for row in admin_shell("subnet pool list --address-scope scope4")] == [
        "pool4"
    ]
    admin_shell("network delete pooled")
    admin_shell("subnet pool unset --tag none pool4")
    admin_shell("subnet pool delete pool4")
    admin_shell("address scope delete scope4")
