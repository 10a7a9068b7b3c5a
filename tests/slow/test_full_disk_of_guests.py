"""Guests whose host has no room for what they write stand still, and go on when there is some."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.guests import User, wait
from tests.e2e.test_full_disk import fill
from tests.installation import Installation

pytestmark = [pytest.mark.guest, pytest.mark.root, pytest.mark.timeout(900)]


@pytest.fixture
def disk(real_cloud: Installation) -> Iterator[Path]:
    """A small disk of its own for the guests of this host."""
    place = real_cloud.state_dir / "guests"
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=300m", "stltest", place], check=True)
    yield place
    subprocess.run(["umount", "--lazy", place], check=True)


def test_a_guest_goes_on_when_there_is_room_again(
    real_cloud: Installation, disk: Path, demo: User
) -> None:
    network = demo.named("network", "/v2.0/networks", "networks", "private")
    server = demo.boot("writer", network)
    demo.wait_status(server, "ACTIVE")
    address = demo.floating_ip(server)
    demo.wait_ssh(address)
    ballast = fill(disk)
    demo.ssh(address, "dd if=/dev/urandom of=big bs=1M count=40 && sync")  # not answered
    wait(lambda: demo.server(server)["status"] == "PAUSED", 120, "the guest stands still")
    assert "is paused: the host's disk is full" in real_cloud.run("logs", "agent").stdout
    ballast.unlink()
    demo.wait_status(server, "ACTIVE", 30)
    demo.wait_ssh(address, 60)
    assert demo.ssh(address, "echo whole > after && sync && cat after").stdout == "whole\n"
    demo.delete(server)
    wait(lambda: not list(disk.glob(f"*{server}*")), 60, "the guest is gone")
