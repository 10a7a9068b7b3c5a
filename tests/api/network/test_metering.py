"""Metering labels and their rules; what is counted is in tests/drivers/network."""

from __future__ import annotations

from typing import Any

import pytest

from stratolith.kernel import metrics
from tests.testcloud import Client, TestCloud

from .conftest import Net

LABELS, RULES = "/metering/metering-labels", "/metering/metering-label-rules"
UNKNOWN = "11111111-2222-3333-4444-555555555555"


@pytest.fixture
def boss(admin: Client) -> Net:
    return Net(admin)


def _label(net: Net, **values: Any) -> Any:
    return net.post(LABELS, "metering_label", **values)


def _rule(net: Net, label: Any, status: int = 201, /, **values: Any) -> Any:
    named = {"metering_label_id": label["id"], "direction": "ingress", **values}
    return net.post(RULES, "metering_label_rule", status, **named)


def test_a_label_and_its_rules(boss: Net) -> None:
    label = _label(boss, name="web", description="d")
    assert label == {
        "id": label["id"],
        "name": "web",
        "description": "d",
        "shared": False,
        "project_id": label["project_id"],
        "tenant_id": label["project_id"],
    }
    assert boss.get(f"{LABELS}/{label['id']}") == {"metering_label": label}
    rule = _rule(boss, label, remote_ip_prefix="10.0.0.5/24")
    assert rule == {
        "id": rule["id"],
        "metering_label_id": label["id"],
        "direction": "ingress",
        "excluded": False,
        "remote_ip_prefix": "10.0.0.5/24",
        "source_ip_prefix": None,
        "destination_ip_prefix": None,
    }
    assert boss.get(f"{RULES}/{rule['id']}") == {"metering_label_rule": rule}
    single = _rule(boss, label, direction="egress", source_ip_prefix="10.1.0.4")
    assert single["source_ip_prefix"] == "10.1.0.4/32"
    for path, name in ((LABELS, "metering_label"), (RULES, "metering_label_rule")):
        one = label if path == LABELS else rule
        boss.put(f"{path}/{one['id']}", name, 405, excluded=True)
    boss.delete(f"{RULES}/{rule['id']}")
    assert boss.get(f"{RULES}/{rule['id']}", 404)["type"] == "MeteringLabelRuleNotFound"
    boss.delete(f"{LABELS}/{label['id']}")
    assert boss.get(f"{LABELS}/{label['id']}", 404)["type"] == "MeteringLabelNotFound"
    assert boss.get(RULES) == {"metering_label_rules": []}


def test_many_at_once(boss: Net) -> None:
    made = boss.raw("POST", LABELS, 201, {"metering_labels": [{"name": "a"}, {"shared": True}]})
    assert [label["shared"] for label in made["metering_labels"]] == [False, True]


@pytest.mark.parametrize(
    ("values", "type_"),
    [
        ({"shared": "x"}, "InvalidInput"),
        ({"description": None}, "HTTPBadRequest"),
        ({"name": "n" * 256}, "HTTPBadRequest"),
        ({"bogus": 1}, "HTTPBadRequest"),
    ],
)
def test_bad_labels(boss: Net, values: Any, type_: str) -> None:
    assert boss.post(LABELS, "metering_label", 400, **values)["type"] == type_


@pytest.mark.parametrize(
    ("values", "type_"),
    [
        ({}, "Invalid"),
        ({"remote_ip_prefix": None}, "Invalid"),
        ({"remote_ip_prefix": "x"}, "Invalid"),
        ({"remote_ip_prefix": 5}, "Invalid"),
        ({"source_ip_prefix": "10.0.0.0/33"}, "Invalid"),
        ({"source_ip_prefix": "10.0.0.0/8 drop"}, "Invalid"),
        ({"source_ip_prefix": ["10.0.0.0/8"]}, "Invalid"),
        ({"remote_ip_prefix": "10.0.0.0/8", "source_ip_prefix": "10.0.0.0/8"}, "Invalid"),
        ({"source_ip_prefix": "10.0.0.0/8", "destination_ip_prefix": "fd00::/8"}, "Invalid"),
        ({"remote_ip_prefix": "10.0.0.0/8", "direction": "up"}, "HTTPBadRequest"),
        ({"remote_ip_prefix": "10.0.0.0/8", "direction": []}, "HTTPBadRequest"),
        ({"remote_ip_prefix": "10.0.0.0/8", "excluded": "x"}, "InvalidInput"),
        ({"remote_ip_prefix": "10.0.0.0/8", "metering_label_id": "x"}, "HTTPBadRequest"),
    ],
)
def test_bad_rules(boss: Net, values: Any, type_: str) -> None:
    label = _label(boss)
    assert _rule(boss, label, 400, **values)["type"] == type_


