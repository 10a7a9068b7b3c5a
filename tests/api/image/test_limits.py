"""HTTP stories of the limits that identity keeps for images."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.api.image.test_images import BYTES, make
from tests.api.image.test_imports import start
from tests.testcloud import Client, TestCloud

MIB = b"\0" * (1 << 20)


@pytest.fixture
def limited(tmp_path: Path) -> Iterator[TestCloud]:
    cloud = TestCloud(tmp_path / "cloud", image={"use_unified_limits": True})
    yield cloud
    cloud.close()


def register(admin: Client, **limits: int) -> list[dict[str, Any]]:
    services = admin.get("identity", "/services?type=image").json()["services"]
    wanted = [
        {"service_id": services[0]["id"], "resource_name": name, "default_limit": limit}
        for name, limit in limits.items()
    ]
    answer = admin.post("identity", "/registered_limits", json={"registered_limits": wanted})
    assert answer.status_code == 201, answer.text
    found: list[dict[str, Any]] = answer.json()["registered_limits"]
    return found


def used(client: Client) -> dict[str, Any]:
    found: dict[str, Any] = client.get("image", "/info/usage").json()["usage"]
    return found


def put(client: Client, image: dict[str, Any], data: bytes, way: str = "file") -> int:
    path = f"/images/{image['id']}/{way}"
    return client.put("image", path, content=data, headers=BYTES).status_code


def test_usage_is_told(limited: TestCloud) -> None:
    admin, demo = limited.client("admin"), limited.client("demo")
    register(admin, image_size_total=10, image_count_total=5)
    make(demo, MIB * 2)
    staged = make(demo)
    assert put(demo, staged, MIB, "stage") == 204
    assert used(demo) == {
        "image_size_total": {"usage": 2, "limit": 10},
        "image_stage_total": {"usage": 1, "limit": -1},
        "image_count_total": {"usage": 2, "limit": 5},
        "image_count_uploading": {"usage": 1, "limit": -1},
    }
    body = {"name": "all", "disk_format": "raw", "container_format": "bare"}
    assert demo.post("image", "/images", json=body).status_code == 201


def test_the_number_of_images_is_limited(limited: TestCloud) -> None:
    admin, demo = limited.client("admin"), limited.client("demo")
    registered = register(admin, image_count_total=1)
    make(demo)
    answer = demo.post("image", "/images", json={})
    assert answer.status_code == 413 and "image_count_total" in answer.text
    projects = admin.get("identity", "/projects?name=demo").json()["projects"]
    own = {
        "service_id": registered[0]["service_id"],
        "project_id": projects[0]["id"],
        "resource_name": "image_count_total",
        "resource_limit": 2,
    }
    assert admin.post("identity", "/limits", json={"limits": [own]}).status_code == 201
    make(demo)
    assert demo.post("image", "/images", json={}).status_code == 413
    assert admin.post("image", "/images", json={}).status_code == 413  # 2 premade images


def test_sizes_are_limited(limited: TestCloud) -> None:
    admin, demo = limited.client("admin"), limited.client("demo")
    register(admin, image_size_total=3, image_stage_total=1)
    make(demo, MIB * 2)
    assert put(demo, make(demo), MIB * 2) == 413
    staged = make(demo)
    assert put(demo, staged, MIB * 2, "stage") == 413
    assert demo.get("image", f"/images/{staged['id']}").json()["status"] == "queued"
    assert put(demo, staged, MIB, "stage") == 204
    assert put(demo, make(demo), MIB) == 204
    assert start(demo, staged, "glance-direct").status_code == 413


def test_uploads_at_once_are_limited(limited: TestCloud) -> None:
    admin, demo = limited.client("admin"), limited.client("demo")
    register(admin, image_count_uploading=1)
    staged = make(demo)
    assert put(demo, staged, MIB, "stage") == 204
    assert put(demo, make(demo), MIB) == 413
    assert start(demo, staged, "glance-direct").status_code == 202
    assert put(demo, make(demo), MIB) == 204


def test_nothing_is_limited_unless_the_cloud_says_so(admin: Client, demo: Client) -> None:
    register(admin, image_count_total=0)
    make(demo)
    assert used(demo) == {}
