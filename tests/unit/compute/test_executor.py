"""Steps on a guest whose image somebody removes from the cache before it is opened."""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec
import pytest

from stratolith.compute.agent.documents import GuestDocument
from stratolith.compute.agent.executor import Executor
from stratolith.compute.agent.image_cache import ImageCache
from stratolith.compute.agent.plan import Step
from stratolith.compute.drivers.base import DiskSpec, DriverError, GuestSpec, ImageRef
from stratolith.compute.drivers.fake import FakeDriver
from stratolith.kernel.agent.host import Conditions
from tests.unit.compute.test_image_cache import DATA, Store, transport

GUEST = "11111111-2222-3333-4444-555555555555"


class LosingDriver(FakeDriver):
    """The image is removed before it opens it, a number of times."""

    losses = 0

    def start(self, spec: GuestSpec) -> None:
        (disk,) = spec.disks
        assert isinstance(disk.source, ImageRef)
        if self.losses:
            self.losses -= 1
            Path(disk.source.path).unlink()
        if not Path(disk.source.path).exists():
            raise DriverError("Could not open backing file")
        super().start(spec)


@pytest.fixture
def driver() -> LosingDriver:
    return LosingDriver()


@pytest.fixture
def executor(driver: LosingDriver, tmp_path: Path) -> Executor:
    cache = ImageCache(tmp_path / "cache", keep_seconds=60)
    return Executor(driver, cache, Conditions(), transport(Store()))


def document() -> GuestDocument:
    digest = hashlib.sha512(DATA).hexdigest()
    image = ImageRef(image_id="i", format="raw", size=len(DATA), sha512=digest)
    disk = DiskSpec(role="root", size_bytes=1 << 20, source=image)
    spec = GuestSpec(id=GUEST, name="instance-1", vcpus=1, memory_mb=64, disks=[disk])
    return msgspec.convert(
        {"id": GUEST, "generation": 1, "wanted": "running", "spec": msgspec.to_builtins(spec)},
        GuestDocument,
    )


def test_an_image_that_is_removed_meanwhile_is_fetched_again(
    executor: Executor, driver: LosingDriver
) -> None:
    executor.do(Step("create"), document())
    driver.losses = 2
    executor.do(Step("start"), document())
    assert [guest.id for guest in driver.list_guests()] == [GUEST]


def test_it_is_not_tried_for_ever(executor: Executor, driver: LosingDriver) -> None:
    executor.do(Step("create"), document())
    driver.losses = 3
    with pytest.raises(DriverError, match="backing"):
        executor.do(Step("start"), document())


def test_another_failure_is_not_tried_again(executor: Executor, driver: LosingDriver) -> None:
    calls = []

    def fail(spec: GuestSpec) -> None:
        calls.append(spec)
        raise DriverError("no")

    with pytest.raises(DriverError, match="no"):
        executor._with_images(document(), fail)
    assert len(calls) == 1
