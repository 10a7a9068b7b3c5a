"""What the compute API had once, what it has not yet here, and acts outside their microversions."""

from __future__ import annotations

import pytest

from stratolith.compute.api import removed, server_actions
from tests.testcloud import Client

from .conftest import World, error_of

NOWHERE = "00000000-0000-4000-8000-000000000000"


@pytest.mark.parametrize("version", ["2.1", "2.100"])
def test_removed_resources_are_gone(demo: Client, version: str) -> None:
    for route in removed.ROUTES:
        path = route.path.replace("{", "").replace("}", "")
        answer = demo.request(route.method, "compute", path, microversion=version)
        assert answer.status_code == 410, f"{route.method} {path}: {answer.text}"
        assert "removed" in error_of(answer)


def test_removed_resources_want_a_token(world: World) -> None:
    assert world.cloud.anonymous().get("compute", "/os-agents").status_code == 401


@pytest.mark.parametrize(
    ("action", "value", "last"),
    [
        ("addFloatingIp", {"address": "203.0.113.9"}, "2.43"),
        ("removeFloatingIp", {"address": "203.0.113.9"}, "2.43"),
        ("addFixedIp", {"networkId": NOWHERE}, "2.43"),
        ("removeFixedIp", {"address": "10.0.0.9"}, "2.43"),
        ("os-getVNCConsole", {"type": "novnc"}, "2.5"),
        ("os-getSerialConsole", {"type": "serial"}, "2.5"),
        ("os-getRDPConsole", {"type": "rdp-html5"}, "2.5"),
    ],
)
def test_acts_end_with_their_microversion(
    world: World, action: str, value: dict[str, str], last: str
) -> None:
    server = world.create(networks="none")
    there = world.act(server, action, value, microversion=last)
    assert there.status_code in (400, 404, 410), there.text
    assert "The resource could not be found." not in there.text
    after = f"2.{int(last[2:]) + 1}"
    for version in (after, "2.100"):
        answer = world.act(server, action, value, microversion=version)
        assert answer.status_code == 404, answer.text
        assert error_of(answer) == "The resource could not be found."


def test_acts_that_begin_later(world: World) -> None:
    server = world.create(networks="none")
    assert world.act(server, "trigger_crash_dump", microversion="2.16").status_code == 404
    assert world.act(server, "trigger_crash_dump", microversion="2.17").status_code == 400


def test_acts_that_are_not_there_yet_say_so(world: World) -> None:
    server = world.create(networks="none")
    assert not set(server_actions._NOT_YET) & set(server_actions._ACTIONS)
    for name, (first, _) in server_actions._NOT_YET.items():
        answer = world.act(server, name, {}, microversion=f"2.{first}")
        assert answer.status_code == 400 and "not offered by this cloud yet" in error_of(answer)
        assert name in error_of(answer)
        assert world.act(NOWHERE, name, {}, microversion=f"2.{first}").status_code == 404
    assert world.act(server, "resetNetwork").status_code == 410
    unknown = world.act(server, "makeCoffee")
    assert unknown.status_code == 400 and error_of(unknown) == "There is no such action: makeCoffee"


def test_no_server_has_volumes(world: World) -> None:
    server = world.create(networks="none")
    path = f"/servers/{server}/os-volume_attachments"
    for version in ("2.1", "2.100"):
        answer = world.demo.get("compute", path, microversion=version)
        assert (answer.status_code, answer.json()) == (200, {"volumeAttachments": []})
    assert world.demo.get("compute", f"{path}/{NOWHERE}").status_code == 404
    wanted = {"volumeAttachment": {"volumeId": NOWHERE}}
    refused = world.demo.post("compute", path, json=wanted)
    assert refused.status_code == 400 and "volumes" in error_of(refused)
    nobody = f"/servers/{NOWHERE}/os-volume_attachments"
    assert world.demo.get("compute", nobody).status_code == 404
    reader = world.person("looker", "reader", "demo")
    assert reader.get("compute", path).status_code == 200
    assert reader.post("compute", path, json=wanted).status_code == 403


def test_no_server_ever_migrated(world: World) -> None:
    server = world.create(networks="none")
    path = f"/servers/{server}/migrations"
    for version in ("2.1", "2.100"):
        answer = world.admin.get("compute", "/os-migrations", microversion=version)
        assert (answer.status_code, answer.json()) == (200, {"migrations": []})
    listed = world.admin.get("compute", path, microversion="2.23")
    assert (listed.status_code, listed.json()) == (200, {"migrations": []})
    assert world.admin.get("compute", path, microversion="2.22").status_code == 404
    assert world.admin.get("compute", f"{path}/1", microversion="2.23").status_code == 404
    for hidden in ("/os-migrations", path):
        assert world.demo.get("compute", hidden, microversion="2.23").status_code == 403
