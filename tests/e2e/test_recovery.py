"""kill -9 of everything, in several orders, and a power cut: what should run runs again."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import httpx
import pytest

from stratolith.agent import health_port
from tests.e2e.guests import User, output, wait
from tests.installation import Installation

pytestmark = [pytest.mark.guest, pytest.mark.root, pytest.mark.timeout(900)]


def guest_pid(server_id: str) -> int | None:
    """The QEMU process of a server."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                line = (entry / "cmdline").read_bytes()
                state = (entry / "stat").read_text().rsplit(")", 1)[1].split()[0]
            except OSError:
                continue
            if b"qemu" in line and server_id.encode() in line and state != "Z":
                return int(entry.name)
    return None


@pytest.fixture
def server(demo: User) -> str:
    """A server with a floating IP that one can log in to."""
    network = demo.named("network", "/v2.0/networks", "networks", "private")
    found = demo.boot("survivor", network)
    demo.wait_status(found, "ACTIVE")
    return found


def test_kills_in_every_order(real_cloud: Installation, demo: User, server: str) -> None:
    address = demo.floating_ip(server)
    demo.wait_ssh(address)
    boot_id = demo.ssh(address, "cat /proc/sys/kernel/random/boot_id").stdout

    for order in (["agent"], ["server"], ["agent", "server"], ["supervisor", "server", "agent"]):
        pids = real_cloud.pids()
        for role in order:
            os.kill(pids[role], signal.SIGKILL)
        if "supervisor" in order:
            real_cloud.up_real()
        real_cloud.wait_ready()
        assert demo.server(server)["status"] == "ACTIVE"
        # the guest never noticed
        assert demo.ssh(address, "cat /proc/sys/kernel/random/boot_id").stdout == boot_id

    killed = guest_pid(server)
    assert killed is not None
    os.kill(killed, signal.SIGKILL)
    wait(lambda: guest_pid(server) not in (None, killed), 60, "the guest runs again")
    demo.wait_status(server, "ACTIVE")
    demo.wait_ssh(address)

    # a request whose server dies right after the answer
    demo.api.post("compute", f"/servers/{server}/action", {"reboot": {"type": "HARD"}})
    for role, pid in real_cloud.pids().items():
        if role != "supervisor":
            os.kill(pid, signal.SIGKILL)
    real_cloud.wait_ready()
    demo.wait_status(server, "ACTIVE")
    demo.wait_ssh(address)
    demo.delete(server)


def test_a_build_survives_the_death_of_both(real_cloud: Installation, demo: User) -> None:
    network = demo.named("network", "/v2.0/networks", "networks", "private")
    made = [demo.boot(f"young-{number}", network) for number in range(3)]
    for role, pid in real_cloud.pids().items():
        if role != "supervisor":
            os.kill(pid, signal.SIGKILL)
    real_cloud.wait_ready()
    for one in made:
        demo.wait_status(one, "ACTIVE")
        demo.delete(one)
    for role, pid in real_cloud.pids().items():
        if role != "supervisor":
            os.kill(pid, signal.SIGKILL)
    real_cloud.wait_ready()
    wait(lambda: not any(guest_pid(one) for one in made), 60, "deleted guests are gone")

    def all_gone() -> bool:
        return not demo.api.get("compute", "/servers?name=young")["servers"]

    wait(all_gone, 60, "deleted servers are gone from the list")


def test_a_power_cut(real_cloud: Installation, demo: User, server: str) -> None:
    """All our processes and kernel objects gone, files kept: `up` brings everything back."""
    address = demo.floating_ip(server)
    demo.wait_ssh(address)
    for pid in real_cloud.pids().values():
        os.kill(pid, signal.SIGKILL)
    killed = guest_pid(server)
    assert killed is not None
    os.kill(killed, signal.SIGKILL)
    forget_the_kernel()
    real_cloud.up_real()
    real_cloud.wait_ready()
    demo.wait_status(server, "ACTIVE")
    wait(lambda: guest_pid(server), 60, "the guest runs again")
    demo.wait_ssh(address)
    demo.delete(server)


