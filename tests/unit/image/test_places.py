"""The image service and a host of the same machine keep apart what they keep."""

from __future__ import annotations

from stratolith.compute.agent import rooms
from stratolith.compute.agent.room import GuestRoom
from stratolith.image.store import cache, files
from tests.testcloud import TestCloud


def test_no_directory_is_used_for_two_things(cloud: TestCloud) -> None:
    """Else a deleted image would take the disks of its servers with it."""
    settings = cloud.settings
    guests = rooms(settings, "host", fake=False)[0]
    assert isinstance(guests, GuestRoom) and guests.cache is not None
    stores = [files.folder(settings, one) for one in files.names(settings)]
    places = [cache.folder(settings), guests.cache.folder, *stores]
    assert len(set(places)) == len(places)
