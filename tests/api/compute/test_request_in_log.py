"""What a host does for a request is logged with that request's id."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from typing import Any

import pytest

from stratolith.kernel.ids import REQUEST_ID

from .conftest import World

ROOM = "stratolith.compute.agent.room"


class Lines(logging.Handler):
    """(request id, text) of each line, as the log would have them."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.found.append((REQUEST_ID.get(), record.getMessage()))

    def wait_for(self, request_id: str, text: str) -> None:
        deadline = time.monotonic() + 60
        while (request_id, text) not in self.found:
            assert time.monotonic() < deadline, (request_id, text, self.found)
            time.sleep(0.02)


@pytest.fixture
def lines() -> Iterator[Lines]:
    handler, logger = Lines(), logging.getLogger(ROOM)
    before = logger.level
    logger.setLevel(logging.INFO)
    logger.addHandler(handler)
    yield handler
    logger.removeHandler(handler)
    logger.setLevel(before)


def request_of(answer: Any) -> str:
    assert answer.status_code in (202, 204), answer.text
    return str(answer.headers["x-openstack-request-id"])


def test_each_act_on_a_guest_names_its_request(world: World, lines: Lines) -> None:
    answer = world.post()
    server_id, made = answer.json()["server"]["id"], request_of(answer)
    world.until(server_id, "ACTIVE")
    for act in ("create", "start"):
        lines.wait_for(made, f"guest {server_id}: {act} done")
    for action, value, act, status in (
        ("os-stop", None, "stop", "SHUTOFF"),
        ("os-start", None, "start", "ACTIVE"),
        ("reboot", {"type": "HARD"}, "reboot", "ACTIVE"),
        ("pause", None, "pause", "PAUSED"),
        ("unpause", None, "unpause", "ACTIVE"),
    ):
        asked = request_of(world.act(server_id, action, value))
        lines.wait_for(asked, f"guest {server_id}: {act} done")
        world.until(server_id, status)
    gone = request_of(world.demo.delete("compute", f"/servers/{server_id}"))
    lines.wait_for(gone, f"guest {server_id}: destroy done")


def test_a_failure_names_its_request(world: World, lines: Lines) -> None:
    world.driver.fail("create", detail="the disk is full")
    answer = world.post()
    server_id = answer.json()["server"]["id"]
    world.until(server_id, "ERROR")
    lines.wait_for(request_of(answer), f"guest {server_id}: create failed: the disk is full")


def test_what_nobody_asked_for_has_no_request(world: World, lines: Lines) -> None:
    server_id = world.create()
    world.driver.crash(server_id)
    lines.wait_for("-", f"guest {server_id}: start done")
