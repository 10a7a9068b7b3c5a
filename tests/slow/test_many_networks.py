"""Networks of many projects: the last one is created as fast as the first, and no two are alike."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

import pytest

from tests.testcloud import Client, TestCloud

# 25,000 networks of 5,000 projects take some minutes: NETWORKS=25000
NETWORKS = int(os.environ.get("NETWORKS", "2000"))
OF_A_PROJECT = 5
PART = 200  # networks whose times are compared
pytestmark = pytest.mark.timeout(120 + NETWORKS // 4)


@pytest.fixture
def clouds(tmp_path: Path) -> Iterator[tuple[TestCloud, TestCloud]]:
    """One to be filled, and one that stays empty."""
    ranges = {"vni_max": 5000 + NETWORKS + 1000}
    full, empty = (TestCloud(tmp_path / name, network=ranges) for name in ("full", "empty"))
    yield full, empty
    full.close()
    empty.close()


def test_the_last_network_is_made_as_fast_as_the_first(clouds: tuple[TestCloud, TestCloud]) -> None:
    cloud, empty = clouds
    admin, of_empty = cloud.client("admin"), empty.client("admin")
    for number in range(0, NETWORKS, OF_A_PROJECT):
        values = {"project_id": f"{number:032x}"}
        names = [f"net{number + part}" for part in range(OF_A_PROJECT)]
        body = {"networks": [{"name": name, **values} for name in names]}
        answer = admin.post("network", "/networks", json=body)
        assert answer.status_code == 201, answer.text
    # by turns, so that other work on the machine slows both
    first, last = [], []
    for number in range(PART):
        first.append(_seconds(of_empty, number))
        last.append(_seconds(admin, number))
    of_first, of_last = median(first), median(last)
    print(f"in an empty cloud {of_first * 1e3:.1f} ms, after {NETWORKS} {of_last * 1e3:.1f} ms")
    assert of_last < 2 * of_first + 0.002
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


def _seconds(client: Client, number: int) -> float:
    """What one more network takes, of a project with few networks."""
    project = f"{NETWORKS + number // OF_A_PROJECT:032x}"
    values = {"name": f"one{number}", "project_id": project}
    started = time.perf_counter()
    answer = client.post("network", "/networks", json={"network": values})
    taken = time.perf_counter() - started
    assert answer.status_code == 201, answer.text
    return taken


def _numbers(admin: Client) -> list[int]:
    answer = admin.get("network", "/networks?fields=provider:segmentation_id")
    numbers = [n["provider:segmentation_id"] for n in answer.json()["networks"]]
    return [number for number in numbers if number is not None]
