"""The logging API over HTTP, and who may use it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.people import person
from tests.testcloud import TestCloud

from .conftest import Net

NOWHERE = "0e0e0e0e-0000-4000-8000-000000000000"
LOGS = "/log/logs"


def make(net: Net, status: int = 201, **values: Any) -> Any:
    return net.post(LOGS, "log", status, **{"resource_type": "security_group", **values})


def test_logs_change_and_go(boss: Net) -> None:
    made = make(boss, name="l", description="d")
    assert (made["event"], made["enabled"]) == ("ALL", True)
    assert made["resource_id"] is None and made["target_id"] is None
    path = f"{LOGS}/{made['id']}"
    changed = boss.put(path, "log", name="m", description="", enabled=False)
    assert (changed["name"], changed["enabled"]) == ("m", False)
    assert changed["revision_number"] > made["revision_number"]
    for name in ("event", "resource_type", "resource_id", "target_id"):
        error = boss.put(path, "log", 400, **{name: "ALL"})
        assert error["message"] == f"Cannot update read-only attribute {name}"
    boss.delete(path)
    for method in (boss.get, boss.delete):
        assert method(path, 404)["type"] == "LogResourceNotFound"
    many = boss.raw("POST", LOGS, 201, {"logs": [{"resource_type": "security_group"}] * 2})
    assert len(many["logs"]) == 2


@pytest.mark.parametrize(
    ("values", "status", "type_"),
    [
        ({"resource_type": "router"}, 400, "InvalidLogResourceType"),
        ({"event": "SOME"}, 400, "HTTPBadRequest"),
        ({"resource_id": "x"}, 400, "HTTPBadRequest"),
        ({"resource_id": NOWHERE}, 404, "ResourceNotFound"),
        ({"target_id": NOWHERE}, 404, "TargetResourceNotFound"),
        ({"enabled": "perhaps"}, 400, "InvalidInput"),
        ({"name": " a"}, 400, "HTTPBadRequest"),
    ],
)
def test_refused(boss: Net, values: dict[str, Any], status: int, type_: str) -> None:
    assert make(boss, status, **values)["type"] == type_


def test_a_port_must_be_in_the_group(boss: Net) -> None:
    group = boss.post("/security-groups", "security_group", name="g")
    network = boss.network(name="n")
    boss.subnet(network)
    port = boss.port(network)
    both = {"resource_id": group["id"], "target_id": port["id"]}
    error = make(boss, 400, **both)
    assert error["type"] == "InvalidResourceConstraint"
    boss.put(f"/ports/{port['id']}", "port", security_groups=[group["id"]])
    of_both = make(boss, **both)
    of_port, of_group = make(boss, target_id=port["id"]), make(boss, resource_id=group["id"])
    boss.delete(f"/ports/{port['id']}")
    for log in (of_both, of_port):
        boss.get(f"{LOGS}/{log['id']}", 404)
    boss.delete(f"/security-groups/{group['id']}")
    boss.get(f"{LOGS}/{of_group['id']}", 404)


def test_only_managers_of_a_project(cloud: TestCloud, net: Net, boss: Net) -> None:
    """A member sees no logs; a manager those of the own project, about own things only."""
    make(net, 403)
    foreign = make(boss)
    assert net.get(LOGS)["logs"] == []
    net.get(f"{LOGS}/{foreign['id']}", 404)
    assert net.get("/log/loggable-resources")["loggable_resources"] == []
    types = boss.get("/log/loggable-resources")["loggable_resources"]
    assert types == [{"type": "security_group"}]
    error = boss.get("/log/loggable-resources?type=x", 400)
    assert "['type'] is invalid attribute for filtering" in error["message"]
    group = boss.post("/security-groups", "security_group", name="foreign")
    manager = Net(person(cloud, "demo-manager", "manager", "demo"))
    assert make(manager, 404, resource_id=group["id"])["type"] == "ResourceNotFound"
    own = make(manager)
    assert [log["id"] for log in manager.get(LOGS)["logs"]] == [own["id"]]
    manager.put(f"{LOGS}/{own['id']}", "log", enabled=False)
    manager.delete(f"{LOGS}/{own['id']}")
