"""The compute part of a host's agent: brings guests to the state that the control plane wants."""

from __future__ import annotations

from stratolith.compute.settings import ComputeSettings
from stratolith.kernel.agent.host import Room
from stratolith.kernel.config import Settings

__all__ = ["rooms"]


def rooms(settings: Settings, host: str, fake: bool) -> list[Room]:
    """The rooms (parts) of the agent for compute: guests."""
    from stratolith.compute.agent.image_cache import ImageCache
    from stratolith.compute.agent.room import GuestRoom
    from stratolith.compute.drivers import choice

    driver = choice.make(settings, host)
    cache = None  # simulated guests need no image data
    if not fake:
        cache = ImageCache(settings.state_dir / "image-cache")
    workers = settings.of(ComputeSettings).guest_workers
    return [GuestRoom(driver, workers, cache)]
