"""The greeting room of a host: hears what the server says."""

from __future__ import annotations

import json

from stratolith.kernel.agent.host import Room
from stratolith.kernel.config import Settings


def rooms(settings: Settings, host: str, fake: bool) -> list[Room]:
    return [GreetingRoom()]


class GreetingRoom(Room):
    view = "greetings"

    def sync(self, keys: list[str] | None) -> None:
        view = json.loads(self.host.transport.view(self.host.name, self.view, None))
        self.host.transport.report(self.host.name, self.view, {"heard": view["say"]})
