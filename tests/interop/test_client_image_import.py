"""The unmodified openstack client: imports, stores, tasks, the cache; the SDK for the rest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openstack as sdk
import pytest

from tests.api.image.pages import Site
from tests.installation import Installation

from .image_shell import create, silent, wait_for
from .image_site import QCOW2, RAW
from .openstack_client import Shell, of_user

DATA = b"\x01\x02\x03\x04" * 4096


@pytest.fixture
def shell(fake_cloud: Installation) -> Shell:
    return Shell(of_user(fake_cloud, "demo"))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "disk.raw"
    path.write_bytes(DATA)
    return path


def test_ways_to_import_and_stores_are_told(shell: Shell, admin_shell: Shell) -> None:
    ways = shell("image import info")["import-methods"]
    assert {"glance-direct", "web-download", "glance-download", "copy-image"} <= set(ways)
    stores = shell("image stores list")
    assert [row["ID"] for row in stores] == ["file", "second", "web"]
    assert "403" in shell.refused("image stores list --detail")
    detail = admin_shell("image stores list --detail")
    assert detail[0]["Properties"]["data_dir"]


def test_staged_data_is_imported(shell: Shell, file: Path) -> None:
    create(shell, "staged")
    silent(shell, f"image stage --file {file} staged")
    assert shell("image show staged")["status"] == "uploading"
    shell("image import --method glance-direct --all-stores --wait staged")
    shown = wait_for(shell, "staged")
    assert shown["size"] == len(DATA)
    assert shown["properties"]["stores"] == "file,second"
    assert "403" in shell.refused("image delete --store second staged")
    shell("image delete staged")


def test_create_may_import(shell: Shell, file: Path) -> None:
    create(shell, "at-once", f"--import --file {file}")
    assert wait_for(shell, "at-once")["size"] == len(DATA)
    shell("image delete at-once")


def test_images_come_from_the_web(shell: Shell, web_images: Site) -> None:
    create(shell, "download")
    shell(f"image import --method web-download --uri {web_images.url}/{RAW} --wait download")
    assert wait_for(shell, "download")["size"] == len(web_images.pages[RAW])
    create(shell, "formatted", "--disk-format qcow2")
    shell(f"image import --method web-download --uri {web_images.url}/{QCOW2} formatted")
    assert wait_for(shell, "formatted")["virtual_size"]
    for uri in ("http://169.254.169.254/", "gopher://example.org/", "http://[::ffff:10.0.0.1]/"):
        create(shell, "refused")
        # the client does not tell of an import that was refused
        shell(f"image import --method web-download --uri {uri} refused")
        assert shell("image show refused")["status"] == "queued"
        shell("image delete refused")
    shell("image delete download formatted")


def test_images_are_copied(shell: Shell, admin_shell: Shell, file: Path) -> None:
    source = create(shell, "source", f"--file {file} --property os_distro=debian")
    wait_for(shell, "source")
    create(shell, "twin")
    shell(
        f"image import --method glance-download --remote-image {source['id']} "
        "--remote-region RegionOne --remote-service-interface public --wait twin"
    )
    twin = wait_for(shell, "twin")
    assert (twin["checksum"], twin["properties"]["os_distro"]) != (None, None)
    shell("image import source --method copy-image --store second")  # for administrators only
    assert shell("image show source")["properties"]["stores"] == "file"
    admin_shell(f"image import {source['id']} --method copy-image --store second --wait")
    assert wait_for(shell, "source")["properties"]["stores"] == "file,second"
    silent(admin_shell, f"image delete --store file {source['id']}")
    assert shell("image show source")["properties"]["stores"] == "second"
    shell("image delete source twin")


def test_tasks_tell_of_imports(shell: Shell, admin_shell: Shell, file: Path) -> None:
    image = create(shell, "task-of", f"--import --file {file}")["id"]
    wait_for(shell, "task-of")
    rows = admin_shell("image task list --status success --limit 100")
    assert rows and {row["Status"] for row in rows} == {"success"}
    shown = [admin_shell(f"image task show {row['ID']}") for row in rows]
    assert image in {one["input"]["image_id"] for one in shown}
    assert len(admin_shell("image task list --sort-key created_at --sort-dir asc --max-items 1"))
    assert "403" in shell.refused("image task list")
    shell("image delete task-of")


def test_images_are_cached(shell: Shell, admin_shell: Shell, file: Path, tmp_path: Path) -> None:
    image = create(shell, "cached", f"--file {file}")["id"]
    wait_for(shell, "cached")
    silent(admin_shell, "cached image clear")
    silent(admin_shell, f"cached image queue {image}")
    wait_until_cached(admin_shell, image)
    silent(shell, f"image save --file {tmp_path / 'saved'} {image}")
    row = next(row for row in admin_shell("cached image list") if row["ID"] == image)
    assert row["State"] == "cached" and row["Hits"] == 1 and row["Size"] == len(DATA)
    assert "403" in shell.refused("cached image list")
    silent(admin_shell, f"cached image delete {image}")
    silent(admin_shell, f"cached image queue {image}")
    wait_until_cached(admin_shell, image)
    silent(admin_shell, "cached image clear --queue")
    assert admin_shell("cached image list")
    silent(admin_shell, "cached image clear --cache")
    assert not admin_shell("cached image list")
    shell("image delete cached")


def wait_until_cached(shell: Shell, image: str) -> None:
    for _ in range(100):
        rows = {row["ID"]: row["State"] for row in shell("cached image list")}
        if rows.get(image) == "cached":
            return
    raise AssertionError(f"{image} is not cached: {rows}")


@pytest.mark.filterwarnings("ignore")  # the SDK warns of what it will change in itself
def test_the_sdk_has_what_the_client_has_not(
    fake_cloud: Installation, web_images: Site, shell: Shell
) -> None:
    config = str(fake_cloud.state_dir / "clouds.yaml")
    loader = sdk.config.OpenStackConfig(config_files=[config])
    cloud = sdk.connection.Connection(config=loader.get_one("stratolith"))
    images: Any = cloud.image
    image = create(shell, "located")["id"]
    place = {"url": f"{web_images.url}/{RAW}"}
    answer = images.post(f"/images/{image}/locations", json=place)
    assert answer.status_code == 202, answer.text
    shown = wait_for(shell, "located")
    assert shown["properties"]["stores"] == "web"
    assert images.download_image(image).content == web_images.pages[RAW]
    assert images.get("/info/usage").json() == {"usage": {}}
    assert images.get_import_info().import_methods
    assert {one.id for one in images.stores()} == {"file", "second", "web"}
    schema = images.get_image_schema()
    assert "os_hash_value" in schema.properties
    for kind in ("images", "member", "members", "task", "tasks"):
        assert getattr(images, f"get_{kind}_schema")().name == kind
    for kind in ("namespace", "namespaces", "object", "objects", "tag", "tags"):
        assert getattr(images, f"get_metadef_{kind}_schema")().name == kind
    images.add_tag(image, "from-sdk")
    assert shell("image show located")["tags"] == ["from-sdk"]
    images.remove_tag(image, "from-sdk")
    images.delete_image(image)
    cloud.close()
