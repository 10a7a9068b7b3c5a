"""Which signs names and descriptions may have; the real service was asked with each."""

from __future__ import annotations

from typing import Any

import pytest

from tests.testcloud import Client

ID = "11111111-2222-3333-4444-555555555555"
NEWEST = {"OpenStack-API-Version": "compute 2.100"}
REFUSED = {
    "line end": "x\ny",
    "tab": "x\n\t",
    "nul": "x\x00",
    "escape": "x\x1b",
    "delete": "x\x7f",
    "c1": "x\x85",
    "zero width": "x\u200b",
    "line separator": "x\u2028",
    "direction": "\u202ex",
    "no sign": "x\ufffe",
    "beyond the first plane": "x\U0001f600",
}
TAKEN = {"plain": "x", "umlaut": "\u00fc", "no-break space": "x\u00a0y"}
AROUND = {"before": " x", "after": "x ", "alone": " ", "empty": ""}


def change_server(admin: Client, value: str) -> int:
    return _ask(admin, "PUT", f"/servers/{ID}", {"server": {"name": value}})


def describe_server(admin: Client, value: str) -> int:
    return _ask(admin, "PUT", f"/servers/{ID}", {"server": {"description": value}})


def make_flavor(admin: Client, value: str) -> int:
    flavor = {"name": value, "ram": 1, "disk": 0, "vcpus": 1}
    return _ask(admin, "POST", "/flavors", {"flavor": flavor})


def describe_flavor(admin: Client, value: str) -> int:
    flavor = {"name": "x", "description": value, "ram": 1, "disk": 0, "vcpus": 1}
    return _ask(admin, "POST", "/flavors", {"flavor": flavor})


def make_aggregate(admin: Client, value: str) -> int:
    return _ask(admin, "POST", "/os-aggregates", {"aggregate": {"name": value}})


def make_zone(admin: Client, value: str) -> int:
    aggregate = {"name": "x", "availability_zone": value}
    return _ask(admin, "POST", "/os-aggregates", {"aggregate": aggregate})


def make_group(admin: Client, value: str) -> int:
    group = {"name": value, "policy": "affinity"}
    return _ask(admin, "POST", "/os-server-groups", {"server_group": group})


def _ask(admin: Client, method: str, path: str, body: dict[str, Any]) -> int:
    return int(admin.request(method, "compute", path, json=body, headers=NEWEST).status_code)


NAMES = [change_server, make_flavor, make_aggregate, make_zone, make_group]
DESCRIPTIONS = [describe_server, describe_flavor]


@pytest.mark.parametrize("ask", [*NAMES, *DESCRIPTIONS])
def test_signs(admin: Client, ask: Any) -> None:
    for what, value in REFUSED.items():
        assert ask(admin, value) == 400, what


@pytest.mark.parametrize("what", TAKEN)
@pytest.mark.parametrize("ask", [*NAMES, *DESCRIPTIONS])
def test_signs_that_are_taken(admin: Client, ask: Any, what: str) -> None:
    assert ask(admin, TAKEN[what]) in (200, 404)  # the server is not there


@pytest.mark.parametrize("what", AROUND)
def test_space_around(admin: Client, what: str) -> None:
    for ask in NAMES:
        assert ask(admin, AROUND[what]) == 400
    for ask in DESCRIPTIONS:
        assert ask(admin, AROUND[what]) in (200, 404, 409)
