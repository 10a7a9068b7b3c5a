"""The regression net: every Tempest test that ever passed passes again.

CI runs the fast part (tempest-fast.txt); the whole list runs with STRATOLITH_TEMPEST=all, and
with it the tests that need a cloud that takes any data for any format.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.api.image.pages import Site
from tests.installation import Installation, free_offset

from . import image_site, tempest
from .openstack_client import openstack

FOLDER = Path(__file__).parent
EVERYTHING = os.environ.get("STRATOLITH_TEMPEST") == "all"


def listed(file: str) -> list[str]:
    names = [line.strip() for line in (FOLDER / file).read_text().splitlines()]
    return [name for name in names if name and not name.startswith("#")]


def wanted() -> list[str]:
    names = listed("tempest-pass.txt")
    if EVERYTHING:
        return names
    fast = set(listed("tempest-fast.txt"))
    return [name for name in names if name in fast]


def check(cloud: tempest.Cloud, names: Sequence[str], workspace: Path) -> None:
    assert names
    outcome = tempest.run(cloud, names, workspace)
    lost = {name: result for name, result in outcome.items() if result != "passed"}
    if lost:
        print((workspace / "output.txt").read_text()[-20000:])
    assert not lost


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_what_passed_passes(fake_cloud: Installation, web_images: Site, tmp_path: Path) -> None:
    password = fake_cloud.password("admin")
    cloud = tempest.Cloud(fake_cloud.auth_url, password, image_site.options(web_images))
    check(cloud, wanted(), tmp_path)


@pytest.fixture
def lenient_cloud(
    tmp_path_factory: pytest.TempPathFactory, web_images: Site
) -> Iterator[Installation]:
    """The second profile of the image tests; the one port is the other door of the catalogue."""
    found = Installation(tmp_path_factory.mktemp("lenient"), free_offset())
    found.environment = {**image_site.settings(web_images), **image_site.LENIENT_SETTINGS}
    found.up()
    found.wait_host()
    door = f"http://127.0.0.1:{8700 + found.offset}/image"
    openstack(found, f"service create --name glance-remote {image_site.REMOTE}", "admin")
    openstack(found, f"endpoint create {image_site.REMOTE} public {door}", "admin")
    yield found
    found.run("destroy", "--yes")


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.skipif(not EVERYTHING, reason="only when the whole list runs")
def test_what_passed_leniently_passes(
    lenient_cloud: Installation, web_images: Site, tmp_path: Path
) -> None:
    password = lenient_cloud.password("admin")
    options = image_site.lenient_options(web_images)
    cloud = tempest.Cloud(lenient_cloud.auth_url, password, options)
    check(cloud, listed("tempest-pass-lenient.txt"), tmp_path)
