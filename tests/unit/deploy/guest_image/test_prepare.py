"""prepare(): which image is taken, and that nothing is done twice."""

import hashlib
import json
import os
import subprocess
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from tests.unit.image import hostile

from stratolith.deploy.guest_image import GuestImageError, prepare, prepare_alternate
from stratolith.deploy.guest_image.prepare import _recipe, host_architecture


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    root = tmp_path / "site"
    root.mkdir()
    handler = partial(SimpleHTTPRequestHandler, directory=str(root))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}", root
        server.shutdown()
        thread.join()


def test_own_file(tmp_path: Path) -> None:
    image = tmp_path / "my.img"
    image.write_bytes(b"disk")
    said: list[str] = []
    assert prepare(str(image), tmp_path / "cache", said.append) == image
    assert prepare(f"file://{image}", tmp_path / "cache", said.append) == image
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize("make", ["missing", "empty", "directory", "pipe", "link to a device"])
def test_own_file_that_is_none(make: str, tmp_path: Path) -> None:
    path = tmp_path / "x"
    if make == "empty":
        path.touch()
    elif make == "directory":
        path.mkdir()
    elif make == "pipe":
        os.mkfifo(path)
    elif make == "link to a device":
        path.symlink_to("/dev/zero")
    with pytest.raises(GuestImageError, match=f"image {path}"):
        prepare(str(path), tmp_path, print)


@pytest.mark.parametrize("case", hostile.DANGEROUS, ids=lambda one: one.name)
def test_an_own_file_is_judged_like_a_tenants(tmp_path: Path, case: hostile.Case) -> None:
    """Root's qemu-img would follow a backing file to any file of root."""
    path = tmp_path / "image"
    path.write_bytes(case.data)
    with pytest.raises(GuestImageError, match="refused"):
        prepare(str(path), tmp_path / "cache", print)
    with pytest.raises(GuestImageError, match="refused"):
        prepare_alternate(path, tmp_path / "cache", print)
    assert not list(tmp_path.glob("cache/*"))


@pytest.mark.parametrize("kind", ["qcow2", "vmdk", "vhdx"])
def test_an_own_file_that_was_cut_off(tmp_path: Path, kind: str) -> None:
    raw, image = tmp_path / "raw", tmp_path / "image"
    raw.write_bytes(bytes(range(256)) * (4 << 12))
    command = ["qemu-img", "convert", "-f", "raw", "-O", kind, str(raw), str(image)]
    subprocess.run(command, check=True)
    assert prepare(str(image), tmp_path / "cache", print) == image
    with image.open("r+b") as file:
        file.truncate(image.stat().st_size // 2)
    with pytest.raises(GuestImageError, match="refused"):
        prepare(str(image), tmp_path / "cache", print)


def test_an_own_file_that_ends_in_its_header(tmp_path: Path) -> None:
    path = tmp_path / "image"
    path.write_bytes(hostile.qcow2()[:60])
    with pytest.raises(GuestImageError, match="ends in its header"):
        prepare(str(path), tmp_path / "cache", print)


def test_a_url_of_a_hostile_image_leaves_nothing(site: tuple[str, Path], tmp_path: Path) -> None:
    url, root = site
    (root / "a.img").write_bytes(hostile.qcow2(backing=b"/etc/shadow"))
    for _ in range(2):
        with pytest.raises(GuestImageError, match="refused"):
            prepare(f"{url}/a.img", tmp_path / "cache", print)
    assert [one for one in (tmp_path / "cache").rglob("*") if one.is_file()] == []


def test_own_url_is_fetched_once(site: tuple[str, Path], tmp_path: Path) -> None:
    url, root = site
    (root / "a.img").write_bytes(b"first")
    said: list[str] = []
    got = prepare(f"{url}/a.img", tmp_path / "cache", said.append)
    assert got.read_bytes() == b"first"
    assert got.name.endswith("a.img")
    (root / "a.img").unlink()
    assert prepare(f"{url}/a.img", tmp_path / "cache", said.append) == got
    assert said[-1].endswith("is in the cache")


def test_own_url_that_fails_names_the_url(site: tuple[str, Path], tmp_path: Path) -> None:
    with pytest.raises(GuestImageError, match=f"{site[0]}/no.img"):
        prepare(f"{site[0]}/no.img", tmp_path, print)


@pytest.mark.parametrize("source", ["auto", "build", None])
def test_a_finished_build_is_used_again(source: str | None, tmp_path: Path) -> None:
    arch = host_architecture()
    image = tmp_path / f"cirros-{arch}.qcow2"
    image.write_bytes(b"built before")
    checksum = hashlib.sha256(b"built before").hexdigest()
    note = {"recipe": _recipe(), "sha256": checksum}
    (tmp_path / f"cirros-{arch}.json").write_text(json.dumps(note))
    said: list[str] = []
    assert prepare(source, tmp_path, said.append) == image
    assert said == [f"{image.name} is in the cache"]


def test_alternate_has_the_same_content_in_other_bytes(tmp_path: Path) -> None:
    image = tmp_path / "disk.qcow2"
    raw = tmp_path / "disk.raw"
    raw.write_bytes(b"content" * 100_000 + bytes(5 << 20))
    command = ["qemu-img", "convert", "-f", "raw", "-O", "qcow2", str(raw), str(image)]
    subprocess.run(command, check=True)
    said: list[str] = []
    other = prepare_alternate(image, tmp_path / "cache", said.append)
    assert other.read_bytes() != image.read_bytes()
    compare = ["qemu-img", "compare", "-f", "qcow2", "-F", "qcow2", str(image), str(other)]
    assert subprocess.run(compare, check=False).returncode == 0
    assert prepare_alternate(image, tmp_path / "cache", said.append) == other
    assert len(list((tmp_path / "cache").iterdir())) == 1


def test_alternate_of_a_raw_disk_that_looks_like_nothing(tmp_path: Path) -> None:
    raw = tmp_path / "disk.raw"
    raw.write_bytes(bytes(1 << 20) + b"end".ljust(512, b"\0"))
    other = prepare_alternate(raw, tmp_path, print)
    compare = ["qemu-img", "compare", "-f", "raw", "-F", "qcow2", str(raw), str(other)]
    assert subprocess.run(compare, check=False).returncode == 0
