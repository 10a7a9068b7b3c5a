"""One boot of the real guest image: disks, config drive, hot-plug, as its user sees them."""

from __future__ import annotations

import os
import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from stratolith.compute.drivers.base import Blank, DiskSpec, ImageRef, PowerState
from tests.drivers.hypervisor.hosts import QemuHost, new_spec, only, wait_until

IMAGE = Path(__file__).parents[3] / ".cache/guest-image/cirros-amd64.qcow2"
# The guest's shell may ask the terminal for its cursor's place behind the prompt (ESC [ 6 n).
PROMPT = re.compile(rb"[$#] (?:\x1b\[6n)?$")
ANSWER = re.compile(rb"@@.*=\d+=\r?\n.*" + PROMPT.pattern, re.DOTALL)

pytestmark = [
    pytest.mark.guest,
    pytest.mark.root,
    pytest.mark.slow,
    pytest.mark.skipif(not IMAGE.exists(), reason="the guest image is not built yet"),
]


class SerialConsole:
    """A login on a guest's serial console."""

    def __init__(self, directory: Path) -> None:
        handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(0.5)
        self._socket.connect(f"/proc/self/fd/{handle}/console.sock")
        os.close(handle)

    def close(self) -> None:
        self._socket.close()

    def log_in(self) -> None:
        self._send("\n")
        self._read_until(re.compile(rb"login: $"))
        self._send("cirros\n")
        self._read_until(re.compile(rb"assword: *$"))
        self._send("gocubsgo\n")
        self._read_until(PROMPT)
        self.run("dmesg -n 1")  # no kernel messages between our lines

    def run(self, command: str) -> str:
        """The command's output, as root."""
        # The shell's echo of the line is no output: in it the marks look different.
        self._send(f"""echo "@"@; sudo sh -c '{command}'; echo "="$?=\n""")
        answer = self._read_until(ANSWER)
        return answer.decode().split("@@", 1)[1].rsplit("=", 2)[0]

    def _send(self, text: str) -> None:
        self._socket.sendall(text.encode())

    def _read_until(self, pattern: re.Pattern[bytes]) -> bytes:
        """Kernel messages may come between: then Enter brings the prompt again."""
        seen, deadline, poke = b"", time.monotonic() + 30, time.monotonic() + 3
        while not pattern.search(seen):
            assert time.monotonic() < deadline, f"the guest only said {seen[-500:]!r}"
            try:
                seen += self._socket.recv(4096)
            except TimeoutError:
                if time.monotonic() > poke:
                    self._send("\n")
                    poke += 3
        return seen


@pytest.fixture
def console(qemu: QemuHost) -> Iterator[SerialConsole]:
    image = ImageRef(image_id="cirros", path=str(IMAGE), format="qcow2")
    spec = new_spec(
        [
            DiskSpec(role="root", size_bytes=1 << 30, source=image),
            DiskSpec(
                role="ephemeral", size_bytes=64 << 20, source=Blank(format="ext4"), serial="eph-0"
            ),
            DiskSpec(role="swap", size_bytes=32 << 20, source=Blank(format="swap")),
        ],
        0,
        "stltest",
    )
    spec = msgspec.structs.replace(spec, memory_mb=128)
    qemu.driver.create(spec)
    qemu.driver.start(spec)
    wait_until(lambda: "login:" in qemu.driver.console_output(spec.id, 3), 60)
    opened = SerialConsole(qemu.directory(spec.id))
    opened.log_in()
    yield opened
    opened.close()


def test_what_the_user_of_a_guest_sees(qemu: QemuHost, console: SerialConsole) -> None:
    guest_id = only(qemu.driver).id
    sizes = console.run("cat /sys/block/vda/size /sys/block/vdb/size /sys/block/vdc/size")
    assert [int(size) * 512 for size in sizes.split()] == [1 << 30, 64 << 20, 32 << 20]
    assert "eph-0" in console.run("cat /sys/block/vdb/serial")
    assert "ephemeral0" in console.run("blkid /dev/vdb")
    assert "swap" in console.run("blkid /dev/vdc")
    assert "OpenStack Compute" in console.run("cat /sys/class/dmi/id/product_name")
    assert guest_id in console.run("cat /sys/class/dmi/id/product_uuid").lower()
    console.run("modprobe isofs; mkdir -p /tmp/drive; mount -r -t iso9660 /dev/sr0 /tmp/drive")
    files = console.run("cat /tmp/drive/openstack/latest/meta_data.json")
    assert '{"hostname": "test"}' in files

    with_nic = qemu.spec(vifs=1)
    vif = with_nic.vifs[0]
    qemu.driver.attach_interface(guest_id, vif)
    wait_until(lambda: vif.mac in console.run("cat /sys/class/net/*/address"))
    assert str(vif.mtu) in console.run("cat /sys/class/net/eth*/mtu")
    qemu.driver.detach_interface(guest_id, vif.port_id)
    assert vif.mac not in console.run("cat /sys/class/net/*/address")

    qemu.driver.stop(guest_id, graceful_seconds=30.0)
    assert only(qemu.driver).power is PowerState.SHUTDOWN
    assert b"guest-shutdown" in (qemu.directory(guest_id) / "events.out").read_bytes()
