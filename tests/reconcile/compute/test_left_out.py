"""A server that the view leaves out: its guest and image stay as they are, the others go on."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from stratolith.compute.agent.image_cache import ImageCache
from stratolith.compute.agent.room import GuestRoom
from stratolith.compute.drivers.base import PowerState
from stratolith.kernel.agent.hub import AgentHub
from stratolith.kernel.agent.local import LocalTransport
from tests.reconcile.compute.test_recovery import Cloud


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Cloud]:
    found = Cloud(tmp_path / "cloud", 1)
    found.cloud.env.agents = AgentHub(found.cloud.env)  # one that loses no hint
    assert found.host is not None
    found.host.transport = LocalTransport(found.cloud.env.agents)
    yield found
    found.close()


def new_server(world: Cloud, name: str) -> str:
    body = {"name": name, "imageRef": world.image, "flavorRef": "1"}
    found: str = world.demo.post("compute", "/servers", json={"server": body}).json()["server"][
        "id"
    ]
    return found


def column(world: Cloud, server_id: str, name: str) -> str:
    with world.cloud.env.db.read() as session:
        statement = text(f"SELECT {name} FROM compute_servers WHERE id = :own")
        return str(session.execute(statement, {"own": server_id}).scalar_one())


def write_flavor(world: Cloud, server_id: str, flavor: str) -> None:
    with world.cloud.env.db.write() as session:
        statement = text("UPDATE compute_servers SET flavor = :flavor WHERE id = :own")
        session.execute(statement, {"flavor": flavor, "own": server_id})


def poke(world: Cloud) -> None:
    assert world.host is not None
    for room in world.host.rooms:
        world.host.poke(room)


def wait(world: Cloud, check: Callable[[], bool]) -> None:
    """Hints are lost in this cloud: look at everything again meanwhile, not after 20 s only."""

    def there() -> bool:
        if check():
            return True
        poke(world)
        return False

    world.cloud.wait(there)


def status(world: Cloud, server_id: str) -> str:
    answer = world.demo.get("compute", f"/servers/{server_id}")
    return str(answer.json()["server"]["status"]) if answer.status_code == 200 else "gone"


def running(world: Cloud) -> set[str]:
    return {one.id for one in world.driver.list_guests() if one.power is PowerState.RUNNING}


def test_its_guest_stays_and_the_others_go_on(world: Cloud) -> None:
    bad, leaving = new_server(world, "bad"), new_server(world, "leaving")
    wait(world, lambda: {status(world, one) for one in (bad, leaving)} == {"ACTIVE"})
    kept = column(world, bad, "flavor")
    write_flavor(world, bad, "no JSON")
    world.kill_agent()
    wait(world, lambda: column(world, bad, "vm_state") == "error")
    built = new_server(world, "built")
    assert world.demo.delete("compute", f"/servers/{leaving}").status_code == 204
    wait(world, lambda: status(world, built) == "ACTIVE" and status(world, leaving) == "gone")
    poke(world)
    wait(world, lambda: running(world) == {bad, built})
    write_flavor(world, bad, kept)
    poke(world)
    assert status(world, bad) == "ERROR"
    body = {"reboot": {"type": "HARD"}}
    assert world.demo.post("compute", f"/servers/{bad}/action", json=body).status_code == 202
    wait(world, lambda: status(world, bad) == "ACTIVE")


def test_no_image_goes_while_it_is_unknown_who_uses_it(world: Cloud, tmp_path: Path) -> None:
    assert world.host is not None
    room = world.host.rooms["guests"]
    assert isinstance(room, GuestRoom)
    folder = tmp_path / "images"
    room.cache = ImageCache(folder, 60.0)
    room.cache.in_use = room.images_in_use
    bad = new_server(world, "bad")
    wait(world, lambda: status(world, bad) == "ACTIVE")
    folder.mkdir(exist_ok=True)
    old = folder / "of-nobody-known"
    old.touch()
    os.utime(old, (0, 0))
    kept = column(world, bad, "flavor")
    write_flavor(world, bad, "no JSON")
    room.sync(None)
    assert old.exists()
    write_flavor(world, bad, kept)
    room.sync(None)
    assert not old.exists()


def test_an_old_report_of_it_does_no_harm_after_the_repair(world: Cloud) -> None:
    mended = new_server(world, "mended")
    wait(world, lambda: status(world, mended) == "ACTIVE")
    assert world.host is not None
    old_news = {"left_out": {mended: "JSON is malformed"}}
    world.host.transport.report(world.host.name, "guests", old_news)
    assert status(world, mended) == "ACTIVE"
