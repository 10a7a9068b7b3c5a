"""Flavors, their extra specs and who may use them."""

from __future__ import annotations

import pytest

from tests.testcloud import Client

from .conftest import error_of

NEW = {"name": "new", "ram": 64, "vcpus": 1, "disk": 1}


def test_the_premade_ones(demo: Client) -> None:
    found = demo.get("compute", "/flavors/detail").json()["flavors"]
    sizes = {f["id"]: (f["name"], f["ram"], f["disk"], f["vcpus"]) for f in found}
    assert sizes["1"] == ("m1.tiny", 512, 1, 1)
    assert sizes["5"] == ("m1.xlarge", 16384, 160, 8)
    assert set(sizes) == {"1", "2", "3", "4", "5", "42", "84", "c1"}
    assert found[0]["swap"] == ""  # a number only from 2.75 on
    newer = demo.get("compute", "/flavors/detail", microversion="2.75").json()["flavors"]
    assert newer[0]["swap"] == 0 and newer[0]["extra_specs"] == {}


def test_pages_and_filters(demo: Client) -> None:
    first = demo.get("compute", "/flavors?limit=3").json()
    assert len(first["flavors"]) == 3
    link = first["flavors_links"][0]["href"].removeprefix("http://cloud.test")
    second = demo.get("raw", link).json()
    assert first["flavors"][-1]["id"] < second["flavors"][0]["id"]
    big = demo.get("compute", "/flavors/detail?minRam=4096&minDisk=80").json()["flavors"]
    assert {f["name"] for f in big} == {"m1.large", "m1.xlarge"}
    assert demo.get("compute", "/flavors?minRam=x").status_code == 400
    assert demo.get("compute", "/flavors?marker=nobody").status_code == 400
    assert demo.get("compute", "/flavors?sort_key=nonsense").status_code == 400


def test_life_of_a_flavor(admin: Client, demo: Client) -> None:
    assert demo.post("compute", "/flavors", json={"flavor": NEW}).status_code == 403
    made = admin.post("compute", "/flavors", json={"flavor": {**NEW, "id": "n1"}})
    assert made.status_code == 200 and made.json()["flavor"]["id"] == "n1"
    again = admin.post("compute", "/flavors", json={"flavor": NEW})
    assert again.status_code == 409 and "new" in error_of(again)
    body = {"flavor": {"description": "small"}}
    assert admin.put("compute", "/flavors/n1", json=body).status_code == 404  # before 2.55
    changed = admin.put("compute", "/flavors/n1", json=body, microversion="2.55")
    assert changed.json()["flavor"]["description"] == "small"
    assert admin.delete("compute", "/flavors/n1").status_code == 202
    assert demo.get("compute", "/flavors/n1").status_code == 404


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"ram": 0}, "ram"),
        ({"ram": "0"}, "ram"),
        ({"vcpus": -1}, "vcpus"),
        ({"disk": "x"}, "disk"),
        ({"name": ""}, "name"),
        ({"id": " a"}, "id"),
        ({"swap": 2**40}, "swap"),
        ({"description": "no"}, "description"),
        ({"rxtx_factor": 0}, "rxtx_factor"),
    ],
)
def test_bad_flavors(admin: Client, change: dict[str, object], field: str) -> None:
    answer = admin.post("compute", "/flavors", json={"flavor": {**NEW, **change}})
    assert answer.status_code == 400 and field in error_of(answer)


def test_extra_specs(admin: Client, demo: Client) -> None:
    path = "/flavors/1/os-extra_specs"
    specs = {"extra_specs": {"quota:a": "1", "b": 2}}
    assert admin.post("compute", path, json=specs).json()["extra_specs"]["b"] == "2"
    assert demo.get("compute", path).json() == {"extra_specs": {"quota:a": "1", "b": "2"}}
    assert admin.put("compute", f"{path}/b", json={"b": "3"}).json() == {"b": "3"}
    assert admin.put("compute", f"{path}/b", json={"c": "3"}).status_code == 400
    assert demo.delete("compute", f"{path}/b").status_code == 403
    assert admin.delete("compute", f"{path}/b").status_code == 200
    assert demo.get("compute", f"{path}/b").status_code == 404


def test_private_flavors(admin: Client, demo: Client) -> None:
    body = {"flavor": {**NEW, "id": "p", "os-flavor-access:is_public": False}}
    admin.post("compute", "/flavors", json=body)
    assert demo.get("compute", "/flavors/p").status_code == 404
    project = admin.get("identity", "/projects?name=demo").json()["projects"][0]["id"]
    grant = {"addTenantAccess": {"tenant": project}}
    assert demo.post("compute", "/flavors/p/action", json=grant).status_code == 403
    answer = admin.post("compute", "/flavors/p/action", json=grant)
    assert answer.json()["flavor_access"] == [{"flavor_id": "p", "tenant_id": project}]
    assert admin.post("compute", "/flavors/p/action", json=grant).status_code == 409
    assert demo.get("compute", "/flavors/p").status_code == 200
    revoke = {"removeTenantAccess": {"tenant": project}}
    assert admin.post("compute", "/flavors/p/action", json=revoke).status_code == 200
    assert admin.post("compute", "/flavors/p/action", json=revoke).status_code == 404
    assert admin.get("compute", "/flavors/1/os-flavor-access").status_code == 404


def test_known_extra_specs_are_checked(admin: Client) -> None:
    path = "/flavors/1/os-extra_specs"
    for specs in ({"hw:cpu_policy": "odd"}, {"hw:nonsense": "1"}, {"hw:numa_nodes": "0"}):
        body = {"extra_specs": specs}
        assert admin.post("compute", path, json=body, microversion="2.86").status_code == 400
    good = {"extra_specs": {"hw:cpu_policy": "dedicated", "mine:anything": "x"}}
    assert admin.post("compute", path, json=good, microversion="2.86").status_code == 200
    unchecked = {"extra_specs": {"hw:nonsense": "1"}}
    assert admin.post("compute", path, json=unchecked, microversion="2.85").status_code == 200


def test_access_to_a_public_flavor(admin: Client) -> None:
    """It may be noted before 2.7 and is a conflict since; its list is never there."""
    project = admin.get("identity", "/projects?name=demo").json()["projects"][0]["id"]
    grant = {"addTenantAccess": {"tenant": project}}
    late = admin.post("compute", "/flavors/1/action", json=grant, microversion="2.7")
    assert late.status_code == 409
    early = admin.post("compute", "/flavors/1/action", json=grant, microversion="2.6")
    assert early.status_code == 200
    assert early.json()["flavor_access"] == [{"flavor_id": "1", "tenant_id": project}]
    again = admin.post("compute", "/flavors/1/action", json=grant)
    assert again.status_code == 409
    assert admin.get("compute", "/flavors/1/os-flavor-access").status_code == 404
    revoke = {"removeTenantAccess": {"tenant": project}}
    assert admin.post("compute", "/flavors/1/action", json=revoke).status_code == 200
    nobody = {"addTenantAccess": {"tenant": "0" * 32}}
    answer = admin.post("compute", "/flavors/1/action", json=nobody)
    assert answer.status_code == 400 and "not a valid project" in answer.text
