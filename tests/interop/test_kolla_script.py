"""The commands of Kolla's init-runonce, in its order, on a cloud that was left to it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.installation import Installation, free_offset

from .openstack_client import Shell, outside

RANGE, GATEWAY = "start=10.0.2.150,end=10.0.2.199", "10.0.2.1"


@pytest.fixture
def script(tmp_path: Path) -> Iterator[Shell]:
    found = Installation(tmp_path / "cloud", free_offset())
    found.up("--names", "kolla")
    found.wait_host()
    config = str(found.state_dir / "clouds.yaml")
    yield Shell({**outside(), "OS_CLIENT_CONFIG_FILE": config, "OS_CLOUD": "kolla-admin"})
    found.run("destroy", "--yes")


@pytest.mark.slow
def test_init_runonce_finds_everything_free(script: Shell, tmp_path: Path) -> None:
    image, key = tmp_path / "cirros-0.6.3-x86_64-disk.img", tmp_path / "id.pub"
    image.write_bytes(b"\0" * (1 << 20))
    key.write_text(
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKLGnrXEQMrmHgpsoTpBqwJI3ZoRkNRWDm7pMcJXsSxA x"
    )
    assert "cirros" not in script.names("image list")
    script(
        "image create --disk-format raw --container-format bare --public "
        f"--property os_type=linux --file {image} cirros"
    )
    script(
        "network create --external --provider-physical-network physnet1 "
        "--provider-network-type flat public1"
    )
    script(
        f"subnet create --no-dhcp --allocation-pool {RANGE} --network public1 "
        f"--subnet-range 10.0.2.0/24 --gateway {GATEWAY} public1-subnet"
    )
    script("network create demo-net")
    script(
        "subnet create --subnet-range 10.0.0.0/24 --network demo-net --gateway 10.0.0.1 "
        "--dns-nameserver 8.8.8.8 demo-subnet"
    )
    script("router create demo-router")
    script("router add subnet demo-router demo-subnet")
    script("router set --external-gateway public1 demo-router")
    (project,) = [row["ID"] for row in script("project list") if row["Name"] == "admin"]
    groups = script(f"security group list --project {project}")
    (group,) = [row["ID"] for row in groups if row["Name"] == "default"]
    for rule in ("icmp", "tcp --dst-port 22", "tcp --dst-port 8000", "tcp --dst-port 8080"):
        rule_of = "security group rule create --ingress --ethertype IPv4 --protocol"
        script(f"{rule_of} {rule} {group}")
    script(f"keypair create --public-key {key} mykey")
    for limit in ("--instances 40", "--cores 40", "--ram 96000"):
        script(f"quota set --force {limit} {project}")
    sizes = {"m1.tiny": (512, 1, 1), "m1.small": (2048, 20, 1), "m2.tiny": (512, 1, 2)}
    for number, (name, (ram, disk, cpus)) in enumerate(sizes.items(), 1):
        size = f"--ram {ram} --disk {disk} --vcpus {cpus}"
        script(f"flavor create --id {number} {size} {name}")
    server = "server create --image cirros --flavor m1.tiny --key-name mykey --network demo-net"
    assert script(f"{server} --wait demo1")["status"] == "ACTIVE"
