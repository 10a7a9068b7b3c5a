"""Each disk format boots for real: fetched as a host does, converted once, up to its login."""

from __future__ import annotations

import hashlib
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import msgspec
import pytest

from stratolith.compute.agent.documents import with_sources
from stratolith.compute.agent.image_cache import ImageCache
from stratolith.compute.drivers.base import DiskSpec, GuestSpec, ImageRef
from stratolith.kernel.agent.client import Transport
from tests import bootable_iso
from tests.bootable_iso import IMAGE
from tests.drivers.hypervisor.hosts import QemuHost, new_spec

pytestmark = [
    pytest.mark.guest,
    pytest.mark.root,
    pytest.mark.slow,
    pytest.mark.skipif(not IMAGE.exists(), reason="the guest image is not built yet"),
]
# the API's name, qemu-img's name, options: as other hypervisors write their disks
FORMATS = [
    ("raw", "raw", ""),
    ("qcow2", "qcow2", "compat=0.10"),
    ("vhd", "vpc", "subformat=dynamic"),
    ("vhdx", "vhdx", ""),
    ("vmdk", "vmdk", "subformat=streamOptimized"),
    ("vdi", "vdi", ""),
    ("ploop", "parallels", ""),
]


class Files:
    """Serves files as the control plane does, and counts."""

    def __init__(self) -> None:
        self.files: dict[str, Path] = {}
        self.asked: list[str] = []

    @contextmanager
    def download(self, path: str) -> Iterator[Iterator[bytes]]:
        name = path.rpartition("/")[2]
        self.asked.append(name)
        yield self._blocks(self.files[name])

    @staticmethod
    def _blocks(path: Path) -> Iterator[bytes]:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                yield block


# An emulated serial port sometimes loses an interrupt: the prompt then waits for a key. The guest's
# own lines are the kernel's, which needs no interrupt.
IS_UP = ("login:", "] ready")


@pytest.fixture
def images(tmp_path: Path) -> dict[str, Path]:
    """The guest in every format."""
    found = {}
    for name, driver, options in FORMATS:
        found[name] = tmp_path / f"guest.{name}"
        words = ["qemu-img", "convert", "-f", "qcow2", "-O", driver]
        words += ["-o", options] if options else []
        subprocess.run([*words, str(IMAGE), str(found[name])], check=True)
    found["iso"] = tmp_path / "guest.iso"
    (tmp_path / "iso").mkdir()
    bootable_iso.make(found["iso"], tmp_path / "iso")
    return found


def document(name: str, path: Path) -> ImageRef:
    with path.open("rb") as file:
        sha512 = hashlib.file_digest(file, "sha512").hexdigest()
    return ImageRef(image_id=name, format=name, size=path.stat().st_size, sha512=sha512)


def test_every_format_boots(qemu: QemuHost, images: dict[str, Path], tmp_path: Path) -> None:
    served = Files()
    served.files = images
    cache = ImageCache(tmp_path / "cache", keep_seconds=3600)
    specs: dict[str, GuestSpec] = {}
    for name, path in images.items():
        root = DiskSpec(role="root", size_bytes=1 << 30, source=document(name, path))
        spec = new_spec([root], 0, "stltest")
        spec = msgspec.structs.replace(spec, memory_mb=192 if name == "iso" else 128)
        for _ in range(2):  # the second time nothing is fetched or converted
            specs[name] = with_sources(
                spec, lambda image: cache.fetch(image, cast(Transport, served))
            )
        qemu.driver.create(specs[name])
    assert sorted(served.asked) == sorted(images)

    with ThreadPoolExecutor(2) as pool:  # an emulated guest keeps one processor busy
        list(pool.map(lambda name: boot(qemu, name, specs[name]), specs))
    said = qemu.driver.console_output(specs["iso"].id, None)
    assert f"{bootable_iso.MARK}: {(1 << 30) // 512} sectors to install to" in said


def boot(qemu: QemuHost, name: str, spec: GuestSpec) -> None:
    """Until the guest asks for a login, or says that all its programs run."""
    started = time.monotonic()
    qemu.driver.start(spec)
    while not any(sign in qemu.driver.console_output(spec.id, 3) for sign in IS_UP):
        said = qemu.driver.console_output(spec.id, 10)
        assert time.monotonic() - started < 120, f"{name} does not boot: {said}"
        time.sleep(0.2)
    print(f"{name} booted after {time.monotonic() - started:.1f} s")
    qemu.driver.stop(spec.id)
