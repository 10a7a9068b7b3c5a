"""The agent API over HTTP: hints wake, views answer, reports are taken."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from stratolith.kernel.agent.caller import AgentCaller
from stratolith.kernel.agent.door import AgentDoor
from stratolith.kernel.agent.host import Host, Room
from stratolith.kernel.agent.hub import AgentHub
from stratolith.kernel.agent.local import LocalTransport
from stratolith.kernel.environment import Environment
from stratolith.kernel.http.turns import Turns
from tests.testcloud.asgi import WithLifespan

from . import toy


@pytest.fixture
def env(tmp_path: Path) -> Iterator[Environment]:
    found = toy.environment(tmp_path)
    yield found
    found.db.dispose()


@pytest.fixture
def hub(env: Environment) -> AgentHub:
    assert env.agents is not None
    return env.agents


@pytest.fixture
def http(env: Environment) -> Iterator[TestClient]:
    turns = Turns(4)
    door = AgentDoor(env, turns, identify=lambda env, scope: AgentCaller("host1"))
    with TestClient(WithLifespan(door)) as client:
        yield client
    turns.shutdown(wait=True)


def add_toy(env: Environment, name: str) -> str:
    with env.db.write() as session:
        thing = toy.Toy(name=name, size=1, project_id="p1")
        session.add(thing)
    return thing.id


def test_a_new_agent_looks_at_everything(http: TestClient) -> None:
    first = http.get("/v1/hosts/host1/hints?timeout=0").json()
    assert first["everything"] is True
    url = f"/v1/hosts/host1/hints?epoch={first['epoch']}&after={first['seq']}&timeout=0.05"
    assert http.get(url).json()["hints"] == []


def test_a_hint_ends_the_wait(http: TestClient, hub: AgentHub) -> None:
    first = http.get("/v1/hosts/host1/hints?timeout=0").json()
    timer = threading.Timer(0.1, hub.hint, ("host1", "toys", "x"))
    timer.start()
    started = time.monotonic()
    url = f"/v1/hosts/host1/hints?epoch={first['epoch']}&after={first['seq']}&timeout=20"
    news = http.get(url).json()
    assert news["hints"] == [["toys", "x"]]
    assert time.monotonic() - started < 10


def test_another_epoch_means_everything(http: TestClient, hub: AgentHub) -> None:
    hub.hint("host1", "toys", "x")
    assert http.get("/v1/hosts/host1/hints?epoch=old&after=1").json()["everything"] is True


def test_views_and_reports(http: TestClient, env: Environment) -> None:
    one, two = add_toy(env, "one"), add_toy(env, "two")
    view = http.post("/v1/hosts/host1/views/toys", json={"keys": None}).json()
    assert sorted(view["toys"]) == sorted([one, two])
    assert http.post("/v1/hosts/host1/views/toys", json={"keys": [two]}).json()["toys"] == [two]
    assert http.post("/v1/hosts/host1/reports/toys", json={one: "red"}).json() == {"seen": 1}
    with env.db.read() as session:
        found = session.get(toy.Toy, one)
        assert found is not None and found.colour == "red"
    assert http.post("/v1/hosts/host1/views/nothing", json={}).status_code == 404
    assert http.post("/v1/hosts/host1/views/toys", json={"keys": 3}).status_code == 400


class PaintingRoom(Room):
    """Paints every toy it is told of."""

    view = "toys"
    interval = 0.2

    def __init__(self) -> None:
        super().__init__()
        self.looks: list[list[str] | None] = []

    def sync(self, keys: list[str] | None) -> None:
        self.looks.append(keys)
        toys = toy.loads(self.host.transport.view(self.host.name, self.view, keys))["toys"]
        self.host.transport.report(self.host.name, self.view, dict.fromkeys(toys, "green"))


def colour_of(env: Environment, toy_id: str) -> str | None:
    with env.db.read() as session:
        found = session.get(toy.Toy, toy_id)
        return found.colour if found else None


def wait_for_colour(env: Environment, toy_id: str) -> None:
    end = time.monotonic() + 5
    while colour_of(env, toy_id) != "green":
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_host_keeps_its_view_true_with_and_without_hints(env: Environment, hub: AgentHub) -> None:
    room = PaintingRoom()
    host = Host("host1", LocalTransport(hub), [room])
    before = add_toy(env, "before")
    host.start()
    try:
        wait_for_colour(env, before)  # the first look takes everything
        hinted = add_toy(env, "hinted")
        hub.hint("host1", "toys", hinted)
        wait_for_colour(env, hinted)
        lost = add_toy(env, "lost hint")
        wait_for_colour(env, lost)  # the periodic look finds it
        assert None in room.looks
    finally:
        host.stop()
