"""A running cloud whose state directory has no byte free: it answers, says so, and recovers."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stratolith.deploy import credentials
from stratolith.deploy.api_client import ApiClient, ApiError
from stratolith.deploy.errors import DeployError
from tests.installation import Installation, free_offset

pytestmark = [
    pytest.mark.root,
    pytest.mark.skipif(os.geteuid() != 0, reason="mounts a small disk of its own"),
]
WHOLE_SECONDS = 5.0
READS = [
    ("identity", "/auth/projects"),
    ("compute", "/servers/detail"),
    ("compute", "/flavors"),
    ("network", "/v2.0/networks"),
    ("network", "/v2.0/security-groups"),
    ("image", "/v2/images"),
]
WRITES: list[tuple[str, str, dict[str, Any]]] = [
    ("compute", "/os-keypairs", {"keypair": {"name": "new"}}),
    ("network", "/v2.0/networks", {"network": {"name": "new"}}),
    ("image", "/v2/images", {"name": "new"}),
    ("identity", "/projects", {"project": {"name": "new", "domain_id": "default"}}),
]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 160 MiB."""
    place = tmp_path / "disk"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=160m", "stltest", place], check=True)
    yield place
    subprocess.run(["umount", "--lazy", place], check=True)


@pytest.fixture
def cloud(disk: Path) -> Iterator[Installation]:
    found = Installation(disk, free_offset())
    found.up()
    yield found
    (disk / "ballast").unlink(missing_ok=True)
    found.run("destroy", "--yes")


def fill(disk: Path) -> Path:
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                continue
    return ballast


def client(cloud: Installation) -> ApiClient:
    return ApiClient(credentials.access(cloud.layout, cloud.layout.settings()), "admin")


def answers_reads_only(cloud: Installation) -> None:
    admin = client(cloud)  # logs in anew
    for service, path in READS:
        admin.get(service, path)
    for service, path, body in WRITES:
        with pytest.raises(ApiError) as refused:
            admin.post(service, path, body)
        assert refused.value.status == 503, (service, path, str(refused.value))
    status = cloud.run("status", expect=1).stdout
    assert "NOT READY" in status
    assert "is full" in status
    document = cloud.run("status", "--json", expect=1).stdout
    assert '"is_ready": false' in document


def is_whole(cloud: Installation) -> bool:
    try:
        admin = client(cloud)
        for service, path, body in WRITES:
            admin.post(service, path, named(body, f"n{time.monotonic_ns()}"))
    except DeployError:
        return False
    return True


def named(body: dict[str, Any], name: str) -> dict[str, Any]:
    """The body with another name, of an object in an envelope or without one."""
    if "name" in body:
        return {**body, "name": name}
    return {kind: {**value, "name": name} for kind, value in body.items()}


def test_reads_go_on_writes_get_503_and_all_is_well_soon_after(
    cloud: Installation, disk: Path
) -> None:
    supervisor = cloud.pids()["supervisor"]
    ballast = fill(disk)
    answers_reads_only(cloud)
    for number in (signal.SIGKILL, signal.SIGTERM):
        os.kill(cloud.pids()["server"], number)
        time.sleep(0.5)
        deadline = time.monotonic() + 30
        while "server" not in cloud.pids() or not can_read(cloud):
            assert time.monotonic() < deadline, "not back on the full disk"
            time.sleep(0.1)
        answers_reads_only(cloud)
    assert cloud.pids()["supervisor"] == supervisor
    ballast.unlink()
    deadline = time.monotonic() + WHOLE_SECONDS
    while not is_whole(cloud):
        assert time.monotonic() < deadline, "not whole in time"
        time.sleep(0.1)
    assert "NOT READY" not in cloud.run("status").stdout


def can_read(cloud: Installation) -> bool:
    try:
        client(cloud).get("network", "/v2.0/networks")
    except DeployError:
        return False
    return True
