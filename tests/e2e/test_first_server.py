"""A real server: the unmodified client's line, a login, the metadata, open and closed ports."""

from __future__ import annotations

import json

import pytest

from tests.e2e.guests import User, probe, wait
from tests.installation import Installation
from tests.interop.openstack_client import openstack

pytestmark = [pytest.mark.guest, pytest.mark.root, pytest.mark.timeout(600)]


def test_the_line(real_cloud: Installation, demo: User) -> None:
    line = "server create --image cirros --flavor m1.tiny --key-name mykey --network private --wait"
    server = openstack(real_cloud, f"{line} demo1")
    assert server["status"] == "ACTIVE"
    address = demo.floating_ip(server["id"])
    demo.wait_ssh(address)
    assert demo.ssh(address, "hostname").stdout.strip() == "demo1"
    assert demo.ssh(address, "sudo id -u").stdout.strip() == "0"

    fetch = "curl -s http://169.254.169.254/openstack/latest/meta_data.json"
    metadata = json.loads(demo.ssh(address, fetch).stdout)
    assert metadata["uuid"] == server["id"]
    assert "mykey" in metadata["public_keys"]
    mtu = demo.ssh(address, "cat /sys/class/net/e*/mtu").stdout.split()
    assert mtu == ["1450"]

    # a listener in the guest: closed until the group opens its port
    demo.ssh(address, "(nc -lk -p 8080 -e /bin/true </dev/null >/dev/null 2>&1 &)")
    assert probe(address, 8080) == "silent"
    groups = demo.api.get("network", "/v2.0/security-groups?name=default")["security_groups"]
    rule = {
        "security_group_id": groups[0]["id"],
        "direction": "ingress",
        "ethertype": "IPv4",
        "protocol": "tcp",
        "port_range_min": 8080,
        "port_range_max": 8080,
    }
    body = {"security_group_rule": rule}
    made = demo.api.post("network", "/v2.0/security-group-rules", body)["security_group_rule"]
    wait(lambda: probe(address, 8080) != "silent", 15, "port 8080 opens")
    demo.api.delete("network", f"/v2.0/security-group-rules/{made['id']}")
    wait(lambda: probe(address, 8080) == "silent", 15, "port 8080 closes")

    openstack(real_cloud, "server stop demo1")
    demo.wait_status(server["id"], "SHUTOFF")
    openstack(real_cloud, "server start demo1")
    demo.wait_status(server["id"], "ACTIVE")
    demo.wait_ssh(address)
    openstack(real_cloud, "server reboot --hard demo1")
    demo.wait_status(server["id"], "ACTIVE")
    demo.wait_ssh(address)
    assert "login:" in demo.console(server["id"])
    openstack(real_cloud, "server delete --wait demo1")
    openstack(real_cloud, f"floating ip delete {address}")


def test_user_data_and_config_drive(demo: User) -> None:
    import base64

    network = demo.named("network", "/v2.0/networks", "networks", "private")
    script = b"#!/bin/sh\necho hello-from-user-data > /home/cirros/user-data\n"
    server = demo.boot(
        "drive",
        network,
        config_drive=True,
        user_data=base64.b64encode(script).decode(),
    )
    demo.wait_status(server, "ACTIVE")
    address = demo.floating_ip(server)
    demo.wait_ssh(address)
    wait(
        lambda: demo.ssh(address, "cat user-data").stdout.strip() == "hello-from-user-data",
        30,
        "user data ran",
    )
    listed = demo.ssh(
        address,
        "sudo mount -o ro LABEL=config-2 /mnt || sudo mount -o ro $(findfs LABEL=config-2) /mnt;"
        " cat /mnt/openstack/latest/meta_data.json",
    ).stdout
    assert json.loads(listed)["uuid"] == server
    demo.delete(server)


def test_two_tenants_with_the_same_addresses_are_apart(demo: User, admin: User) -> None:
    """Each tenant's two guests reach each other; nobody reaches the other tenant's twin."""
    cidr = "10.99.0.0/24"
    servers: list[tuple[User, str]] = []
    for user in (demo, admin):
        network, subnet = user.network("twin", cidr)
        router = user.api.post("network", "/v2.0/routers", {"router": {"name": "twin"}})["router"]
        path = f"/v2.0/routers/{router['id']}/add_router_interface"
        user.api.put("network", path, {"subnet_id": subnet})
        public = user.named("network", "/v2.0/networks", "networks", "public")
        gateway = {"router": {"external_gateway_info": {"network_id": public}}}
        user.api.put("network", f"/v2.0/routers/{router['id']}", gateway)
        ports = [{"uuid": network, "fixed_ip": "10.99.0.10"}]
        servers.append((user, user.boot(f"twin-{user.name}", network, networks=ports)))
    addresses = {}
    for user, server in servers:
        user.wait_status(server, "ACTIVE")
        addresses[user.name] = user.floating_ip(server)
    for user, _ in servers:
        user.wait_ssh(addresses[user.name])
    for user, _ in servers:
        # the same private address, yet each floating IP leads to its own tenant's guest
        name = user.ssh(addresses[user.name], "hostname").stdout.strip()
        assert name == f"twin-{user.name}"
    # layer 2: the other tenant's guest must not answer for an address of the shared range
    only = servers[0][0]
    only.ssh(addresses["demo"], "sudo ip neigh flush all")
    other = only.ssh(addresses["demo"], "ping -c 2 -W 1 10.99.0.20")
    assert other.returncode != 0
    for user, server in servers:
        user.delete(server)
