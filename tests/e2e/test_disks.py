"""Ephemeral disks and swap as the user of a real guest finds them, from the request to the end."""

from __future__ import annotations

import pytest

from tests.e2e.guests import User, wait
from tests.installation import Installation

pytestmark = [pytest.mark.guest, pytest.mark.root, pytest.mark.timeout(600)]


def test_blank_disks_of_a_real_guest(real_cloud: Installation, demo: User, admin: User) -> None:
    flavor = {"name": "disks", "ram": 128, "vcpus": 1, "disk": 1, "swap": 64}
    body = {"flavor": {**flavor, "OS-FLV-EXT-DATA:ephemeral": 1}}
    made = admin.api.post("compute", "/flavors", body)["flavor"]["id"]
    image = demo.named("image", "/v2/images", "images", "cirros")
    disk = {"destination_type": "local"}
    blank = {**disk, "source_type": "blank", "boot_index": -1}
    devices = [
        {**disk, "source_type": "image", "uuid": image, "boot_index": 0},
        {**blank, "guest_format": "swap", "volume_size": 32},
        {**blank, "guest_format": "ext3", "volume_size": 1},
    ]
    network = demo.named("network", "/v2.0/networks", "networks", "private")
    server = demo.boot("disks", network, flavorRef=made, block_device_mapping_v2=devices)
    demo.wait_status(server, "ACTIVE")
    address = demo.floating_ip(server)
    demo.wait_ssh(address)

    def run(command: str) -> str:
        found = demo.ssh(address, command)
        assert found.returncode == 0, (command, found.stdout, found.stderr)
        return found.stdout

    sizes = run("cat /sys/block/vd[abc]/size").split()
    assert [int(size) * 512 for size in sizes] == [1 << 30, 1 << 30, 32 << 20]
    assert "ephemeral0" in run("sudo blkid /dev/vdb")
    run("sudo swapon /dev/vdc")
    assert run("grep -c vdc /proc/swaps").strip() == "1"
    told = "curl -s http://169.254.169.254/latest/meta-data/block-device-mapping/"
    assert (run(f"{told}ephemeral0"), run(f"{told}swap")) == ("/dev/vdb", "/dev/vdc")
    mount = "sudo mkdir -p /mnt/e && sudo mount /dev/vdb /mnt/e"
    run(f"{mount} && echo kept | sudo tee /mnt/e/file && sync")

    action = f"/servers/{server}/action"
    demo.api.post("compute", action, {"reboot": {"type": "HARD"}})
    demo.wait_status(server, "ACTIVE")
    demo.wait_ssh(address)
    assert run(f"{mount} && cat /mnt/e/file").strip() == "kept"

    demo.api.post("compute", action, {"rebuild": {"imageRef": image}})
    wait(lambda: demo.server(server)["status"] == "ACTIVE", 60, "rebuilt")
    demo.wait_ssh(address)
    assert run(f"{mount} && ls /mnt/e").split() == ["lost+found"]

    there = list(real_cloud.layout.state_dir.rglob(f"{server}/disk*"))
    assert {path.name for path in there} == {
        "disk0-root.qcow2", "disk1-ephemeral.raw", "disk2-swap.raw",
    }  # fmt: skip
    demo.delete(server)
    wait(lambda: not list(real_cloud.layout.state_dir.rglob(server)), 30, "its files are gone")
    admin.api.delete("compute", f"/flavors/{made}")
