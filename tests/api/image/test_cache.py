"""Looking after the image cache: clean, prune, who has a copy; who may."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stratolith.image.store import cache
from tests.api.image.test_images import make
from tests.api.image.test_locations import copied
from tests.testcloud import Client, TestCloud

GIB = 1 << 30
NOBODY = "0e0e0e0e-0000-4000-8000-000000000000"


@pytest.fixture
def small(tmp_path: Path) -> Iterator[TestCloud]:
    """A cloud whose cache holds one GiB."""
    found = TestCloud(tmp_path / "small", image={"cache_max_gb": 1})
    yield found
    found.close()


def names(cloud: TestCloud) -> set[str]:
    """All files of the cache, without those of the queue."""
    place = cache.folder(cloud.env.settings)
    return {
        str(path.relative_to(place)) for path in place.rglob("*")
        if path.is_file() and path.parent.name != "queue"
    }  # fmt: skip


def adopt(cloud: TestCloud, image: dict[str, Any]) -> cache.Copied:
    of = copied(cloud, image)
    cache.adopt(cloud.env.settings, of, cloud.folder / "images" / image["id"])
    return of


def test_clean_drops_what_is_of_no_use_and_nothing_else(
    cloud: TestCloud, admin: Client, demo: Client
) -> None:
    settings, place = cloud.env.settings, cache.folder(cloud.env.settings)
    kept = adopt(cloud, make(demo, b"kept"))
    assert cache.read(settings, kept) is not None  # counted
    changed, fresh = make(demo, b"changed"), cache.begin(settings, copied(cloud, make(demo)), 10)
    assert fresh is not None
    useless = [
        place / f"{changed['id']}.{'0' * 16}",  # of what its data were
        place / f"{NOBODY}.{kept.generation}",  # of an image that is gone
        place / f"{NOBODY}.{kept.generation}.hits",
        place / f"{changed['id']}.{'1' * 16}.hits",  # counted of a copy that is not there
        place / "incomplete" / f"{changed['id']}.{'2' * 16}",  # nobody writes to it any more
    ]
    for path in useless:
        path.write_bytes(b"x")
    long_ago = time.time() - cache.STALLED_SECONDS - 1
    os.utime(useless[-1], (long_ago, long_ago))
    answer = admin.post("image", "/cache/clean")
    assert (answer.status_code, answer.content) == (200, b"")
    part = next(name for name in names(cloud) if name.startswith("incomplete/"))
    assert names(cloud) == {kept.name, f"{kept.name}.hits", part}
    fresh.close_now(False)


def test_prune_drops_what_was_not_used_for_longest(small: TestCloud) -> None:
    admin, demo = small.client("admin"), small.client("demo")
    settings = small.env.settings
    nothing = {"total_files_pruned": 0, "total_bytes_pruned": 0}
    assert admin.post("image", "/cache/prune").json() == nothing
    images = [make(demo, bytes([number])) for number in range(3)]
    found = [adopt(small, image) for image in images]
    for number, of in enumerate(found):  # together 1.2 GiB, of which the disk has nothing
        path = cache.folder(settings) / of.name
        path.unlink()
        with path.open("wb") as file:
            file.truncate(4 * GIB // 10)
        os.utime(path, (time.time() - 100 + number, time.time()))
    assert cache.read(settings, found[0]) is not None  # so the second is the oldest
    answer = admin.post("image", "/cache/prune")
    assert answer.status_code == 200
    assert answer.json() == {"total_files_pruned": 1, "total_bytes_pruned": 4 * GIB // 10}
    assert {one.of for one in cache.entries(settings)} == {found[0], found[2]}
    assert admin.post("image", "/cache/prune").json() == nothing


def test_the_server_that_has_a_copy_is_named(cloud: TestCloud, admin: Client, demo: Client) -> None:
    image = make(demo, b"data")
    path = f"/cache/nodes/{image['id']}"
    assert admin.get("image", path).json() == []
    adopt(cloud, image)
    answer = admin.get("image", path)
    root = admin.get("raw", "/image/versions").json()["versions"][0]["links"][0]["href"]
    assert answer.status_code == 200
    assert answer.json() == [root.removesuffix("/v2/")]
    for nothing in (NOBODY, "x"):
        assert admin.get("image", f"/cache/nodes/{nothing}").status_code == 404
    demo.delete("image", f"/images/{image['id']}")
    assert admin.get("image", path).status_code == 404


CALLS = [("POST", "/cache/clean"), ("POST", "/cache/prune"), ("GET", f"/cache/nodes/{NOBODY}")]


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_only_for_administrators(demo: Client, method: str, path: str) -> None:
    assert demo.request(method, "image", path).status_code == 403


def test_only_where_there_is_a_cache(tmp_path: Path) -> None:
    cloud = TestCloud(tmp_path / "none", image={"cache_max_gb": 0})
    try:
        admin, demo = cloud.client("admin"), cloud.client("demo")
        for method, path in CALLS:
            answer = admin.request(method, "image", path)
            assert answer.status_code == 404, answer.text
            assert demo.request(method, "image", path).status_code == 403
        found = admin.get("raw", "/image/versions").json()["versions"][0]
        assert (found["id"], found["status"]) == ("v2.17", "CURRENT")
    finally:
        cloud.close()


def test_tasks_are_not_deleted_by_hand(admin: Client, demo: Client) -> None:
    assert demo.delete("image", f"/tasks/{NOBODY}").status_code == 403
    for task in (NOBODY, "x"):
        answer = admin.delete("image", f"/tasks/{task}")
        assert (answer.status_code, answer.headers["allow"]) == (405, "GET")
        assert "auto deleted" in answer.text
    assert admin.put("image", "/tasks/x").headers["allow"] == "DELETE, GET"
