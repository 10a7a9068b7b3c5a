"""Roles, implied roles, grants of every kind, and the list of assignments."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.identity.people import (
    PASSWORD,
    grant,
    make_domain,
    make_group,
    make_project,
    make_user,
    role_id,
)
from tests.testcloud import Client, TestCloud


def make_role(admin: Client, name: str, **attributes: Any) -> dict[str, Any]:
    answer = admin.post("identity", "/roles", json={"role": {"name": name, **attributes}})
    assert answer.status_code == 201, answer.text
    return dict(answer.json()["role"])


def effective(admin: Client, query: str) -> set[tuple[str, str, str]]:
    """(user, place, role) by name."""
    answer = admin.get("identity", f"/role_assignments?effective&include_names&{query}")
    assert answer.status_code == 200, answer.text
    found = set()
    for one in answer.json()["role_assignments"]:
        scope = one["scope"]
        place = scope.get("project") or scope.get("domain") or {"name": "system"}
        found.add((one["user"]["name"], place["name"], one["role"]["name"]))
    return found


def test_roles_are_made_changed_and_deleted(admin: Client) -> None:
    role = make_role(admin, "r", description="d", colour="red")
    assert role["domain_id"] is None
    path = f"/roles/{role['id']}"
    changed = admin.patch("identity", path, json={"role": {"name": "s"}}).json()["role"]
    assert changed == {**role, "name": "s"}
    assert admin.post("identity", "/roles", json={"role": {"name": "s"}}).status_code == 409
    assert admin.delete("identity", path).status_code == 204
    assert admin.get("identity", path).status_code == 404


@pytest.mark.parametrize("name", ["admin", "manager", "member", "reader", "service"])
def test_premade_roles_are_immutable(admin: Client, name: str) -> None:
    path = f"/roles/{role_id(admin, name)}"
    assert admin.delete("identity", path).status_code == 403
    assert admin.patch("identity", path, json={"role": {"name": "x"}}).status_code == 403


def test_roles_of_a_domain_are_listed_apart_and_granted_only_there(admin: Client) -> None:
    domain = make_domain(admin, "d")
    role = make_role(admin, "local", domain_id=domain["id"])
    listed = admin.get("identity", "/roles").json()["roles"]
    assert role["id"] not in {one["id"] for one in listed}
    listed = admin.get("identity", f"/roles?domain_id={domain['id']}").json()["roles"]
    assert [one["id"] for one in listed] == [role["id"]]
    user = make_user(admin, "u")
    outside, inside = make_project(admin, "o"), make_project(admin, "i", domain_id=domain["id"])
    for project, wanted in ((outside, 403), (inside, 204)):
        path = f"/projects/{project['id']}/users/{user['id']}/roles/{role['id']}"
        assert admin.put("identity", path).status_code == wanted


def test_implied_roles(admin: Client) -> None:
    prior, other = make_role(admin, "prior"), make_role(admin, "other")
    path = f"/roles/{prior['id']}/implies/{other['id']}"
    assert admin.head("identity", path).status_code == 404
    assert admin.put("identity", path).status_code == 201
    assert admin.put("identity", path).status_code == 409
    assert admin.head("identity", path).status_code == 204
    document = admin.get("identity", f"/roles/{prior['id']}/implies").json()["role_inference"]
    assert [one["name"] for one in document["implies"]] == ["other"]
    circle = f"/roles/{other['id']}/implies/{prior['id']}"
    assert admin.put("identity", circle).status_code == 400
    mighty = f"/roles/{prior['id']}/implies/{role_id(admin, 'admin')}"
    assert admin.put("identity", mighty).status_code == 403
    inferences = admin.get("identity", "/role_inferences").json()["role_inferences"]
    known = {(i["prior_role"]["name"], one["name"]) for i in inferences for one in i["implies"]}
    assert {("admin", "manager"), ("manager", "member"), ("prior", "other")} <= known
    assert admin.delete("identity", path).status_code == 204
    assert admin.delete("identity", path).status_code == 404


PLACES = ["projects/{project}", "domains/{domain}", "system"]


@pytest.mark.parametrize("actor", ["users", "groups"])
@pytest.mark.parametrize("place", PLACES)
def test_grants_everywhere(admin: Client, actor: str, place: str) -> None:
    domain = make_domain(admin, "d")
    project = make_project(admin, "p", domain_id=domain["id"])
    who = make_user(admin, "u") if actor == "users" else make_group(admin, "g")
    root = "/" + place.format(project=project["id"], domain=domain["id"])
    path = f"{root}/{actor}/{who['id']}/roles"
    one = f"{path}/{role_id(admin, 'reader')}"
    assert admin.get("identity", path).json()["roles"] == []
    assert admin.head("identity", one).status_code == 404
    assert admin.put("identity", one).status_code == 204
    assert admin.put("identity", one).status_code == 204
    assert admin.head("identity", one).status_code == 204
    assert [r["name"] for r in admin.get("identity", path).json()["roles"]] == ["reader"]
    assert admin.delete("identity", one).status_code == 204
    assert admin.delete("identity", one).status_code == 404


@pytest.mark.parametrize("missing", ["project", "user", "role"])
def test_grants_name_what_is_missing(admin: Client, missing: str) -> None:
    ids = {
        "project": make_project(admin, "p")["id"],
        "user": make_user(admin, "u")["id"],
        "role": role_id(admin, "reader"),
    }
    ids[missing] = "0" * 32
    path = f"/projects/{ids['project']}/users/{ids['user']}/roles/{ids['role']}"
    answer = admin.put("identity", path)
    assert answer.status_code == 404
    assert f"Could not find {missing}" in answer.json()["error"]["message"]


def test_an_inherited_role_works_below_and_not_at_the_place_itself(
    cloud: TestCloud, admin: Client
) -> None:
    user = make_user(admin, "u")
    top = make_project(admin, "top")
    make_project(admin, "below", parent_id=top["id"])
    role = role_id(admin, "member")
    path = f"/OS-INHERIT/projects/{top['id']}/users/{user['id']}/roles/{role}/inherited_to_projects"
    assert admin.put("identity", path).status_code == 204
    assert admin.head("identity", path).status_code == 204
    assert cloud.client("u", "below", password=PASSWORD).token
    direct = f"/projects/{top['id']}/users/{user['id']}/roles/{role}"
    assert admin.head("identity", direct).status_code == 404
    assert effective(admin, f"user.id={user['id']}") == {
        ("u", "below", "member"),
        ("u", "below", "reader"),
    }
    listed = admin.get("identity", f"/role_assignments?user.id={user['id']}").json()
    [one] = listed["role_assignments"]
    assert one["scope"]["OS-INHERIT:inherited_to"] == "projects"
    assert one["links"]["assignment"].endswith(path)
    projects = admin.get("identity", f"/users/{user['id']}/projects").json()["projects"]
    assert [p["name"] for p in projects] == ["below"]


def test_a_domains_inherited_role_reaches_all_its_projects(admin: Client) -> None:
    domain, user = make_domain(admin, "d"), make_user(admin, "u")
    make_project(admin, "one", domain_id=domain["id"])
    role = role_id(admin, "reader")
    path = f"/OS-INHERIT/domains/{domain['id']}/users/{user['id']}/roles/{role}"
    assert admin.put("identity", path + "/inherited_to_projects").status_code == 204
    assert effective(admin, f"user.id={user['id']}") == {("u", "one", "reader")}


def test_effective_assignments_explain_themselves(admin: Client) -> None:
    user, group, project = make_user(admin, "u"), make_group(admin, "g"), make_project(admin, "p")
    admin.put("identity", f"/groups/{group['id']}/users/{user['id']}")
    grant(admin, f"projects/{project['id']}", f"groups/{group['id']}", "member")
    query = f"/role_assignments?effective&scope.project.id={project['id']}"
    found = admin.get("identity", query).json()["role_assignments"]
    assert {one["user"]["id"] for one in found} == {user["id"]}
    assert all(one["links"]["membership"].endswith(user["id"]) for one in found)
    implied = [one for one in found if "prior_role" in one["links"]]
    assert [one["role"]["id"] for one in implied] == [role_id(admin, "reader")]
    plain = admin.get("identity", f"/role_assignments?scope.project.id={project['id']}").json()
    assert [one["group"]["id"] for one in plain["role_assignments"]] == [group["id"]]


def test_the_subtree_of_a_project(admin: Client) -> None:
    user, top = make_user(admin, "u"), make_project(admin, "top")
    below = make_project(admin, "below", parent_id=top["id"])
    grant(admin, f"projects/{below['id']}", f"users/{user['id']}", "reader")
    query = f"/role_assignments?scope.project.id={top['id']}"
    assert admin.get("identity", query).json()["role_assignments"] == []
    found = admin.get("identity", query + "&include_subtree").json()["role_assignments"]
    assert [one["scope"]["project"]["id"] for one in found] == [below["id"]]
    assert admin.get("identity", "/role_assignments?include_subtree").status_code == 400


@pytest.mark.parametrize(
    "query",
    [
        "user.id=a&group.id=b",
        "scope.project.id=a&scope.domain.id=b",
        "scope.system=all&scope.domain.id=b",
        "effective&group.id=a",
        "effective&scope.domain.id=a&scope.OS-INHERIT:inherited_to=projects",
    ],
)
def test_filters_that_exclude_one_another_are_refused(admin: Client, query: str) -> None:
    assert admin.get("identity", f"/role_assignments?{query}").status_code == 400
