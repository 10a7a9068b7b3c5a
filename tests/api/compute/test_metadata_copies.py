"""What a guest is told is kept for some seconds, and never after its owner changed it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from stratolith.compute.managers import metadata_service
from stratolith.compute.models import Server
from stratolith.kernel.context import Context

from .conftest import World
from .test_metadata_door import ask, signed

META = "/openstack/latest/meta_data.json"
Change = Callable[[World, str], Any]


def path(server_id: str, rest: str = "") -> str:
    return f"/servers/{server_id}{rest}"


def rename(world: World, server_id: str) -> Any:
    body = {"server": {"name": "renamed", "hostname": "other"}}
    return world.demo.put("compute", path(server_id), json=body, microversion="2.90")


def replace_metadata(world: World, server_id: str) -> Any:
    return world.demo.put("compute", path(server_id, "/metadata"), json={"metadata": {"a": "2"}})


def add_metadata(world: World, server_id: str) -> Any:
    return world.demo.post("compute", path(server_id, "/metadata"), json={"metadata": {"b": "1"}})


def set_item(world: World, server_id: str) -> Any:
    body = {"meta": {"a": "3"}}
    return world.demo.put("compute", path(server_id, "/metadata/a"), json=body)


def delete_item(world: World, server_id: str) -> Any:
    return world.demo.delete("compute", path(server_id, "/metadata/a"))


def rebuild(world: World, server_id: str) -> Any:
    body = {"rebuild": {"imageRef": world.image, "metadata": {"a": "rebuilt"}}}
    return world.demo.post("compute", path(server_id, "/action"), json=body)


CHANGES: list[Change] = [rename, replace_metadata, add_metadata, set_item, delete_item, rebuild]


def told(world: World, server_id: str, headers: dict[str, str]) -> Any:
    found = ask(world, "GET", META, headers).json()
    found.pop("random_seed")
    return found


@pytest.mark.parametrize("change", CHANGES, ids=lambda one: one.__name__)
def test_a_change_is_told_at_once(world: World, change: Change) -> None:
    server_id = world.create(metadata={"a": "1"})
    headers = signed(server_id, world.show(server_id)["tenant_id"])
    before = told(world, server_id, headers)
    assert change(world, server_id).status_code in (200, 202, 204)
    after = told(world, server_id, headers)
    assert after != before
    assert after.get("meta", {}) == world.show(server_id)["metadata"]


def test_a_password_is_told_at_once_and_gone_at_once(world: World) -> None:
    server_id = world.create()
    headers = signed(server_id, world.show(server_id)["tenant_id"])
    where = "/openstack/latest/password"
    assert ask(world, "GET", where, headers).content == b""
    assert ask(world, "POST", where, headers, b"sealed").status_code == 200
    assert ask(world, "GET", where, headers).content == b"sealed"
    clear = world.demo.delete("compute", path(server_id, "/os-server-password"))
    assert clear.status_code == 204
    assert ask(world, "GET", where, headers).content == b""


def test_a_deleted_server_is_told_nothing_that_was_kept(world: World) -> None:
    server_id = world.create()
    headers = signed(server_id, world.show(server_id)["tenant_id"])
    world.demo.delete("compute", path(server_id))
    while ask(world, "GET", META, headers).status_code == 200:  # it is going: kept each time
        world.cloud.settle()
        if world.demo.get("compute", path(server_id)).status_code == 404:
            break
    # copies are dropped right after the commit, by the thread of the host's report
    world.cloud.wait(lambda: ask(world, "GET", META, headers).status_code == 404, 1.0)


def test_who_asks_before_the_commit_keeps_nothing_old(world: World) -> None:
    """The old answer of a request between the change and its commit ends with the commit."""
    server_id = world.create(metadata={"a": "1"})
    headers = signed(server_id, world.show(server_id)["tenant_id"])
    env = world.cloud.env
    ctx = Context.of_the_cloud(env, env.service("compute"), write=True)
    try:
        server = ctx.session.scalars(select(Server).where(Server.id == server_id)).one()
        server.properties = {"a": "2"}
        metadata_service.changed(ctx, server)
        ctx.session.flush()
        assert told(world, server_id, headers)["meta"] == {"a": "1"}
        ctx.commit()
    finally:
        ctx.close()
    assert told(world, server_id, headers)["meta"] == {"a": "2"}
