"""The unmodified openstack client: the lines of the README, typed as a user types them."""

from __future__ import annotations

from tests.installation import Installation

from .openstack_client import openstack


def test_a_first_server(fake_cloud: Installation) -> None:
    line = (
        "server create --image cirros --flavor m1.tiny --key-name mykey --network private "
        "--wait demo1"
    )
    server = openstack(fake_cloud, line)
    assert server["status"] == "ACTIVE"
    assert server["addresses"]["private"]
    floating = openstack(fake_cloud, "floating ip create public")
    address = floating["floating_ip_address"]
    openstack(fake_cloud, f"server add floating ip demo1 {address}")
    listed = openstack(fake_cloud, "server list")
    assert [row["Name"] for row in listed] == ["demo1"]
    assert address in listed[0]["Networks"]["private"]
    shown = openstack(fake_cloud, "server show demo1")
    assert shown["key_name"] == "mykey"
    openstack(fake_cloud, "server delete --wait demo1")
    openstack(fake_cloud, f"floating ip delete {address}")
    assert openstack(fake_cloud, "server list") == []


def test_the_premade_things_are_there(fake_cloud: Installation) -> None:
    def names(line: str, user: str = "admin") -> set[str]:
        return {row["Name"] for row in openstack(fake_cloud, line, user)}

    assert {"admin", "demo", "service"} <= names("project list")
    assert {"admin", "demo"} <= names("user list")
    assert {"admin", "manager", "member", "reader", "service"} <= names("role list")
    assert {"m1.tiny", "m1.xlarge", "m1.nano", "m1.micro", "cirros256"} <= names("flavor list")
    assert {"public", "private"} <= names("network list", "demo")
    assert names("router list", "demo") == {"router1"}
    assert {"cirros", "cirros-alt"} <= names("image list", "demo")
    assert names("keypair list", "demo") == {"mykey"}
    assert {row["Region"] for row in openstack(fake_cloud, "endpoint list", "admin")} == {
        "RegionOne"
    }


def test_hosts_and_placement_agree(fake_cloud: Installation) -> None:
    hosts = openstack(fake_cloud, "hypervisor list", "admin")
    providers = openstack(fake_cloud, "resource provider list", "admin")
    assert {h["Hypervisor Hostname"] for h in hosts} == {p["name"] for p in providers}
    services = openstack(fake_cloud, "compute service list", "admin")
    assert {"nova-compute", "nova-scheduler", "nova-conductor"} <= {s["Binary"] for s in services}
    assert openstack(fake_cloud, "network agent list", "admin")