def test_the_wrong_database_touches_no_guest(
    real_cloud: Installation, demo: User, server: str, tmp_path: Path
) -> None:
    """The server comes back on an empty database: its host refuses it and keeps its guests."""
    address = demo.floating_ip(server)
    demo.wait_ssh(address)
    pid = guest_pid(server)
    aside = [(one, tmp_path / one.name) for one in real_cloud.layout.state_dir.glob("*.db*")]
    for one, elsewhere in aside:
        shutil.move(one, elsewhere)
    os.kill(real_cloud.pids()["server"], signal.SIGKILL)
    page = f"http://127.0.0.1:{health_port(real_cloud.layout.settings())}/readyz"
    wait(lambda: "belongs to cloud" in httpx.get(page).text, 60, "the host refuses the server")
    time.sleep(3)  # several looks later
    assert guest_pid(server) == pid
    assert demo.ssh(address, "true").returncode == 0

    wrong = real_cloud.pids()["server"]
    for one in real_cloud.layout.state_dir.glob("*.db*"):
        one.unlink()
    for one, elsewhere in aside:
        shutil.move(elsewhere, one)
    os.kill(wrong, signal.SIGKILL)
    real_cloud.wait_ready()
    wait(lambda: httpx.get(page).status_code == 200, 60, "the host works for its own cloud again")
    assert guest_pid(server) == pid
    demo.wait_status(server, "ACTIVE")
    demo.delete(server)


def forget_the_kernel() -> None:
    """What a reboot does to namespaces, bridges, taps, tables and dnsmasq of ours."""
    for name in output("ip", "netns", "list").split("\n"):
        name = name.split(" ")[0]
        if name.startswith(("qrouter-", "qdhcp-")):
            for pid in output("ip", "netns", "pids", name).split():
                os.kill(int(pid), signal.SIGKILL)
            subprocess.run(["ip", "netns", "delete", name], check=True)
    for line in output("ip", "-o", "link").split("\n"):
        name = line.split(": ")[1].split("@")[0] if ": " in line else ""
        if name.startswith(("brq", "tap", "br-stl")):
            subprocess.run(["ip", "link", "delete", name], capture_output=True)
    for line in output("nft", "list", "tables").split("\n"):
        if "stratolith" in line:
            subprocess.run(["nft", "delete", *line.split()], check=True)


def test_a_guest_whose_tap_is_deleted_goes_on(
    real_cloud: Installation, demo: User, server: str
) -> None:
    """All other objects of its network: tests/slow/test_taken_away.py."""
    address = demo.floating_ip(server)
    demo.wait_ssh(address)
    pid = guest_pid(server)
    port = demo.api.get("network", f"/v2.0/ports?device_id={server}")["ports"][0]["id"]
    subprocess.run(["ip", "link", "delete", f"tap{port[:11]}"], check=True)
    time.sleep(1)
    demo.wait_ssh(address, 20)
    assert guest_pid(server) == pid
    demo.delete(server)


def test_a_guest_whose_directory_is_gone_goes_with_its_server(
    real_cloud: Installation, demo: User, admin: User
) -> None:
    """Removed by hand, or lost with a disk: the guest runs on, is told of, and ends when asked."""
    network = demo.named("network", "/v2.0/networks", "networks", "private")
    server = demo.boot("without-directory", network)
    demo.wait_status(server, "ACTIVE")
    pid = guest_pid(server)
    assert pid is not None
    place = next(path for path in real_cloud.state_dir.rglob(server) if path.is_dir())
    shutil.rmtree(place)
    wait(lambda: demo.server(server)["status"] == "ERROR", 60, "the fault is told")
    fault = demo.server(server)["fault"]
    assert str(real_cloud.state_dir) not in str(fault) and str(pid) not in fault["message"]
    assert admin.server(server)["fault"]["details"]
    assert guest_pid(server) == pid, "it was ended without being asked"
    demo.delete(server)
    wait(lambda: guest_pid(server) is None, 40, "its process ended")
    assert not place.exists()
