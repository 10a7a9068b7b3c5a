"""What a server's owner reads of a failure on a host, and what only administrators read."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

import stratolith.compute.service
from stratolith.compute.drivers.base import DriverError, NotPossible

from .conftest import World, error_of

DETAIL = (
    "qemu-system-x86_64 -object secret,id=x /var/lib/stratolith/guests/0/root.qcow2 "
    "cannot be started: [Errno 13] Permission denied: '/usr/bin/qemu-system-x86_64' on pid 4711"
)
PRIVATE = ("/var/", "/usr/", "qemu-system", "-object", "Errno", "4711")


def everything_shown(world: World, server_id: str) -> str:
    """All that the owner can read of a server and its acts."""
    shown = [str(world.show(server_id))]
    path = f"/servers/{server_id}/os-instance-actions"
    actions = world.demo.get("compute", path, microversion="2.96").json()["instanceActions"]
    for action in actions:
        one = world.demo.get("compute", f"{path}/{action['request_id']}", microversion="2.96")
        shown.append(one.text)
    shown.append(world.demo.get("compute", "/servers/detail", microversion="2.96").text)
    return " ".join(shown)


@pytest.mark.parametrize(
    ("method", "action", "value"),
    [
        ("create", None, None),
        ("start", None, None),
        ("reboot", "reboot", {"type": "HARD"}),
        ("stop", "os-stop", None),
        ("destroy", "rebuild", {"imageRef": "image"}),
        ("pause", "pause", None),
        ("attach_interface", "interface", None),
    ],
)
def test_details_are_for_administrators(
    world: World, method: str, action: str | None, value: dict[str, Any] | None
) -> None:
    if action is None:
        world.driver.fail(method, detail=DETAIL)
        server_id = world.post().json()["server"]["id"]
    else:
        server_id = world.create()
        world.driver.fail(method, detail=DETAIL, times=1)
        if value and "imageRef" in value:
            value = {"imageRef": world.image}
        if action == "interface":
            path = f"/servers/{server_id}/os-interface"
            body = {"interfaceAttachment": {"net_id": world.network}}
            assert world.demo.post("compute", path, json=body).status_code == 200
            world.until(server_id, "ACTIVE")
        else:
            assert world.act(server_id, action, value).status_code == 202
    if action != "interface":
        fault = world.until(server_id, "ERROR")["fault"]
        assert "failed on its host" in fault["message"] and "details" not in fault
        assert DETAIL in world.show(server_id, world.admin)["fault"]["details"]
    shown = everything_shown(world, server_id)
    assert not [sign for sign in PRIVATE if sign in shown]


def test_a_console_that_cannot_be_read(world: World) -> None:
    server_id = world.create()
    world.driver.fail("console_output", detail=DETAIL, times=1)
    answer = world.act(server_id, "os-getConsoleOutput", {})
    assert answer.status_code == 409
    assert not [sign for sign in PRIVATE if sign in error_of(answer)]
    world.driver.fail("console_output", "it said nothing yet", times=1)
    assert error_of(world.act(server_id, "os-getConsoleOutput", {})) == "it said nothing yet"


def test_what_is_told_stays_told_when_wrapped() -> None:
    plain = DriverError(DETAIL).within("The guest cannot be started")
    assert plain.owner_message == "" and DETAIL in str(plain)
    told = NotPossible("Image i is corrupt", DETAIL).within("The guest cannot be made")
    assert told.owner_message == "The guest cannot be made: Image i is corrupt"
    assert str(told) == f"The guest cannot be made: Image i is corrupt: {DETAIL}"


def _told() -> list[tuple[str, ast.expr]]:
    """(place, what is told) of every NotPossible in the code that runs on hosts."""
    return [
        (f"{path.name}:{node.lineno}", node.args[0])
        for path in sorted(Path(stratolith.compute.service.__file__).parent.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "NotPossible"
    ]


def test_nothing_told_names_files_or_errors_of_the_host() -> None:
    places = _told()
    assert len(places) > 15
    private = {"path", "directory", "folder", "filename", "pid", "error", "strerror", "stderr"}
    for place, text in places:
        used = {n.id for n in ast.walk(text) if isinstance(n, ast.Name)}
        used |= {n.attr for n in ast.walk(text) if isinstance(n, ast.Attribute)}
        assert not used & private, place
