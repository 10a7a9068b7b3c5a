"""A disk that is really full: requests that write say so, and go on when there is room again."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.testcloud import Client, TestCloud
from tests.testcloud.databases import is_postgresql

pytestmark = [
    pytest.mark.root,
    pytest.mark.skipif(os.geteuid() != 0, reason="mounts a small disk of its own"),
]
MIB = 1 << 20
STREAM = {"Content-Type": "application/octet-stream"}


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 48 MiB."""
    place = tmp_path / "disk"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48m", "stltest", place], check=True)
    yield place
    subprocess.run(["umount", "--lazy", place], check=True)


@pytest.fixture
def small(disk: Path) -> Iterator[TestCloud]:
    """A cloud on that disk that keeps no reserve for itself."""
    cloud = TestCloud(disk / "cloud", image={"min_free_mb": 0})
    yield cloud
    cloud.close()


def fill(disk: Path, leave: int = 0) -> Path:
    """Leave ``leave`` bytes free; gives the file that takes the rest."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(64 << 10))
        except OSError:
            pass
        file.truncate(max(0, file.tell() - leave))
    return ballast


def new_image(client: Client) -> str:
    body = {"name": "big", "disk_format": "raw", "container_format": "bare"}
    answer = client.post("image", "/images", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def test_an_upload_that_does_not_fit_is_refused_and_leaves_nothing(
    disk: Path, small: TestCloud
) -> None:
    demo = small.client("demo")
    image = new_image(demo)
    ballast = fill(disk, leave=8 * MIB)
    path = f"/images/{image}/file"
    answer = demo.put("image", path, content=bytes(16 * MIB), headers=STREAM)
    assert answer.status_code == 413, answer.text
    assert "full" in answer.text
    assert demo.get("image", f"/images/{image}").json()["status"] == "queued"
    assert os.statvfs(disk).f_bavail * os.statvfs(disk).f_bsize > 6 * MIB, "a part is left"
    ballast.unlink()
    assert demo.put("image", path, content=bytes(16 * MIB), headers=STREAM).status_code == 204
    assert demo.get("image", f"/images/{image}").json()["status"] == "active"


@pytest.mark.skipif(is_postgresql(), reason="PostgreSQL keeps its data on another disk")
def test_a_database_without_room_answers_503_and_still_reads(disk: Path, small: TestCloud) -> None:
    demo = small.client("demo")
    ballast = fill(disk)
    refused = None
    for number in range(300):  # what is left of the last page and the log takes a few
        body = {"network": {"name": f"n{number}", "description": "x" * 250}}
        answer = demo.post("network", "/networks", json=body)
        if answer.status_code != 201:
            refused = answer
            break
    assert refused is not None, "the disk was not full"
    if refused.status_code == 409:
        pytest.fail(f"the quota came first: {refused.text}")
    assert refused.status_code == 503, refused.text
    assert "disk is full" in refused.json()["NeutronError"]["message"]
    before = demo.get("network", "/networks")
    assert before.status_code == 200
    ballast.unlink()
    body = {"network": {"name": "after"}}
    assert demo.post("network", "/networks", json=body).status_code == 201
    names = [one["name"] for one in demo.get("network", "/networks").json()["networks"]]
    assert len(names) == len(before.json()["networks"]) + 1