def test_rules_that_overlap(boss: Net) -> None:
    label, other = _label(boss), _label(boss)
    _rule(boss, label, remote_ip_prefix="10.0.0.0/24")
    error = _rule(boss, label, 409, remote_ip_prefix="10.0.0.0/25")
    assert error["type"] == "MeteringLabelRuleOverlaps" and "10.0.0.0/25" in error["message"]
    _rule(boss, label, remote_ip_prefix="10.0.0.0/25", excluded=True)
    _rule(boss, label, remote_ip_prefix="10.0.0.0/25", direction="egress")
    _rule(boss, label, remote_ip_prefix="fd00::/64")
    _rule(boss, label, source_ip_prefix="10.0.0.0/24")
    _rule(boss, other, remote_ip_prefix="10.0.0.0/25")
    assert _rule(boss, {"id": UNKNOWN}, 404, remote_ip_prefix="::/0")["type"] == (
        "MeteringLabelNotFound"
    )


def test_lists(boss: Net) -> None:
    one = _label(boss, name="one", description="d")
    two = _label(boss, name="two", shared=True)
    for query, found in {
        "name=one": [one],
        "description=d": [one],
        "shared=true": [two],
        f"id={two['id']}": [two],
        "tenant_id=x": [],
        f"project_id={one['project_id']}&sort_key=name&sort_dir=desc": [two, one],
        "sort_key=tenant_id&sort_dir=asc&sort_key=name&sort_dir=asc": [one, two],
    }.items():
        assert boss.get(f"{LABELS}?{query}")["metering_labels"] == found, query
    near = _rule(boss, one, remote_ip_prefix="10.0.0.0/24")
    far = _rule(boss, two, direction="egress", source_ip_prefix="10.3.0.0/24", excluded=True)
    more = _rule(boss, two, direction="egress", destination_ip_prefix="10.4.0.0/24")
    for query, found in {
        "remote_ip_prefix=10.0.0.0/24": [near],
        "source_ip_prefix=10.3.0.0/24": [far],
        "destination_ip_prefix=10.4.0.0/24": [more],
        "excluded=true": [far],
        "direction=ingress": [near],
        f"metering_label_id={one['id']}": [near],
        "remote_ip_prefix=x": [],
    }.items():
        assert boss.get(f"{RULES}?{query}")["metering_label_rules"] == found, query
    for query in ("tenant_id=x", "name=x"):
        assert "invalid attribute for filtering" in boss.get(f"{RULES}?{query}", 400)["message"]
    error = boss.get(f"{LABELS}?sort_key=created_at&sort_dir=asc", 400)
    assert "invalid attribute for sort_keys" in error["message"]


def test_projects_and_roles(cloud: TestCloud, boss: Net, net: Net) -> None:
    """Managers of a project have labels of their own; members only see them."""
    project = net.network()["project_id"]
    label = _label(boss, project_id=project)
    rule = _rule(boss, label, remote_ip_prefix="10.0.0.0/24")
    assert net.get(LABELS)["metering_labels"] == [label]
    assert net.get(RULES)["metering_label_rules"] == [rule]
    assert _label(boss, shared=True) not in net.get(LABELS)["metering_labels"]
    net.post(LABELS, "metering_label", 403)
    _rule(net, label, 403, remote_ip_prefix="10.1.0.0/24")
    net.delete(f"{LABELS}/{label['id']}", 403)
    net.delete(f"{RULES}/{rule['id']}", 403)
    foreign = _label(boss)
    net.get(f"{LABELS}/{foreign['id']}", 404)
    hidden = _rule(boss, foreign, remote_ip_prefix="10.1.0.0/24")
    net.get(f"{RULES}/{hidden['id']}", 404)
    assert _rule(net, foreign, 404, remote_ip_prefix="10.1.0.0/24")["type"] == (
        "MeteringLabelNotFound"
    )


def _metered() -> set[str]:
    """Ids of the labels among the metrics of this process, with their routers."""
    lines = metrics.render().decode().splitlines()
    start = "stratolith_network_meter_bytes_total{"
    return {line.split("}")[0] for line in lines if line.startswith(start)}


def test_hosts_get_the_labels_of_their_routers(cloud: TestCloud, boss: Net, net: Net) -> None:
    cloud.start_hosts()
    (router,) = net.get("/routers")["routers"]
    own = _label(boss, project_id=router["project_id"])
    shared, foreign = _label(boss, shared=True), _label(boss)
    cloud.wait(lambda: len(_metered()) == 4)
    found = "\n".join(_metered())
    assert own["id"] in found and shared["id"] in found and foreign["id"] not in found
    assert router["id"] in found and router["project_id"] in found
    boss.delete(f"{LABELS}/{own['id']}")
    boss.delete(f"{LABELS}/{shared['id']}")
    cloud.wait(lambda: not _metered())
