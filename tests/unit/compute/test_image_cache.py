"""The host's image cache: complete or not there, and never a corrupt file."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import pytest

from stratolith.compute.agent.image_cache import ImageCache
from stratolith.compute.drivers.base import DiskSpec, DriverError, GuestSpec, ImageRef
from stratolith.compute.drivers.qemu import disks
from stratolith.kernel.agent.client import Transport, Unreachable
from stratolith.kernel.disk_images import conversion, leash
from tests.unit.image import hostile

DATA = b"disk" * 1000
needs_qemu = pytest.mark.skipif(shutil.which("qemu-img") is None, reason="qemu-img is missing")
DIGEST = hashlib.sha512(DATA).hexdigest()


class Store:
    """Serves bytes as the control plane does; counts, and breaks off when told to."""

    def __init__(self, data: bytes = DATA, *, breaks: bool = False) -> None:
        self.data, self.breaks, self.asked = data, breaks, 0

    @contextmanager
    def download(self, path: str) -> Iterator[Iterator[bytes]]:
        self.asked += 1
        yield self._chunks()

    def _chunks(self) -> Iterator[bytes]:
        yield self.data[:100]
        time.sleep(0.02)
        if self.breaks:
            raise Unreachable("gone")
        yield self.data[100:]


def transport(store: Any) -> Transport:
    return cast(Transport, store)


@pytest.fixture
def cache(tmp_path: Path) -> ImageCache:
    return ImageCache(tmp_path / "cache", keep_seconds=60)


def image(**more: Any) -> ImageRef:
    return ImageRef(**{"image_id": "i", "format": "raw", "size": 4000, "sha512": DIGEST, **more})


def test_fetched_once_for_many(cache: ImageCache) -> None:
    store = Store()
    threads = [
        threading.Thread(target=cache.fetch, args=(image(), transport(store))) for _ in range(5)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.asked == 1
    assert cache.path(image()).read_bytes() == DATA


def test_a_folder_removed_meanwhile_is_made_anew(cache: ImageCache) -> None:
    class Disturbed(Store):
        def _chunks(self) -> Iterator[bytes]:
            if self.asked == 1:
                shutil.rmtree(cache.folder)
            yield self.data

    store = Disturbed()
    cache.fetch(image(), transport(store))
    assert store.asked == 2
    assert cache.path(image()).read_bytes() == DATA


@pytest.mark.parametrize(
    ("store", "document", "text"),
    [
        (Store(b"other" * 800), image(), "corrupt"),
        (Store(b"short"), image(), "bytes instead of 4000"),
        (Store(breaks=True), image(), "cannot be fetched"),
        (Store(), image(format="qcow2"), "does not match"),
        (Store(), image(format="aki"), "is no disk"),
        (Store(), image(size=1 << 60), "no space left on the host under .*cache"),
    ],
)
def test_what_is_wrong_is_not_kept(
    cache: ImageCache, store: Store, document: ImageRef, text: str
) -> None:
    with pytest.raises(DriverError, match=text):
        cache.fetch(document, transport(store))
    assert not cache.folder.exists() or list(cache.folder.iterdir()) == []
    found = cache.fetch(image(), transport(Store()))
    assert Path(found.path).read_bytes() == DATA and found.format == "raw"


def test_pruning_spares_what_is_used_or_young(cache: ImageCache) -> None:
    for name in ("used", "young", "old"):
        cache.fetch(image(image_id=name), transport(Store()))
    for name in ("used", "old"):
        os.utime(cache.path(image(image_id=name)), (0, 0))
    cache.prune()  # nobody knows what is used
    assert len(list(cache.folder.iterdir())) == 3
    cache.in_use = lambda: {"used"}
    cache.prune()
    assert sorted(path.name.split(".")[0] for path in cache.folder.iterdir()) == ["used", "young"]


def test_room_is_made_by_what_no_guest_uses(cache: ImageCache) -> None:
    """However young: a tenant can have any number of images brought here, and delete them."""
    for age, name in enumerate(("newest", "used", "older", "oldest")):
        cache.fetch(image(image_id=name), transport(Store()))
        os.utime(cache.path(image(image_id=name)), (time.time() - age, time.time() - age))
    cache.in_use = lambda: {"used"}
    free = [10, 10, conversion.RESERVE + 1_000_000]

    class Disk(ImageCache):
        def _free(self) -> int:
            return free.pop(0) if len(free) > 1 else free[0]

    cache.__class__ = Disk
    cache.fetch(image(image_id="another"), transport(Store()))
    left = {path.name.split(".")[0] for path in cache.folder.iterdir()}
    assert left == {"newest", "used", "older", "another"}


def test_a_copy_is_found_only_by_who_wants_the_same_data(cache: ImageCache) -> None:
    """An image's id alone tells nothing: it was once a tenant's choice."""
    store = Store()
    cache.fetch(image(generation="of one owner"), transport(store))
    cache.fetch(image(generation="of one owner"), transport(store))
    assert store.asked == 1
    other = Store(b"other" * 800)
    theirs = image(generation="of another", sha512=hashlib.sha512(other.data).hexdigest())
    assert Path(cache.fetch(theirs, transport(other)).path).read_bytes() == other.data
    unknown = Store(b"third" * 800)  # without any hash to compare
    found = cache.fetch(image(generation="a third", sha512=""), transport(unknown))
    assert Path(found.path).read_bytes() == unknown.data
    assert (
        Path(cache.fetch(image(generation="of one owner"), transport(store)).path).read_bytes()
        == DATA
    )
    assert (store.asked, other.asked, unknown.asked) == (1, 1, 1)


def disk(tmp_path: Path, kind: str, *options: str) -> bytes:
    """A disk with two megabytes of data, as qemu-img writes it."""
    raw, made = tmp_path / "disk.raw", tmp_path / f"disk.{kind}"
    raw.write_bytes(hashlib.shake_256(b"x").digest(2 << 20) + bytes(6 << 20))
    words = ["qemu-img", "convert", "-f", "raw", "-O", kind, *options]
    subprocess.run([*words, str(raw), str(made)], check=True)
    return made.read_bytes()


def document(data: bytes, disk_format: str) -> ImageRef:
    return image(format=disk_format, size=len(data), sha512=hashlib.sha512(data).hexdigest())


@needs_qemu
@pytest.mark.parametrize(
    ("disk_format", "kind", "options"),
    [
        ("vmdk", "vmdk", ()),
        ("vmdk", "vmdk", ("-o", "subformat=streamOptimized")),
        ("vhd", "vpc", ()),
        ("vhd", "vpc", ("-o", "subformat=fixed")),
        ("vhdx", "vhdx", ()),
        ("vdi", "vdi", ()),
        ("ploop", "parallels", ()),
    ],
)
def test_other_formats_are_converted_once(
    cache: ImageCache, tmp_path: Path, disk_format: str, kind: str, options: tuple[str, ...]
) -> None:
    store = Store(disk(tmp_path, kind, *options))
    for _ in range(2):
        found = cache.fetch(document(store.data, disk_format), transport(store))
        assert found.format == "qcow2"
    assert store.asked == 1
    (kept,) = os.listdir(cache.folder)
    assert kept.startswith("i.") and kept.endswith(".qcow2")
    status = os.stat(found.path)
    assert status.st_uid == os.geteuid() and status.st_mode & 0o777 == 0o640
    back = tmp_path / "back.raw"
    words = ["qemu-img", "convert", "-f", "qcow2", "-O", "raw", found.path, str(back)]
    subprocess.run(words, check=True)
    assert back.read_bytes()[: 8 << 20] == (tmp_path / "disk.raw").read_bytes()
    cache.in_use = lambda: {"i"}
    cache.prune()
    assert Path(found.path).exists()


@pytest.mark.parametrize("case", hostile.DANGEROUS[::4], ids=lambda case: case.name)
def test_a_host_refuses_hostile_disks_again(cache: ImageCache, case: hostile.Case) -> None:
    with pytest.raises(DriverError, match="cannot be used"):
        cache.fetch(document(case.data, case.disk_format), transport(Store(case.data)))
    assert list(cache.folder.iterdir()) == []


@needs_qemu
def test_an_agent_killed_while_converting_leaves_nothing(tmp_path: Path) -> None:
    """kill -9 at any moment: what is half made has no name that anybody would use."""
    data = disk(tmp_path, "vmdk", "-o", "subformat=streamOptimized")
    (tmp_path / "served").write_bytes(data)
    folder = tmp_path / "cache"
    script = (
        "import sys; from pathlib import Path;"
        "from tests.unit.compute.test_image_cache import ImageCache, Store, document, transport;"
        "data = Path(sys.argv[1]).read_bytes();"
        "cache = ImageCache(Path(sys.argv[2]), 60); print('go', flush=True);"
        "cache.fetch(document(data, 'vmdk'), transport(Store(data)))"
    )
    words = [sys.executable, "-c", script, str(tmp_path / "served"), str(folder)]
    for after in (0.01, 0.04, 0.08):
        shutil.rmtree(folder, ignore_errors=True)
        child = subprocess.Popen(words, stdout=subprocess.PIPE, cwd=Path(__file__).parents[3])
        assert child.stdout is not None and child.stdout.readline() == b"go\n"
        time.sleep(after)
        child.kill()
        child.wait()
        child.stdout.close()
        cache = ImageCache(folder, 60)
        left = list(folder.iterdir()) if folder.exists() else []
        assert left in ([], [cache.path(document(data, "vmdk"))])
        found = cache.fetch(document(data, "vmdk"), transport(Store(data)))
        subprocess.run(["qemu-img", "check", "-q", "-f", "qcow2", found.path], check=True)


@needs_qemu
@pytest.mark.root
def test_a_full_disk_is_named(tmp_path: Path) -> None:
    place = tmp_path / "small"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=300m", "stltest", place], check=True)
    try:
        (place / "filler").write_bytes(bytes(50 << 20))
        data = disk(tmp_path, "vmdk")
        with pytest.raises(DriverError, match=f"no space left .* under {place}"):
            ImageCache(place, 60).fetch(document(data, "vmdk"), transport(Store(data)))
        assert os.listdir(place) == ["filler"]
    finally:
        subprocess.run(["umount", place], check=True)


@pytest.fixture
def closed() -> Iterator[None]:
    """New files are for their owner only, as those of an agent."""
    before = os.umask(0o077)
    yield
    os.umask(before)


def make_guest(tmp_path: Path, cache: ImageCache, store: Store, kind: str, name: str) -> Path:
    """The first part of a boot, as an agent does it; returns the image's file."""
    found = cache.fetch(document(store.data, kind), transport(store))
    root = DiskSpec(role="root", size_bytes=16 << 20, source=found)
    directory = tmp_path / name
    directory.mkdir()
    disks.make(GuestSpec(id=name, name=name, vcpus=1, memory_mb=64, disks=[root]), directory)
    overlay = directory / "disk0-root.qcow2"
    subprocess.run(["qemu-img", "check", "-q", "-f", "qcow2", overlay], check=True)
    return Path(found.path)


