"""A real cloud: up, self test, kills, stops, and no trace after `destroy`.

It lives in network and mount namespaces of its own, so that its bridges, tables and ports
meet nothing else on the machine and the comparison before and after is exact.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from stratolith.deploy.checks import requirements
from stratolith.deploy.layout import Layout, locate
from stratolith.deploy.supervision import processes, running

pytestmark = [
    pytest.mark.root,
    pytest.mark.guest,
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root"),
    pytest.mark.skipif(
        bool(requirements.missing_packages()), reason="QEMU and its like are missing"
    ),
]

# Own /run/netns and /sys: namespaces and links are those of this test alone.
HOUSE = """
mkdir -p /run/netns && mount -t tmpfs tmpfs /run/netns && mount -t sysfs sysfs /sys
ip link set lo up && echo ready && exec sleep infinity
"""
TRACES = ["ip -br link", "ip netns", "nft list ruleset", "cat /proc/self/mounts", "ip route"]


class RealCloud:
    """Runs commands inside the namespaces."""

    def __init__(self, place: Path) -> None:
        self.home = place / "home"
        self.home.mkdir()
        self.state_dir = place / "state"
        self.house = subprocess.Popen(
            ["unshare", "--net", "--mount", "--propagation", "private", "sh", "-c", HOUSE],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.house.stdout is not None
        assert self.house.stdout.readline().strip() == "ready"
        self.before = self.traces()

    @property
    def layout(self) -> Layout:
        return locate(str(self.state_dir))

    def shell(self, *words: str, expect: int = 0) -> str:
        env = {**os.environ, "HOME": str(self.home), "SUDO_USER": "root"}
        env |= {"OS_CLIENT_CONFIG_FILE": str(self.state_dir / "clouds.yaml")}
        inside = ["nsenter", "-t", str(self.house.pid), "--net", "--mount"]
        answer = subprocess.run(
            [*inside, *words],
            capture_output=True,
            text=True,
            env=env,
            stdin=subprocess.DEVNULL,
            timeout=300,
        )
        assert answer.returncode == expect, answer.stdout + answer.stderr
        return answer.stdout + answer.stderr

    def run(self, command: str, *arguments: str) -> str:
        words = [command, "--state-dir", str(self.state_dir), *arguments]
        return self.shell(sys.executable, "-m", "stratolith", *words)

    def openstack(self, *words: str) -> Any:
        client = str(Path(sys.executable).with_name("openstack"))
        return json.loads(self.shell(client, "--os-cloud", "stratolith", *words, "-f", "json"))

    def traces(self) -> dict[str, str]:
        return {command: self.shell("sh", "-c", command) for command in TRACES}

    def status(self) -> Any:
        return json.loads(self.run("status", "--json"))

    def guests(self) -> set[int]:
        """Pids of the QEMU processes of this cloud."""
        found = set()
        for entry in processes.PROC.iterdir():
            if entry.name.isdigit():
                command = processes.command_line(int(entry.name))
                program = Path(command.split(" ", 1)[0]).name
                if program.startswith("qemu-system") and f"{self.state_dir}/" in command:
                    found.add(int(entry.name))
        return found

    def end(self) -> None:
        if self.layout.exists():
            self.run("destroy", "--yes")
        self.house.kill()
        self.house.wait()
        if self.house.stdout is not None:
            self.house.stdout.close()


def wait_for(is_true: Callable[[], object], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < deadline, "did not become true in time"
        time.sleep(0.2)


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealCloud]:
    place = tmp_path_factory.mktemp("real")
    found = RealCloud(place)
    found.run("up")
    yield found
    found.end()
    shutil.rmtree(place, ignore_errors=True)


@pytest.fixture(scope="module")
def demo1(cloud: RealCloud) -> str:
    """The server of the README, running; its id."""
    words = "--image cirros --flavor m1.tiny --key-name mykey --network private --wait demo1"
    server = cloud.openstack("server", "create", *words.split())
    assert server["OS-EXT-STS:vm_state"] == "active"
    return str(server["id"])


def test_the_self_test_passes_and_leaves_nothing(cloud: RealCloud) -> None:
    begun = time.monotonic()
    assert "The cloud works" in cloud.run("verify")
    assert time.monotonic() - begun < 60
    assert cloud.guests() == set()
    assert cloud.status()["servers"] == {}


def test_status_is_honest_about_acceleration_and_memory(cloud: RealCloud) -> None:
    document = cloud.status()
    assert document["acceleration"]["kind"] in ("kvm", "tcg")
    own = [row for row in document["processes"] if row["role"] != "guest"]
    assert {"supervisor", "server", "agent"} <= {row["role"] for row in own}
    assert sum(row["pss_kib"] for row in own) < 300 * 1024
    if document["acceleration"]["kind"] == "tcg":
        assert "EMULATED" in cloud.run("status")


@pytest.mark.parametrize(
    "order",
    [["server"], ["agent"], ["supervisor", "agent", "server"], ["agent", "server", "supervisor"]],
    ids="-".join,
)
def test_guests_outlive_kills_and_everything_heals(
    cloud: RealCloud, demo1: str, order: list[str]
) -> None:
    guests = cloud.guests()
    assert len(guests) == 1
    before = running.pids(cloud.layout)
    for role in order:
        os.kill(before[role], signal.SIGKILL)
    cloud.run("up")
    wait_for(lambda: set(running.pids(cloud.layout)) == set(before), 30)
    after = running.pids(cloud.layout)
    assert all(after[role] != before[role] for role in order)
    assert cloud.guests() == guests
    wait_for(lambda: cloud.status()["is_ready"], 30)
    assert cloud.status()["servers"] == {"ACTIVE": 1}


def test_down_leaves_guests_and_up_finds_them(cloud: RealCloud, demo1: str) -> None:
    guests = cloud.guests()
    assert "Guests go on running: 1" in cloud.run("down")
    assert running.pids(cloud.layout) == {}
    assert cloud.guests() == guests
    cloud.run("up")
    assert cloud.guests() == guests


def test_down_with_guests_stops_them_and_up_starts_them_again(cloud: RealCloud, demo1: str) -> None:
    cloud.run("down", "--guests")
    assert cloud.guests() == set()
    cloud.run("up")
    wait_for(lambda: len(cloud.guests()) == 1, 60)
    wait_for(lambda: cloud.status()["servers"] == {"ACTIVE": 1}, 60)


def test_destroy_leaves_no_trace(cloud: RealCloud, demo1: str) -> None:
    assert cloud.guests()
    cloud.run("destroy", "--yes")
    assert cloud.traces() == cloud.before
    assert not cloud.state_dir.exists()
    left = [
        processes.command_line(int(entry.name))
        for entry in processes.PROC.iterdir()
        if entry.name.isdigit() and f"{cloud.state_dir}/" in processes.command_line(int(entry.name))
    ]
    assert left == []
