"""Rules that no smallest request of a route asks (tests/api/rules/rules_kept.py)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.api.image.pages import Site, site
from tests.api.image.test_images import make, patch
from tests.api.image.test_imports import start
from tests.api.image.test_locations import DATA, add, cloud_for
from tests.testcloud import TestCloud

Ask = Callable[[], Any]
REMOVE = {"op": "remove", "path": "/locations/0"}


@pytest.fixture
def web() -> Iterator[Site]:
    with site({"disk": DATA}) as found:
        yield found


@pytest.fixture
def two_stores(tmp_path: Path, web: Site) -> Iterator[TestCloud]:
    cloud = cloud_for(tmp_path, web, show_multiple_locations=True, extra_stores=["second"])
    yield cloud
    cloud.close()


def asks(cloud: TestCloud, rule: str, web: Site) -> Ask:
    """A request of somebody who may make it by default, and that asks this rule."""
    admin = cloud.client("admin")
    image = make(admin, DATA)
    path = f"/images/{image['id']}"
    match rule:
        case "download_from_store":
            return lambda: admin.get("image", f"{path}/file?prefer=file")
        case "set_image_location":
            return lambda: patch(admin, image, add(f"{web.url}/disk"))
        case "delete_image_location":
            patch(admin, image, add(f"{web.url}/disk"))
            return lambda: patch(admin, image, REMOVE)
        case "copy_image":
            return lambda: start(admin, image, "copy-image", stores=["second"])
    start(admin, image, "copy-image", stores=["second"])
    task = admin.get("image", "/tasks").json()["tasks"][0]["id"]
    return lambda: admin.get("image", f"/tasks/{task}")


@pytest.mark.parametrize(
    ("rule", "done"),
    [
        ("download_from_store", 200),
        ("set_image_location", 200),
        ("delete_image_location", 200),
        ("copy_image", 202),
        ("get_task", 200),
    ],
)
def test_it_decides(two_stores: TestCloud, web: Site, rule: str, done: int) -> None:
    ask = asks(two_stores, rule, web)
    two_stores.env.policies.override({rule: "!"})
    assert ask().status_code == 403
    two_stores.env.policies.override({rule: "@"})
    assert ask().status_code == done
