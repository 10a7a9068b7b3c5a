"""The metadata door believes nobody: every route and method with every wrong identity."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select

from stratolith.compute.api.metadata_service import ROUTES
from stratolith.compute.managers.metadata_service import config_drive
from stratolith.compute.models import Server
from stratolith.kernel.context import Context
from tests.testcloud.cloud import SECRETS

from .conftest import World

EXAMPLES = {
    "version": ["latest", "2009-04-04"],
    "number": ["0000"],
    "name": ["meta_data.json", "user_data", "password"],
    "path": ["local-ipv4"],
}
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE")


def paths() -> list[str]:
    """Every path of the door with example values, and some that are not there."""

    def filled(path: str) -> Iterator[str]:
        field = re.search(r"\{(\w+)(:path)?\}", path)
        if field is None:
            yield path
            return
        for value in EXAMPLES[field[1]]:
            yield from filled(path.replace(field[0], value, 1))

    found = {one for route in ROUTES for one in filled(route.path)}
    return sorted(found | {"/openstack/latest/meta_data.json/", "//latest/user-data", "/ec2"})


def signed(server_id: str, project_id: str, secret: str = "") -> dict[str, str]:
    secret = secret or SECRETS["metadata_secret"]
    seal = hmac.new(secret.encode(), server_id.encode(), hashlib.sha256).hexdigest()
    return {
        "X-Instance-ID": server_id,
        "X-Tenant-ID": project_id,
        "X-Instance-ID-Signature": seal,
    }


def ask(world: World, method: str, path: str, headers: dict[str, Any], body: bytes = b"x") -> Any:
    content = {} if method in ("GET", "HEAD") else {"content": body}
    request = world.cloud.anonymous().request
    return request(method, "raw", f"/metadata{path}", headers=headers, **content)


@pytest.mark.parametrize("who", ["other project", "no project", "forged", "unsigned", "odd seal"])
def test_no_route_believes_a_wrong_identity(world: World, who: str) -> None:
    secret_text = "c2VjcmV0IHVzZXIgZGF0YQ=="
    server_id = world.create("victim", user_data=secret_text)
    owner = world.show(server_id)["tenant_id"]
    headers: dict[str, Any] = {
        "other project": signed(server_id, "0" * 32),
        "no project": {k: v for k, v in signed(server_id, owner).items() if k != "X-Tenant-ID"},
        "forged": signed(server_id, owner, "guessed"),
        "unsigned": {"X-Instance-ID": server_id, "X-Tenant-ID": owner},
        "odd seal": signed(server_id, owner) | {"X-Instance-ID-Signature": b"\xe9" * 64},
    }[who]
    warm = ask(world, "GET", "/latest/user-data", signed(server_id, owner))
    assert warm.status_code == 200, "the answers are in the cache now"
    for path in paths():
        for method in METHODS:
            answer = ask(world, method, path, headers)
            assert answer.status_code in (403, 404, 405), (method, path, answer.status_code)
            assert b"secret user data" not in answer.content
    password = ask(world, "GET", "/openstack/latest/password", signed(server_id, owner))
    assert (password.status_code, password.content) == (200, b""), "nobody set it"


def test_the_guest_itself_sets_its_password_once(world: World) -> None:
    server_id = world.create("mine")
    headers = signed(server_id, world.show(server_id)["tenant_id"])
    path = "/openstack/latest/password"
    assert ask(world, "POST", path, headers, b"a" * 1021).status_code in (400, 409)
    assert ask(world, "POST", path, headers, b"sealed").status_code == 200
    assert ask(world, "POST", path, headers, b"again").status_code == 409
    assert ask(world, "GET", path, headers).content == b"sealed"
    assert ask(world, "POST", "/openstack/latest/user_data", headers).status_code == 404


def test_a_deleted_server_has_no_metadata(world: World) -> None:
    server_id = world.create("gone")
    headers = signed(server_id, world.show(server_id)["tenant_id"])
    world.demo.delete("compute", f"/servers/{server_id}")
    world.until_gone(server_id)
    for method, path in (("GET", "/latest/meta-data"), ("POST", "/openstack/latest/password")):
        assert ask(world, method, path, headers).status_code == 404


def test_each_reading_has_a_new_random_seed(world: World) -> None:
    server_id = world.create("random")
    headers = signed(server_id, world.show(server_id)["tenant_id"])
    seeds = []
    for version in ("latest", "latest", "2016-10-06"):
        meta = ask(world, "GET", f"/openstack/{version}/meta_data.json", headers).json()
        seeds.append(base64.b64decode(meta["random_seed"]))
    env = world.cloud.env
    ctx = Context(env, env.service("compute"))
    server = ctx.session.scalars(select(Server).where(Server.id == server_id)).one()
    files = config_drive(ctx, server)
    ctx.session.close()
    drive = re.search(rb'"random_seed":"([^"]+)"', files["openstack/latest/meta_data.json"])
    assert drive is not None
    seeds.append(base64.b64decode(drive[1]))
    assert [len(seed) for seed in seeds] == [512] * 4
    blocks = {seed[at : at + 64] for seed in seeds for at in range(0, 512, 64)}
    assert len(blocks) == 32, "no block of them is ever the same"
