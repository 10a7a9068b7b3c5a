"""Projects: creation, the tree, tags, filters, pages, what forbids deletion."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.identity.people import grant, make_domain, make_project, make_user
from tests.testcloud import Client


def names(admin: Client, query: str) -> set[str]:
    answer = admin.get("identity", f"/projects?{query}")
    assert answer.status_code == 200, answer.text
    return {project["name"] for project in answer.json()["projects"]}


@pytest.fixture
def tree(admin: Client) -> dict[str, dict[str, Any]]:
    """top > middle > leaf, with the caller as a member of all of them."""
    me = admin.get("identity", "/users?name=admin").json()["users"][0]["id"]
    found: dict[str, dict[str, Any]] = {}
    parent = None
    for name in ("top", "middle", "leaf"):
        place: dict[str, str] = {"parent_id": parent} if parent else {}
        found[name] = make_project(admin, name, **place)
        grant(admin, f"projects/{found[name]['id']}", f"users/{me}", "reader")
        parent = found[name]["id"]
    return found


def test_a_project_has_all_its_attributes(admin: Client) -> None:
    project = make_project(admin, "p", description="about", tags=["b", "a"], colour="blue")
    assert project["domain_id"] == project["parent_id"] == "default"
    assert project["is_domain"] is False
    assert project["enabled"] is True
    assert project["colour"] == "blue"
    shown = admin.get("identity", f"/projects/{project['id']}").json()["project"]
    assert shown == {**project, "tags": ["a", "b"]}
    assert shown["links"]["self"].endswith(f"/v3/projects/{project['id']}")


def test_names_are_unique_within_a_domain(admin: Client) -> None:
    make_project(admin, "same")
    body = {"project": {"name": "same"}}
    answer = admin.post("identity", "/projects", json=body)
    assert answer.status_code == 409
    assert "same" in answer.json()["error"]["message"]
    domain = make_domain(admin, "elsewhere")
    assert make_project(admin, "same", domain_id=domain["id"])["domain_id"] == domain["id"]


@pytest.mark.parametrize(
    ("attributes", "status"),
    [
        ({"name": ""}, 400),
        ({"name": "x" * 65}, 400),
        ({"name": "  "}, 400),
        ({}, 400),
        ({"name": "x", "enabled": "perhaps"}, 400),
        ({"name": "x", "domain_id": "nowhere"}, 400),
        ({"name": "x", "parent_id": "nowhere"}, 400),
        ({"name": "x", "tags": ["a,b"]}, 400),
        ({"name": "x", "tags": ["a", "a"]}, 400),
        ({"name": "x", "options": {"unknown": True}}, 400),
    ],
)
def test_bad_projects_are_refused(admin: Client, attributes: Any, status: int) -> None:
    answer = admin.post("identity", "/projects", json={"project": attributes})
    assert answer.status_code == status
    assert answer.json()["error"]["message"]


def test_update_keeps_what_is_not_said(admin: Client) -> None:
    project = make_project(admin, "p", description="about", colour="blue")
    path = f"/projects/{project['id']}"
    answer = admin.patch("identity", path, json={"project": {"name": "q", "shape": "round"}})
    extra = {"colour": "blue", "shape": "round"}  # once more below "extra", as upstream
    assert answer.json()["project"] == {**project, **extra, "name": "q", "extra": extra}
    for place in ({"domain_id": "other"}, {"is_domain": True}):
        assert admin.patch("identity", path, json={"project": place}).status_code == 400
    answer = admin.patch("identity", path, json={"project": {"parent_id": "0" * 32}})
    assert answer.status_code == 403


def test_the_tree_upwards_and_downwards(admin: Client, tree: Any) -> None:
    top, middle, leaf = (tree[name]["id"] for name in ("top", "middle", "leaf"))

    def shown(id_: str, query: str) -> Any:
        return admin.get("identity", f"/projects/{id_}?{query}").json()["project"]

    assert shown(leaf, "parents_as_ids")["parents"] == {middle: {top: {"default": None}}}
    parents = [p["project"]["id"] for p in shown(leaf, "parents_as_list")["parents"]]
    assert parents[:2] == [middle, top]
    assert shown(top, "subtree_as_ids")["subtree"] == {middle: {leaf: None}}
    below = [p["project"]["id"] for p in shown(top, "subtree_as_list")["subtree"]]
    assert below == [middle, leaf]
    both = admin.get("identity", f"/projects/{leaf}?parents_as_ids&parents_as_list")
    assert both.status_code == 400
    assert names(admin, f"parent_id={top}") == {"middle"}


def test_the_tree_has_a_greatest_depth(admin: Client) -> None:
    parent = "default"
    for level in range(5):
        parent = make_project(admin, f"level{level}", parent_id=parent)["id"]
    body = {"project": {"name": "too-deep", "parent_id": parent}}
    assert admin.post("identity", "/projects", json=body).status_code == 403


def test_a_branch_is_disabled_from_its_leaves(admin: Client, tree: Any) -> None:
    def enable(name: str, enabled: bool) -> int:
        path = f"/projects/{tree[name]['id']}"
        body = {"project": {"enabled": enabled}}
        return int(admin.patch("identity", path, json=body).status_code)

    assert enable("middle", False) == 403
    assert [enable(name, False) for name in ("leaf", "middle")] == [200, 200]
    assert enable("leaf", True) == 403
    body = {"project": {"name": "new", "parent_id": tree["leaf"]["id"]}}
    assert admin.post("identity", "/projects", json=body).status_code == 400


def test_only_leaves_are_deleted(admin: Client, tree: Any) -> None:
    assert admin.delete("identity", f"/projects/{tree['top']['id']}").status_code == 403
    for name in ("leaf", "middle", "top"):
        assert admin.delete("identity", f"/projects/{tree[name]['id']}").status_code == 204
    assert admin.get("identity", f"/projects/{tree['top']['id']}").status_code == 404


def test_an_immutable_project_stays_until_it_is_unlocked(admin: Client) -> None:
    project = make_project(admin, "p", options={"immutable": True})
    path = f"/projects/{project['id']}"
    assert admin.delete("identity", path).status_code == 403
    assert admin.patch("identity", path, json={"project": {"name": "q"}}).status_code == 403
    unlock = {"project": {"options": {"immutable": False}}}
    assert admin.patch("identity", path, json=unlock).status_code == 200
    assert admin.delete("identity", path).status_code == 204


def test_tags_one_by_one_and_together(admin: Client) -> None:
    project = make_project(admin, "p")
    path = f"/projects/{project['id']}/tags"
    assert admin.put("identity", path + "/red").status_code == 201
    assert admin.put("identity", path + "/red").status_code == 400  # it has that tag already
    assert admin.get("identity", path + "/red").status_code == 204
    assert admin.get("identity", path + "/blue").status_code == 404
    answer = admin.put("identity", path, json={"tags": ["x", "y"]})
    assert answer.json()["tags"] == ["x", "y"]
    assert admin.get("identity", path).json()["tags"] == ["x", "y"]
    assert admin.delete("identity", path + "/x").status_code == 204
    assert admin.delete("identity", path + "/x").status_code == 404
    assert admin.put("identity", path + "/a%2Cb").status_code == 400
    assert admin.delete("identity", path).status_code == 204
    assert admin.get("identity", path).json()["tags"] == []


def test_tag_filters(admin: Client) -> None:
    make_project(admin, "one", tags=["a"])
    make_project(admin, "two", tags=["a", "b"])
    make_project(admin, "none")
    premade = {"admin", "demo", "service"}
    assert names(admin, "tags=a") == {"one", "two"}
    assert names(admin, "tags=a,b") == {"two"}
    assert names(admin, "tags-any=a,b") == {"one", "two"}
    assert names(admin, "not-tags=a,b") == {"one", "none"} | premade
    assert names(admin, "not-tags-any=a,b") == {"none"} | premade


def test_exact_and_inexact_filters(admin: Client) -> None:
    for name in ("Alpha", "alphabet", "beta_x", "betaZx"):
        make_project(admin, name, enabled=name != "beta_x")
    assert names(admin, "name=Alpha") == {"Alpha"}
    assert names(admin, "name=alpha") == {"Alpha"}
    assert names(admin, "name__startswith=alpha") == {"alphabet"}
    assert names(admin, "name__istartswith=ALPHA") == {"Alpha", "alphabet"}
    assert names(admin, "name__contains=lph") == {"Alpha", "alphabet"}
    assert names(admin, "name__contains=LPH") == set()
    assert names(admin, "name__icontains=LPH") == {"Alpha", "alphabet"}
    assert names(admin, "name__endswith=a_x") == {"beta_x"}
    assert names(admin, "name__contains=a_x") == {"beta_x"}
    assert names(admin, "enabled=false") == {"beta_x"}
    assert names(admin, "is_domain=true") == {"Default"}
    assert names(admin, "unknown=whatever") >= {"Alpha", "admin"}


def test_pages_lead_to_every_project_once(admin: Client) -> None:
    for number in range(7):
        make_project(admin, f"p{number}")
    seen: list[str] = []
    path = "/projects?limit=3"
    while path:
        document = admin.get("identity", path).json()
        assert len(document["projects"]) <= 3
        assert document.get("truncated", False) is bool(document["links"]["next"])
        seen += [project["id"] for project in document["projects"]]
        following = document["links"]["next"]
        path = following.split("/identity/v3")[1] if following else ""
    assert len(seen) == len(set(seen)) == 10
    assert admin.get("identity", "/projects?marker=nothing").status_code == 404
    assert admin.get("identity", "/projects?limit=x").status_code == 400


def test_deleting_a_project_takes_its_traces_away(admin: Client) -> None:
    project = make_project(admin, "p")
    user = make_user(admin, "u", default_project_id=project["id"])
    grant(admin, f"projects/{project['id']}", f"users/{user['id']}", "member")
    assert admin.delete("identity", f"/projects/{project['id']}").status_code == 204
    shown = admin.get("identity", f"/users/{user['id']}").json()["user"]
    assert "default_project_id" not in shown
    query = f"/role_assignments?user.id={user['id']}"
    assert admin.get("identity", query).json()["role_assignments"] == []
