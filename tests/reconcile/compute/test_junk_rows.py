"""Rows that no API would write: each takes its own server out of the view and nothing else.

The control plane is the real one; the test is the host: it pulls views and sends reports.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import text

from stratolith.compute.agent.documents import GuestsView
from stratolith.compute.drivers.fake import FakeDriver
from stratolith.compute.managers import unusable
from stratolith.compute.models import ComputeHost, Server
from stratolith.kernel.agent.hub import AgentHub
from stratolith.kernel.clock import utcnow
from stratolith.kernel.hosts.questions import Question
from stratolith.kernel.hosts.records import HostRecord
from stratolith.kernel.operations import Operation
from stratolith.network.models import FixedIp, Port
from tests.testcloud import TestCloud

JUNK = ["junk", '[{"x": 1}]', "-1", b"\xff"]
KEYS = {
    "id",
    "number",
    "seq",
    "resource_id",
    "port_id",
    "holder_id",
    "uuid",
    "network_id",
    "subnet_id",
}
DISK = b"\0" * 4096
Row = dict[str, Any]


@dataclass
class World:
    """Two servers on host h1; h2 is a host, too."""

    cloud: TestCloud
    good: str
    bad: str
    rows: dict[type[Any], tuple[str, str]] = field(default_factory=dict)  # of bad: (column, key)

    @property
    def hub(self) -> AgentHub:
        assert self.cloud.env.agents is not None
        return self.cloud.env.agents

    def sql(self, statement: str, **values: Any) -> list[Row]:
        db = self.cloud.env.db
        with db.read() if statement.startswith("SELECT") else db.write() as session:
            found = session.execute(text(statement), values)
            return [dict(row) for row in found.mappings()] if found.returns_rows else []

    def beat(self) -> None:
        for host in ("h2", "h1"):
            self.hub.seen(host, "1", ["guests", "network"], utcnow())

    def view(self) -> GuestsView:
        return msgspec.json.decode(self.hub.view("h1", "guests", None), type=GuestsView)

    def report(self, **payload: Any) -> dict[str, Any]:
        found: dict[str, Any] = msgspec.json.decode(self.hub.report("h1", "guests", payload))
        return found

    def spoil(self, model: type[Any], column: str, value: Any) -> None:
        key, own = self.rows[model]
        casted = "CAST(:value AS TEXT)" if isinstance(value, bytes) else ":value"
        sql = f'UPDATE {model.__tablename__} SET "{column}" = {casted} WHERE {key} = :own'
        self.sql(sql, value=value, own=own)

    def saved(self) -> dict[type[Any], Row]:
        return {
            model: self.sql(f"SELECT * FROM {model.__tablename__} WHERE {key} = :own", own=own)[0]
            for model, (key, own) in self.rows.items()
        }

    def restore(self, saved: dict[type[Any], Row]) -> None:
        with self.cloud.env.db.write() as session:
            for model, row in saved.items():
                key, own = self.rows[model]
                values = ", ".join(f'"{name}" = :{name}' for name in row)
                sql = f"UPDATE {model.__tablename__} SET {values} WHERE {key} = :own"
                session.execute(text(sql), {"own": own, **row})

    def power(self, server_id: str) -> str:
        wanted = "SELECT observed_power FROM compute_servers WHERE id = :own"
        return str(self.sql(wanted, own=server_id)[0]["observed_power"])

    def state(self, server_id: str) -> Row:
        wanted = "SELECT vm_state, fault, deleted_at"
        return self.sql(f"{wanted} FROM compute_servers WHERE id = :own", own=server_id)[0]


def guest(server_id: str, power: str) -> Row:
    return {"id": server_id, "power": power, "vifs": [], "detail": ""}


def made(cloud: TestCloud) -> World:
    driver = FakeDriver()
    facts = msgspec.to_builtins(driver.facts())
    facts["capabilities"] = msgspec.to_builtins(driver.capabilities)
    hub = cloud.env.agents
    assert hub is not None
    for host in ("h2", "h1"):
        hub.seen(host, "1", ["guests", "network"], utcnow())
        hub.report(host, "guests", {"facts": facts})
    admin, demo = cloud.client("admin"), cloud.client("demo")
    body = {"name": "i", "disk_format": "raw", "container_format": "bare", "visibility": "public"}
    image = admin.post("image", "/images", json=body).json()["id"]
    headers = {"Content-Type": "application/octet-stream"}
    admin.put("image", f"/images/{image}/file", content=DISK, headers=headers)
    with cloud.env.db.write() as session:
        session.execute(text("UPDATE compute_hosts SET disabled = true WHERE host = 'h2'"))
    # with one address for each port: a row is found by its port
    network = demo.post("network", "/networks", json={"network": {"name": "n"}}).json()["network"]
    subnet = {"network_id": network["id"], "ip_version": 4, "cidr": "10.0.0.0/24"}
    assert demo.post("network", "/subnets", json={"subnet": subnet}).status_code == 201
    ids = []
    for name in ("good", "bad"):
        body = {"name": name, "imageRef": image, "flavorRef": "1", "config_drive": True,
                "networks": [{"uuid": network["id"]}]}  # fmt: skip
        made = demo.post("compute", "/servers", json={"server": body})
        assert made.status_code == 202, made.text
        ids.append(made.json()["server"]["id"])
    world = World(cloud, *ids)
    for one in world.view().guests:
        for operation in one.operations:
            result = {"server_id": one.id, "operation_id": operation.id, "error": None}
            world.report(guests=[guest(one.id, "running")], results=[result])
    for server_id in ids:
        body = {"reboot": {"type": "HARD"}}
        answer = demo.post("compute", f"/servers/{server_id}/action", json=body)
        assert answer.status_code == 202, answer.text
    port = world.sql("SELECT id FROM network_ports WHERE holder_id = :own", own=world.bad)[0]["id"]
    world.sql(
        "INSERT INTO kernel_questions (id, host, kind, params, created_at) VALUES"
        " ('r1', 'h1', 'guests.console', '{}', '2030-01-01 00:00:00'),"
        " ('r2', 'h1', 'guests.console', '{}', '2030-01-01 00:00:00')"
    )
    world.rows = {
        Server: ("id", world.bad), Port: ("id", port), FixedIp: ("port_id", port),
        ComputeHost: ("host", "h2"), HostRecord: ("name", "h2"), Question: ("id", "r1"),
    }  # fmt: skip
    seq = "SELECT seq FROM kernel_operations WHERE resource_id = :own ORDER BY seq DESC"
    world.rows[Operation] = ("seq", world.sql(seq, own=world.bad)[0]["seq"])
    return world


@pytest.fixture(scope="module")  # every test takes back what it did
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    cloud = TestCloud(tmp_path_factory.mktemp("cloud"))
    if cloud.env.db.engine.dialect.name != "sqlite":
        cloud.close()
        pytest.skip("its columns have types")
    yield made(cloud)
    cloud.close()


@pytest.fixture
def restored(world: World) -> Iterator[World]:
    saved = world.saved()
    yield world
    world.restore(saved)


def columns() -> list[Any]:
    models: list[Any] = [Server, Operation, Port, FixedIp, ComputeHost, HostRecord, Question]
    return [
        pytest.param(model, column.name, id=f"{model.__tablename__}.{column.name}")
        for model in models
        for column in model.__table__.columns
        if column.name not in KEYS
        and (model, column.name) not in ((ComputeHost, "host"), (HostRecord, "name"))
    ]


@pytest.mark.parametrize(("model", "column"), columns())
def test_junk_in_a_column(restored: World, model: type[Any], column: str) -> None:
    world = restored
    before = next(one for one in world.view().guests if one.id == world.good)
    saved = world.saved()
    for number, value in enumerate(JUNK):
        world.spoil(model, column, value)
        view = world.view()
        seen = {one.id: one for one in view.guests}
        power = ("paused", "running")[number % 2]
        assert msgspec.structs.replace(seen[world.good], known_power="") == (
            msgspec.structs.replace(before, known_power="")
        ), value
        assert set(view.left_out) <= {world.bad}, value
        assert not set(view.left_out) & set(seen), value
        told = world.report(
            guests=[guest(world.good, power), guest(world.bad, power)],
            left_out=view.left_out,
            unknown=[world.bad, world.good, "00000000-0000-0000-0000-000000000000"],
        )
        assert told["destroy"] == ["00000000-0000-0000-0000-000000000000"], value
        assert world.power(world.good) == power, value
        if view.left_out and column not in ("deleted_at", "fault"):
            state = world.state(world.bad)
            assert state["vm_state"] == "error", value
            assert unusable.MESSAGE in state["fault"], value
        asked = msgspec.json.decode(world.hub.view("h1", "questions", None))
        assert "r2" in asked, value
        world.restore(saved)


@pytest.fixture
def own(tmp_path: Path) -> Iterator[World]:
    found = made(TestCloud(tmp_path / "cloud"))
    yield found
    found.cloud.close()


def test_the_others_are_deleted_meanwhile(own: World) -> None:
    demo = own.cloud.client("demo")
    own.sql("UPDATE compute_servers SET flavor = 'no JSON' WHERE id = :bad", bad=own.bad)
    own.beat()
    assert demo.delete("compute", f"/servers/{own.good}").status_code == 204
    view = own.view()
    assert [(one.id, one.wanted) for one in view.guests] == [(own.good, "gone")]
    told = own.report(gone=[own.good, own.bad], left_out=view.left_out)
    assert told == {"destroy": []}
    assert own.state(own.good)["deleted_at"] is not None
    assert own.state(own.bad)["deleted_at"] is None
    assert demo.get("compute", f"/servers/{own.good}").status_code == 404


def test_what_makes_no_sense_is_shown_and_can_be_deleted(own: World) -> None:
    """A row that can be read, but of which no guest can be made."""
    demo, path = own.cloud.client("demo"), f"/servers/{own.bad}"
    own.spoil(Server, "disks", '[{"source": {"type": "image", "id": "x"}, "size": "x"}]')
    own.report(left_out=own.view().left_out)
    shown = demo.get("compute", path).json()["server"]
    assert (shown["status"], shown["fault"]["message"]) == ("ERROR", unusable.MESSAGE)
    own.beat()
    assert demo.delete("compute", path).status_code == 204
    assert {one.id: one.wanted for one in own.view().guests}[own.bad] == "gone"
    own.report(gone=[own.bad])
    assert own.state(own.bad)["deleted_at"] is not None


def test_operations_that_nobody_ended_end_though_one_cannot_be_read(restored: World) -> None:
    world = restored
    late = "UPDATE kernel_operations SET deadline_at = '2020-01-01 00:00:00' WHERE state = 'queued'"
    before = world.sql("SELECT seq, deadline_at FROM kernel_operations WHERE state = 'queued'")
    assert len(before) == 2
    world.sql(late)
    world.spoil(Operation, "params", "no JSON")
    world.cloud.settle()
    assert world.sql("SELECT seq FROM kernel_operations WHERE state = 'queued'") == []
    for server_id in (world.good, world.bad):
        assert world.state(server_id)["vm_state"] == "error"
