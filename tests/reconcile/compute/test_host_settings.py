"""Settings of the cloud reach a host with its view; no file on the host has them."""

from __future__ import annotations

from pathlib import Path

from stratolith.compute.agent.documents import GuestSettings
from stratolith.compute.agent.image_cache import ImageCache
from stratolith.compute.agent.room import GuestRoom
from stratolith.compute.drivers.fake import FakeDriver
from stratolith.kernel.agent.host import Host
from stratolith.kernel.agent.local import LocalTransport
from tests.testcloud import TestCloud


def test_a_host_goes_by_the_settings_of_its_cloud(tmp_path: Path) -> None:
    wanted = {"graceful_shutdown_seconds": 3.0, "port_timeout": 7.0, "image_cache_days": 0.5}
    cloud = TestCloud(tmp_path / "cloud", compute=wanted)
    assert cloud.env.agents is not None
    cache = ImageCache(tmp_path / "images")
    room = GuestRoom(FakeDriver(), 1, cache)  # knows nothing of the cloud's configuration
    host = Host("host-a", LocalTransport(cloud.env.agents), [room])
    try:
        host.start()
        room.sync(None)
        assert room._executor is not None
        assert room._executor.settings == GuestSettings(
            graceful_seconds=3.0, port_seconds=7.0, image_cache_seconds=43200.0
        )
        assert cache.keep_seconds == 43200.0
    finally:
        host.stop()
        cloud.close()
