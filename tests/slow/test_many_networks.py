"""Networks of many projects: the last one is created as fast as the first, and no two are alike."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

import pytest

from tests.testcloud import TestCloud

# 25,000 networks of 5,000 projects take some minutes: NETWORKS=25000
NETWORKS = int(os.environ.get("NETWORKS", "2000"))
OF_A_PROJECT = 5
PART = 200  # networks whose times are compared
pytestmark = pytest.mark.timeout(120 + NETWORKS // 4)


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[TestCloud]:
    made = TestCloud(tmp_path / "cloud", network={"vni_max": 5000 + NETWORKS + 500})
    yield made
    made.close()


def test_the_last_network_is_made_as_fast_as_the_first(cloud: TestCloud) -> None:
    admin = cloud.client("admin")
    seconds: list[float] = []
    for number in range(NETWORKS):
        project = f"{number // OF_A_PROJECT:032x}"
        values = {"name": f"net{number}", "project_id": project}
        started = time.perf_counter()
        answer = admin.post("network", "/networks", json={"network": values})
        seconds.append(time.perf_counter() - started)
        assert answer.status_code == 201, answer.text
    first, last = median(seconds[:PART]), median(seconds[-PART:])
    print(f"{NETWORKS} networks: the first took {first * 1e3:.1f} ms, the last {last * 1e3:.1f} ms")
    assert last < 2 * first + 0.002
    numbers = _numbers(admin)
    assert len(numbers) == len(set(numbers)) >= NETWORKS

    def make(number: int) -> int:
        client = cloud.client("admin")
        answer = client.post("network", "/networks", json={"network": {"name": f"more{number}"}})
        assert answer.status_code == 201, answer.text
        return int(answer.json()["network"]["provider:segmentation_id"])

    with ThreadPoolExecutor(8) as pool:
        more = list(pool.map(make, range(64)))
    assert len(set(more)) == 64 and not set(more) & set(numbers)


def _numbers(admin: object) -> list[int]:
    answer = admin.get("network", "/networks?fields=provider:segmentation_id")  # type: ignore[attr-defined]
    found = [n["provider:segmentation_id"] for n in answer.json()["networks"]]
    return [number for number in found if number is not None]
