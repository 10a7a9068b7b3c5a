"""Below /v2: the lowest microversion whatever is asked for, and bodies with unknown members."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import World, error_of

NEWEST = {"OpenStack-API-Version": "compute 2.96", "X-OpenStack-Nova-API-Version": "2.96"}


def ask(world: World, method: str, path: str, **options: Any) -> Any:
    options.setdefault("headers", NEWEST)
    return world.demo.request(method, "raw", f"/compute{path}", **options)


@pytest.mark.parametrize("version", ["compute 2.96", "compute 2.9999", "compute x"])
def test_microversions_are_not_heard(world: World, version: str) -> None:
    server_id = world.create("one", networks="none")
    headers = {"OpenStack-API-Version": version}
    for path in ("/v2", "/v2/servers?nope=1", f"/v2/servers/{server_id}", "/v2/servers/none"):
        answer = ask(world, "GET", path, headers=headers)
        assert answer.status_code == (404 if path.endswith("none") else 200), answer.text
        assert not [name for name in answer.headers if "api-version" in name or name == "vary"]
    body = ask(world, "GET", f"/v2/servers/{server_id}", headers=headers).json()["server"]
    assert set(body["flavor"]) == {"id", "links"} and "locked" not in body
    assert ask(world, "GET", f"/v2/servers/{server_id}/tags").status_code == 404  # since 2.26


def test_links_stay(world: World) -> None:
    for name in ("one", "two"):
        world.create(name, networks="none")
    project = world.show(world.create("three", networks="none"))["tenant_id"]
    for begin, own in (("/v2", ""), ("/v2", f"/{project}"), ("/v2.1", f"/{project}")):
        body = ask(world, "GET", f"{begin}{own}/servers?limit=1", headers={}).json()
        links = {one["rel"]: one["href"] for one in body["servers"][0]["links"]}
        assert f"/compute{begin}{own}/servers/" in links["self"]
        assert f"/compute{own}/servers/" in links["bookmark"]
        assert f"/compute{begin}{own}/servers?" in body["servers_links"][0]["href"]


def test_a_foreign_project_in_the_path(world: World) -> None:
    answer = ask(world, "GET", f"/v2/{'0' * 32}/servers")
    assert answer.status_code == 400 and "project_id" in error_of(answer)


def test_unknown_members_of_bodies_are_dropped(world: World) -> None:
    server_id = world.create("one", networks="none")
    keypair = {"keypair": {"name": "k", "bogus": 1}, "bogus": 1}
    meta = {"metadata": {"a": "b"}, "x": 1}
    reboot = {"reboot": {"type": "HARD", "x": 1}}
    for path, body in (
        ("/os-keypairs", keypair),
        (f"/servers/{server_id}/metadata", meta),
        (f"/servers/{server_id}/action", reboot),
    ):
        assert world.demo.post("compute", path, json=body).status_code == 400
        answer = ask(world, "POST", f"/v2{path}", json=body)
        assert answer.status_code in (200, 202), answer.text
    wrong = {"keypair": {"name": 1, "bogus": 1}}
    assert ask(world, "POST", "/v2/os-keypairs", json=wrong).status_code == 400
    wrong = {"metadata": {"a/b": "strange names follow a pattern"}}
    path = f"/v2/servers/{server_id}/metadata"
    assert ask(world, "POST", path, json=wrong).status_code == 400
