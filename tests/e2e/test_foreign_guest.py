"""A server of another architecture, as a user of the unmodified client makes it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from stratolith.compute.drivers.qemu import machines
from stratolith.deploy import guest_image
from tests.e2e.guests import User, wait
from tests.installation import Installation
from tests.interop.openstack_client import attempt, of_user, openstack

CACHE = Path(__file__).parents[2] / ".cache/guest-image"
BOOT_SECONDS = 90.0  # measured: 13 on two quiet processors

pytestmark = [
    pytest.mark.guest,
    pytest.mark.root,
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.skipif(
        "aarch64" not in machines.runnable(),
        reason="needs the packages qemu-system-arm and qemu-efi-aarch64",
    ),
]


def test_an_arm_server(real_cloud: Installation, demo: User, tmp_path: Path) -> None:
    file = guest_image.prepare_built("arm64", CACHE, print)
    line = "image create --disk-format qcow2 --container-format bare --min-ram 192"
    image = openstack(
        real_cloud, f"{line} --property hw_architecture=aarch64 --file {file} arm-image"
    )
    assert image["status"] == "active"
    script = tmp_path / "script"
    script.write_text("#!/bin/sh\necho this machine is $(uname -m)\n")
    line = "server create --image arm-image --flavor m1.nano --network private --key-name mykey"
    began = time.monotonic()
    server = openstack(real_cloud, f"{line} --user-data {script} --wait arm1")
    assert server["status"] == "ACTIVE"

    def console() -> str:
        told = attempt("console log show arm1", of_user(real_cloud, "demo"))
        assert told.status == 0, told.err
        return told.out

    wait(lambda: "login:" in console(), BOOT_SECONDS, "login prompt on the console")
    print(f"login prompt {time.monotonic() - began:.1f} s after the command")
    wait(lambda: re.search(r"guest: \[[0-9.]+\] ready", console()), 60, "end of the boot")
    assert "this machine is aarch64" in console()
    address = demo.floating_ip(server["id"])
    demo.wait_ssh(address)
    assert demo.ssh(address, "uname -m; hostname").stdout.split() == ["aarch64", "arm1"]
    openstack(real_cloud, f"floating ip delete {address}")
    openstack(real_cloud, "server delete --wait arm1")
    openstack(real_cloud, "image delete arm-image")


def test_no_host_for_an_architecture(real_cloud: Installation, tmp_path: Path) -> None:
    """The fault that the user is shown names what is lacking."""
    (tmp_path / "disk").write_bytes(bytes(1 << 20))
    line = "image create --disk-format raw --container-format bare --property"
    openstack(real_cloud, f"{line} hw_architecture=s390x --file {tmp_path}/disk z-image")
    openstack(real_cloud, "server create --image z-image --flavor m1.nano --network private z1")
    shown = openstack(real_cloud, "server show z1")
    assert shown["status"] == "ERROR"
    assert "No valid host was found" in shown["fault"]["message"]
    assert "the image needs: the architecture s390x" in shown["fault"]["message"]
    openstack(real_cloud, "server delete --wait z1")
    openstack(real_cloud, "image delete z-image")


def test_the_built_image_is_uploaded_with_what_it_needs(
    real_cloud: Installation, admin: User
) -> None:
    command = [sys.executable, "-m", "stratolith", "image", "build", "--architecture", "arm64"]
    command += ["--upload", "--public", "--name", "built", "--state-dir", str(real_cloud.state_dir)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "is active" in done.stdout
    [image] = admin.api.get("image", "/v2/images?name=built")["images"]
    wanted = {"hw_architecture": "aarch64", "hw_firmware_type": "uefi", "min_ram": 192}
    assert wanted.items() <= image.items(), json.dumps(image)
    assert image["visibility"] == "public"
    admin.api.delete("image", f"/v2/images/{image['id']}")