@needs_qemu
@pytest.mark.parametrize("disk_format", ["qcow2", "vmdk"])
def test_many_first_guests_of_one_image(tmp_path: Path, closed: None, disk_format: str) -> None:
    """At once; the file stays ours, whoever reads it meanwhile."""
    store = Store(disk(tmp_path, disk_format))
    cache = ImageCache(tmp_path / "cache", keep_seconds=60)
    start = threading.Barrier(6)

    def first(number: int) -> Path:
        start.wait()
        return make_guest(tmp_path, cache, store, disk_format, f"guest{number}")

    with ThreadPoolExecutor(6) as pool:
        paths = set(pool.map(first, range(6)))
    assert len(paths) == 1 and store.asked == 1
    status = paths.pop().stat()
    assert status.st_uid == os.geteuid()
    assert status.st_mode & 0o137 == 0, "nobody else may change it or read it by its name"


@needs_qemu
@pytest.mark.root
def test_a_file_that_was_left_to_somebody_else_is_taken_back(tmp_path: Path, closed: None) -> None:
    """QEMU opens what is its own, so one such file would keep all guests of an image down."""
    store = Store(disk(tmp_path, "qcow2"))
    cache = ImageCache(tmp_path / "cache", keep_seconds=60)
    path = Path(cache.fetch(document(store.data, "qcow2"), transport(store)).path)
    os.chown(path, leash.USER, leash.USER)
    assert make_guest(tmp_path, cache, store, "qcow2", "guest") == path
    assert path.stat().st_uid == os.geteuid()
