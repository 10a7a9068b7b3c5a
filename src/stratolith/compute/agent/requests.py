"""Answers requests that a caller waits for: the console log of a guest."""

from __future__ import annotations

from typing import Any

import msgspec

from stratolith.compute.drivers.base import DriverError, GuestNotFound, HypervisorDriver
from stratolith.kernel.agent.host import Room


class RequestRoom(Room):
    """The view "guest-requests": request id -> {"server_id", "kind", "params"}."""

    view = "guest-requests"
    interval = 60.0

    def __init__(self, driver: HypervisorDriver) -> None:
        super().__init__()
        self.driver = driver

    def sync(self, keys: list[str] | None) -> None:
        raw = self.host.transport.view(self.host.name, self.view, keys)
        requests: dict[str, dict[str, Any]] = msgspec.json.decode(raw)
        answers = {id_: self._answer(request) for id_, request in requests.items()}
        if answers:
            self.host.transport.report(self.host.name, self.view, answers)

    def _answer(self, request: dict[str, Any]) -> dict[str, Any]:
        try:
            if request["kind"] == "console":
                lines = request["params"].get("lines")
                return {"output": self.driver.console_output(request["server_id"], lines)}
        except GuestNotFound:
            return {"output": ""}
        except DriverError as error:
            return {"error": str(error), "told": error.owner_message}
        return {"error": f"unknown request {request['kind']}"}
