"""Registered limits, limits, and the models that relate them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest

from tests.api.identity.people import make_domain, make_project, persona
from tests.testcloud import Client, TestCloud


@pytest.fixture
def strict(tmp_path: Path) -> Iterator[TestCloud]:
    found = TestCloud(tmp_path / "strict", identity={"limit_model": "strict_two_level"})
    yield found
    found.close()


def service_id(admin: Client) -> str:
    return str(admin.get("identity", "/services?type=compute").json()["services"][0]["id"])


def register(admin: Client, default: int = 10, **more: Any) -> dict[str, Any]:
    values = {"service_id": service_id(admin), "resource_name": "cores", "default_limit": default}
    body = {"registered_limits": [{**values, **more}]}
    answer = admin.post("identity", "/registered_limits", json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json()["registered_limits"][0])


def limit(admin: Client, number: int, **place: Any) -> httpx.Response:
    one = {"service_id": service_id(admin), "resource_name": "cores", "resource_limit": number}
    answer: httpx.Response = admin.post("identity", "/limits", json={"limits": [{**one, **place}]})
    return answer


def test_a_registered_limit_is_made_shown_listed_changed_and_removed(admin: Client) -> None:
    made = register(admin, description="d")
    path = f"/registered_limits/{made['id']}"
    assert admin.get("identity", path).json()["registered_limit"] == made
    register(admin, resource_name="ram", region_id="RegionOne")
    found = admin.get("identity", "/registered_limits?resource_name=cores").json()
    assert found["registered_limits"] == [made]
    found = admin.get("identity", "/registered_limits?region_id=RegionOne").json()
    assert [one["resource_name"] for one in found["registered_limits"]] == ["ram"]
    change = {"registered_limit": {"default_limit": 4, "description": None}}
    changed = admin.patch("identity", path, json=change).json()["registered_limit"]
    assert (changed["default_limit"], changed["description"]) == (4, None)
    assert admin.delete("identity", path).status_code == 204
    assert admin.get("identity", path).status_code == 404


def test_a_resource_is_registered_once_for_a_service_and_region(admin: Client) -> None:
    values = {"service_id": service_id(admin), "resource_name": "cores", "default_limit": 1}
    register(admin)
    again = admin.post("identity", "/registered_limits", json={"registered_limits": [values]})
    assert again.status_code == 409
    register(admin, region_id="RegionOne")
    other = register(admin, resource_name="ram")
    change = {"registered_limit": {"resource_name": "cores"}}
    path = f"/registered_limits/{other['id']}"
    assert admin.patch("identity", path, json=change).status_code == 409


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"service_id": "nope"}, "service_id"),
        ({"region_id": "nope"}, "region_id"),
        ({"default_limit": -2}, "default_limit"),
        ({"default_limit": "1"}, "default_limit"),
        ({"resource_name": " "}, "resource_name"),
        ({"nope": 1}, "nope"),
    ],
)
def test_bad_registered_limits_are_refused_by_name(
    admin: Client, change: dict[str, Any], field: str
) -> None:
    values = {"service_id": service_id(admin), "resource_name": "cores", "default_limit": 1}
    body = {"registered_limits": [{**values, **change}]}
    answer = admin.post("identity", "/registered_limits", json=body)
    assert answer.status_code == 400
    assert field in answer.json()["error"]["message"]


def test_a_limit_is_made_shown_listed_changed_and_removed(admin: Client) -> None:
    registered, project = register(admin), make_project(admin, "limited")
    answer = limit(admin, 5, project_id=project["id"], description="d")
    assert answer.status_code == 201, answer.text
    [made] = answer.json()["limits"]
    assert made["resource_limit"] == 5
    assert (made["project_id"], made["domain_id"]) == (project["id"], None)
    path = f"/limits/{made['id']}"
    assert admin.get("identity", path).json()["limit"] == made
    query = f"/limits?project_id={project['id']}&resource_name=cores"
    assert admin.get("identity", query).json()["limits"] == [made]
    assert admin.get("identity", "/limits?resource_name=ram").json()["limits"] == []
    change = {"limit": {"resource_limit": 6}}
    assert admin.patch("identity", path, json=change).json()["limit"]["resource_limit"] == 6
    used = f"/registered_limits/{registered['id']}"
    assert admin.delete("identity", used).status_code == 403
    change = {"registered_limit": {"default_limit": 1}}
    assert admin.patch("identity", used, json=change).status_code == 403
    assert limit(admin, 5, project_id=project["id"]).status_code == 409
    assert admin.delete("identity", path).status_code == 204
    assert admin.get("identity", path).status_code == 404
    assert admin.delete("identity", used).status_code == 204


def test_a_limit_needs_a_registered_one_and_one_place(admin: Client) -> None:
    project = make_project(admin, "limited")
    assert limit(admin, 5, project_id=project["id"]).status_code == 403
    register(admin)
    assert limit(admin, 5).status_code == 400
    both = limit(admin, 5, project_id=project["id"], domain_id="default")
    assert both.status_code == 400
    answer = limit(admin, 5, project_id="nope")
    assert answer.status_code == 400
    assert "project_id" in answer.json()["error"]["message"]
    assert limit(admin, 5, domain_id=project["id"]).status_code == 400
    # a domain that is given as a project is a domain
    [made] = limit(admin, 5, project_id="default").json()["limits"]
    assert (made["project_id"], made["domain_id"]) == (None, "default")


def test_limits_are_made_all_or_none(admin: Client) -> None:
    register(admin)
    project = make_project(admin, "limited")
    one = {"service_id": service_id(admin), "resource_name": "cores", "resource_limit": 1}
    body = {"limits": [{**one, "project_id": project["id"]}, {**one, "project_id": "nope"}]}
    assert admin.post("identity", "/limits", json=body).status_code == 400
    assert admin.get("identity", "/limits").json()["limits"] == []


def test_people_see_the_limits_of_their_scope(cloud: TestCloud, admin: Client) -> None:
    register(admin)
    demo_project = admin.get("identity", "/projects?name=demo").json()["projects"][0]["id"]
    domain = make_domain(admin, "acme")
    inside = make_project(admin, "inside", domain_id=domain["id"])
    mine = limit(admin, 1, project_id=demo_project).json()["limits"][0]["id"]
    theirs = limit(admin, 2, project_id=inside["id"]).json()["limits"][0]["id"]
    whole = limit(admin, 3, domain_id=domain["id"]).json()["limits"][0]["id"]

    def seen(client: Client) -> set[str]:
        return {one["id"] for one in client.get("identity", "/limits").json()["limits"]}

    demo = cloud.client("demo")
    assert seen(admin) == {mine, theirs, whole}
    assert seen(demo) == {mine}
    assert demo.get("identity", f"/limits/{mine}").status_code == 200
    assert demo.get("identity", f"/limits/{theirs}").status_code == 403
    assert demo.get("identity", "/limits/nope").status_code == 403
    assert seen(persona(cloud, "reader", domain="acme")) == {theirs, whole}
    assert seen(persona(cloud, "reader", system=True)) == {mine, theirs, whole}
    assert demo.get("identity", "/registered_limits").status_code == 200
    new = {"service_id": "a" * 32, "resource_name": "x", "resource_limit": 1}
    body: dict[str, Any] = {"limits": [new | {"project_id": demo_project}]}
    assert demo.post("identity", "/limits", json=body).status_code == 403
    change = {"limit": {"resource_limit": 99}}
    assert demo.patch("identity", f"/limits/{mine}", json=change).status_code == 403


def test_the_model_is_flat_unless_set(admin: Client) -> None:
    assert admin.get("identity", "/limits/model").json()["model"]["name"] == "flat"
    register(admin)
    project = make_project(admin, "limited")
    assert limit(admin, 500, project_id=project["id"]).status_code == 201


def test_two_levels_keep_projects_below_their_domain(strict: TestCloud) -> None:
    admin = strict.client("admin")
    assert admin.get("identity", "/limits/model").json()["model"]["name"] == "strict_two_level"
    register(admin, default=10)
    project = make_project(admin, "limited")
    below = {"project": {"name": "deeper", "parent_id": project["id"]}}
    assert admin.post("identity", "/projects", json=below).status_code == 403
    assert limit(admin, 11, project_id=project["id"]).status_code == 403
    assert limit(admin, -1, project_id=project["id"]).status_code == 403
    [whole] = limit(admin, 20, domain_id="default").json()["limits"]
    [made] = limit(admin, 15, project_id=project["id"]).json()["limits"]
    change = {"limit": {"resource_limit": 14}}
    assert admin.patch("identity", f"/limits/{whole['id']}", json=change).status_code == 403
    assert admin.get("identity", f"/limits/{whole['id']}").json()["limit"]["resource_limit"] == 20
    change = {"limit": {"resource_limit": 21}}
    assert admin.patch("identity", f"/limits/{made['id']}", json=change).status_code == 403
    change = {"limit": {"resource_limit": -1}}
    assert admin.patch("identity", f"/limits/{whole['id']}", json=change).status_code == 200
    assert admin.patch("identity", f"/limits/{made['id']}", json=change).status_code == 200
