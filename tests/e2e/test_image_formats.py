"""Disks of another hypervisor and an ISO, as a user of the unmodified client boots them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests import bootable_iso
from tests.e2e.guests import User, wait
from tests.installation import Installation
from tests.interop.openstack_client import attempt, of_user, openstack

pytestmark = [
    pytest.mark.guest,
    pytest.mark.root,
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.skipif(not bootable_iso.IMAGE.exists(), reason="the guest image is not built yet"),
]
UPLOAD = "image create --container-format bare --disk-format"
BOOT = "server create --network private --key-name mykey --wait --flavor"


def wait_console(cloud: Installation, server: str, words: str) -> str:
    def look() -> str:
        told = attempt(f"console log show {server}", of_user(cloud, "demo"))
        assert told.status == 0, told.err
        return told.out if words in told.out else ""

    return str(wait(look, 90, f"{words!r} on the console"))


def test_a_disk_of_vmware(real_cloud: Installation, demo: User, tmp_path: Path) -> None:
    disk = tmp_path / "disk.vmdk"
    words = ["qemu-img", "convert", "-f", "qcow2", "-O", "vmdk", "-o", "subformat=streamOptimized"]
    subprocess.run([*words, str(bootable_iso.IMAGE), str(disk)], check=True)
    image = openstack(real_cloud, f"{UPLOAD} vmdk --file {disk} vmware")
    assert (image["status"], image["disk_format"]) == ("active", "vmdk")
    first = openstack(real_cloud, f"{BOOT} m1.nano --image vmware vm1")
    (kept,) = (real_cloud.state_dir / "image-cache").glob(f"{image['id']}.*.qcow2")
    made = kept.stat().st_ino
    openstack(real_cloud, f"{BOOT} m1.nano --image vmware vm2")
    assert kept.stat().st_ino == made, "converted once for both"
    wait_console(real_cloud, "vm1", "login:")
    address = demo.floating_ip(first["id"])
    demo.wait_ssh(address)
    assert demo.ssh(address, "hostname").stdout.split() == ["vm1"]
    openstack(real_cloud, f"floating ip delete {address}")
    openstack(real_cloud, "server delete --wait vm1 vm2")
    openstack(real_cloud, "image delete vmware")


def test_an_iso_and_a_blank_disk(real_cloud: Installation, tmp_path: Path) -> None:
    disc = tmp_path / "disc.iso"
    (tmp_path / "work").mkdir()
    bootable_iso.make(disc, tmp_path / "work")
    image = openstack(real_cloud, f"{UPLOAD} iso --file {disc} installer")
    assert image["status"] == "active"
    openstack(real_cloud, f"{BOOT} m1.tiny --image installer iso1")
    told = wait_console(real_cloud, "iso1", "login:")
    assert f"{bootable_iso.MARK}: {(1 << 30) // 512} sectors to install to" in told
    openstack(real_cloud, "server delete --wait iso1")
    openstack(real_cloud, "image delete installer")


def test_a_lie_is_told_to_the_client(real_cloud: Installation, tmp_path: Path) -> None:
    (tmp_path / "disk").write_bytes(b"no disk at all" * 1000)
    done = attempt(f"{UPLOAD} vmdk --file {tmp_path}/disk lie", of_user(real_cloud, "demo"))
    assert done.status != 0
    assert "disk_format vmdk does not match stream data raw" in done.err
    attempt("image delete lie", of_user(real_cloud, "demo"))
