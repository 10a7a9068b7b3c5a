"""The compute room of a host's agent: keeps its guests as the control plane wants them."""

from __future__ import annotations

from stratolith.compute.settings import ComputeSettings
from stratolith.kernel.agent.host import Room
from stratolith.kernel.config import Settings

__all__ = ["rooms"]


def rooms(settings: Settings, host: str, fake: bool) -> list[Room]:
    """The rooms of this host: guests, and what is asked about them at once."""
    from stratolith.compute.agent.image_cache import ImageCache
    from stratolith.compute.agent.requests import RequestRoom
    from stratolith.compute.agent.room import GuestRoom
    from stratolith.compute.drivers import choice

    driver = choice.make(settings, host)
    cache = None  # simulated images have no content that a host could want
    if not fake:
        cache = ImageCache(settings.state_dir / "image-cache")
    workers = settings.of(ComputeSettings).guest_workers
    return [GuestRoom(driver, workers, cache), RequestRoom(driver)]
