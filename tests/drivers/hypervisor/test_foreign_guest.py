"""A guest of another architecture: booted by UEFI on an emulated processor, as its user sees it."""

from __future__ import annotations

import time
from pathlib import Path

import msgspec
import pytest

from stratolith.compute.drivers.base import Blank, DiskSpec, ImageRef, PowerState
from stratolith.compute.drivers.qemu import machines
from stratolith.compute.drivers.qemu.driver import QemuDriver
from stratolith.deploy import guest_image
from tests.drivers.hypervisor.hosts import QemuHost, new_spec, only, wait_until
from tests.drivers.hypervisor.test_real_guest import SerialConsole

CACHE = Path(__file__).parents[3] / ".cache/guest-image"
BOOT_SECONDS = 60.0  # measured: 13 on two quiet processors

pytestmark = [
    pytest.mark.guest,
    pytest.mark.root,
    pytest.mark.slow,
    pytest.mark.skipif(
        "aarch64" not in machines.runnable(),
        reason="needs the packages qemu-system-arm and qemu-efi-aarch64",
    ),
]


def test_what_the_user_of_an_arm_guest_sees(qemu: QemuHost) -> None:
    path = guest_image.prepare_built("arm64", CACHE, print)
    image = ImageRef(image_id="arm", path=str(path), format="qcow2")
    disks = [
        DiskSpec(role="root", size_bytes=1 << 30, source=image),
        DiskSpec(
            role="ephemeral", size_bytes=64 << 20, source=Blank(format="ext4"), serial="eph-0"
        ),
    ]
    spec = new_spec(disks, 0, "stltest")
    spec = msgspec.structs.replace(spec, memory_mb=256, arch="aarch64")
    qemu.driver.create(spec)
    started = time.monotonic()
    qemu.driver.start(spec)
    wait_until(lambda: "login:" in qemu.driver.console_output(spec.id, 3), BOOT_SECONDS)
    print(f"login prompt after {time.monotonic() - started:.1f} s")
    console = SerialConsole(qemu.directory(spec.id))
    try:
        console.log_in()
        _look_around(console, spec.id)
        _plug(qemu, console)
    finally:
        console.close()
    qemu.driver.stop(spec.id, graceful_seconds=30.0)
    assert only(qemu.driver).power is PowerState.SHUTDOWN
    assert b"guest-shutdown" in (qemu.directory(spec.id) / "events.out").read_bytes()
    # what the firmware wrote down about its boot options is there for the next start
    assert any((qemu.directory(spec.id) / "nvram.fd").read_bytes())


def _look_around(console: SerialConsole, guest_id: str) -> None:
    assert console.run("uname -m").strip().endswith("aarch64")
    assert "ttyAMA0" in console.run("cat /sys/class/tty/console/active")
    sizes = console.run("cat /sys/block/vda/size /sys/block/vdb/size")
    assert [int(size) * 512 for size in sizes.split()] == [1 << 30, 64 << 20]
    assert "eph-0" in console.run("cat /sys/block/vdb/serial")
    assert "OpenStack Compute" in console.run("cat /sys/class/dmi/id/product_name")
    assert guest_id in console.run("cat /sys/class/dmi/id/product_uuid").lower()
    console.run("mkdir -p /tmp/drive; mount -r -t iso9660 /dev/sr0 /tmp/drive")
    assert '{"hostname": "test"}' in console.run("cat /tmp/drive/openstack/latest/meta_data.json")


def _plug(qemu: QemuHost, console: SerialConsole) -> None:
    """A NIC that comes and goes by the hot-plug of PCI Express."""
    guest_id, vif = only(qemu.driver).id, qemu.spec(vifs=1).vifs[0]
    qemu.driver.attach_interface(guest_id, vif)
    wait_until(lambda: vif.mac in console.run("cat /sys/class/net/*/address"))
    patient = QemuDriver(qemu.state_dir, use="tcg")
    patient.detach_interface(guest_id, vif.port_id)
    assert vif.mac not in console.run("cat /sys/class/net/*/address")
