"""HTTP stories of what imports do to data besides: unpack, convert, inject."""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.api.image.test_images import BYTES, make
from tests.api.image.test_imports import ended, show, start
from tests.testcloud import Client, TestCloud
from tests.unit.image import hostile

MIB = 1 << 20
DISK = hostile.mbr() + hashlib.shake_256(b"x").digest(2 * MIB) + bytes(6 * MIB)
pytestmark = pytest.mark.skipif(shutil.which("qemu-img") is None, reason="qemu-img is missing")


@pytest.fixture
def plugged(tmp_path: Path) -> Iterator[TestCloud]:
    cloud = TestCloud(
        tmp_path / "plugged",
        image={
            "import_plugins": ["image_decompression", "image_conversion", "inject_image_metadata"],
            "import_output_format": "qcow2",
            "import_inject": {"origin": "imported"},
        },
    )
    yield cloud
    cloud.close()


def converted(tmp_path: Path, kind: str) -> bytes:
    raw, made = tmp_path / "disk.raw", tmp_path / f"disk.{kind}"
    raw.write_bytes(DISK)
    words = ["qemu-img", "convert", "-f", "raw", "-O", kind, str(raw), str(made)]
    if kind != "raw":
        subprocess.run(words, check=True)
    return made.read_bytes()


def bring(client: Client, data: bytes, **more: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Stage and import: the image as it is afterwards, and the task."""
    image = make(client, **more)
    path = f"/images/{image['id']}"
    assert client.put("image", f"{path}/stage", content=data, headers=BYTES).status_code == 204
    assert start(client, image, "glance-direct", all_stores=True).status_code == 202
    task = ended(client, image)
    client.cloud.settle()
    staging = client.cloud.settings.state_dir / "images/staging"
    assert os.listdir(staging) == []
    return show(client, image), task


@pytest.mark.parametrize(
    ("disk_format", "kind", "packed"),
    [("raw", "raw", False), ("vmdk", "vmdk", False), ("vhd", "vpc", True), ("vdi", "vdi", True)],
)
def test_any_disk_becomes_what_the_operator_wants(
    plugged: TestCloud, tmp_path: Path, disk_format: str, kind: str, packed: bool
) -> None:
    data = converted(tmp_path, kind)
    demo = plugged.client("demo")
    sent = gzip.compress(data, 1) if packed else data
    image, task = bring(demo, sent, disk_format=disk_format)
    assert task["status"] == "success", task["message"]
    assert image["status"] == "active" and image["stores"] == "file,second"
    assert (image["disk_format"], image["container_format"]) == ("qcow2", "bare")
    assert image["origin"] == "imported"
    assert len(DISK) <= image["virtual_size"] <= len(DISK) + MIB
    got = demo.get("image", f"/images/{image['id']}/file").content
    assert len(got) == image["size"] and got.startswith(b"QFI\xfb")
    assert hashlib.sha512(got).hexdigest() == image["os_hash_value"]
    assert hashlib.md5(got).hexdigest() == image["checksum"]
    (tmp_path / "got").write_bytes(got)
    words = ["qemu-img", "convert", "-f", "qcow2", "-O", "raw", "got", "back"]
    subprocess.run(words, check=True, cwd=tmp_path)
    assert (tmp_path / "back").read_bytes()[: len(DISK)] == DISK


def test_what_needs_no_change_keeps_its_bytes(plugged: TestCloud, tmp_path: Path) -> None:
    admin = plugged.client("admin")
    for data, more in (
        (converted(tmp_path, "qcow2"), {"disk_format": "qcow2"}),
        (hostile.iso(), {"disk_format": "iso"}),
        (gzip.compress(DISK), {"disk_format": "raw", "container_format": "compressed"}),
    ):
        image, task = bring(admin, data, **more)
        assert task["status"] == "success", task["message"]
        assert admin.get("image", f"/images/{image['id']}/file").content == data
        assert image["disk_format"] == more["disk_format"] and "origin" not in image


@pytest.mark.parametrize(
    ("data", "disk_format", "text"),
    [
        (gzip.compress(hostile.qcow2(backing=b"/etc/passwd")), "qcow2", "safety"),
        (gzip.compress(hostile.qcow2()), "raw", "does not match"),
        (gzip.compress(DISK)[:-9], "raw", "ends too early"),
        (hostile.vmdk(), "qcow2", "does not match"),
        (gzip.compress(hostile.fixed_vhd(told=1 << 40)), "vhd", "does not match"),
    ],
)
def test_hostile_data_ends_in_a_queued_image(
    plugged: TestCloud, data: bytes, disk_format: str, text: str
) -> None:
    demo = plugged.client("demo")
    image, task = bring(demo, data, disk_format=disk_format)
    assert task["status"] == "failure" and text in task["message"]
    assert image["status"] == "queued" and image["size"] is None
    assert image["disk_format"] == disk_format
    assert demo.delete("image", f"/images/{image['id']}").status_code == 204
