"""Endpoint groups, and projects that are shown part of the catalogue."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.identity.people import make_project, persona
from tests.testcloud import Client, TestCloud

ROOT = "/OS-EP-FILTER"


def make_group(admin: Client, **filters: str) -> dict[str, Any]:
    body = {"endpoint_group": {"name": "g", "description": "d", "filters": filters}}
    answer = admin.post("identity", ROOT + "/endpoint_groups", json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json()["endpoint_group"])


def catalogue(client: Client) -> dict[str, set[str]]:
    """Service type -> interfaces shown."""
    found = client.get("identity", "/auth/catalog").json()["catalog"]
    return {one["type"]: {e["interface"] for e in one["endpoints"]} for one in found}


@pytest.fixture
def project(admin: Client) -> str:
    return str(admin.get("identity", "/projects?name=demo").json()["projects"][0]["id"])


def endpoint(admin: Client, kind: str, interface: str = "public") -> dict[str, Any]:
    [service] = admin.get("identity", f"/services?type={kind}").json()["services"]
    query = f"/endpoints?service_id={service['id']}&interface={interface}"
    [found] = admin.get("identity", query).json()["endpoints"]
    return dict(found)


def test_a_group_is_made_shown_listed_changed_and_removed(admin: Client) -> None:
    service = admin.get("identity", "/services?type=image").json()["services"][0]["id"]
    group = make_group(admin, service_id=service)
    path = f"{ROOT}/endpoint_groups/{group['id']}"
    assert group["links"]["self"].endswith("/v3" + path)
    assert admin.get("identity", path).json()["endpoint_group"] == group
    assert admin.head("identity", path).status_code == 200
    listed = admin.get("identity", ROOT + "/endpoint_groups?name=g").json()["endpoint_groups"]
    assert listed == [group]
    assert len(admin.get("identity", path + "/endpoints").json()["endpoints"]) == 3
    change = {"endpoint_group": {"name": "h", "filters": {"interface": "admin"}}}
    changed = admin.patch("identity", path, json=change).json()["endpoint_group"]
    assert (changed["name"], changed["filters"]) == ("h", {"interface": "admin"})
    assert admin.delete("identity", path).status_code == 204
    assert admin.get("identity", path).status_code == 404


@pytest.mark.parametrize("filters", [{}, {"nope": "x"}, {"interface": "inner"}, "text"])
def test_filters_are_of_known_attributes(admin: Client, filters: Any) -> None:
    body = {"endpoint_group": {"name": "g", "filters": filters}}
    answer = admin.post("identity", ROOT + "/endpoint_groups", json=body)
    assert answer.status_code == 400
    assert "filters" in answer.json()["error"]["message"]


def test_a_project_sees_only_the_endpoints_given_to_it(
    admin: Client, demo: Client, project: str
) -> None:
    everything = catalogue(demo)
    image = endpoint(admin, "image")
    path = f"{ROOT}/projects/{project}/endpoints/{image['id']}"
    assert admin.get("identity", path).status_code == 404
    assert admin.put("identity", path).status_code == 204
    assert admin.put("identity", path).status_code == 204  # again is no error
    assert admin.head("identity", path).status_code == 204
    assert catalogue(demo) == {"image": {"public"}}
    assert catalogue(admin) == everything  # another project
    listed = admin.get("identity", f"{ROOT}/projects/{project}/endpoints").json()["endpoints"]
    assert [one["id"] for one in listed] == [image["id"]]
    query = f"{ROOT}/endpoints/{image['id']}/projects"
    found = admin.get("identity", query).json()["projects"]
    assert [one["id"] for one in found] == [project]
    assert admin.delete("identity", path).status_code == 204
    assert admin.delete("identity", path).status_code == 404
    assert catalogue(demo) == everything


def test_a_project_sees_the_endpoints_of_its_groups(
    admin: Client, demo: Client, project: str
) -> None:
    everything = catalogue(demo)
    group = make_group(admin, interface="internal")
    path = f"{ROOT}/endpoint_groups/{group['id']}/projects/{project}"
    assert admin.put("identity", path).status_code == 204
    assert set(catalogue(demo)) == set(everything)
    assert set(map(frozenset, catalogue(demo).values())) == {frozenset({"internal"})}
    pair = admin.get("identity", path).json()["project_endpoint_group"]
    assert (pair["project_id"], pair["endpoint_group_id"]) == (project, group["id"])
    place = f"{ROOT}/projects/{project}"
    assert admin.get("identity", place + "/endpoint_groups").json()["endpoint_groups"] == [group]
    found = admin.get("identity", f"{ROOT}/endpoint_groups/{group['id']}/projects").json()
    assert [one["id"] for one in found["projects"]] == [project]
    narrow = {"endpoint_group": {"filters": {"interface": "internal", "region_id": "none"}}}
    admin.patch("identity", f"{ROOT}/endpoint_groups/{group['id']}", json=narrow)
    assert catalogue(demo) == {}
    assert admin.delete("identity", f"{ROOT}/endpoint_groups/{group['id']}").status_code == 204
    assert catalogue(demo) == everything


def test_what_a_token_carries_is_filtered_too(admin: Client, demo: Client, project: str) -> None:
    image = endpoint(admin, "image")
    admin.put("identity", f"{ROOT}/projects/{project}/endpoints/{image['id']}")
    answer = demo.get("identity", "/auth/tokens", headers={"X-Subject-Token": demo.token})
    assert [one["type"] for one in answer.json()["token"]["catalog"]] == ["image"]


def test_associations_end_with_the_endpoint_and_with_the_project(admin: Client) -> None:
    other = make_project(admin, "other")
    image = endpoint(admin, "image")
    path = f"{ROOT}/projects/{other['id']}/endpoints"
    assert admin.put("identity", f"{path}/{image['id']}").status_code == 204
    assert admin.delete("identity", f"/endpoints/{image['id']}").status_code == 204
    assert admin.get("identity", path).json()["endpoints"] == []
    left = endpoint(admin, "image", "admin")
    assert admin.put("identity", f"{path}/{left['id']}").status_code == 204
    assert admin.delete("identity", f"/projects/{other['id']}").status_code == 204
    query = f"{ROOT}/endpoints/{left['id']}/projects"
    assert admin.get("identity", query).json()["projects"] == []


def test_only_administrators_decide_what_projects_see(
    cloud: TestCloud, admin: Client, demo: Client, project: str
) -> None:
    image = endpoint(admin, "image")
    path = f"{ROOT}/projects/{project}/endpoints/{image['id']}"
    for client in (demo, persona(cloud, "reader", system=True)):
        assert client.put("identity", path).status_code == 403
    reader = cloud.client("reader-system", None, password="a-password-of-somebody", system=True)
    assert reader.get("identity", ROOT + "/endpoint_groups").status_code == 200
    assert demo.get("identity", ROOT + "/endpoint_groups").status_code == 403
    for missing in (f"{ROOT}/projects/nope/endpoints/{image['id']}", path[:-4] + "nope"):
        assert admin.put("identity", missing).status_code == 404
