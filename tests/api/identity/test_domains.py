"""Domains: creation, disabling, and deletion with everything in them."""

from __future__ import annotations

import pytest

from tests.api.identity.people import (
    grant,
    make_domain,
    make_group,
    make_project,
    make_user,
)
from tests.testcloud import Client, TestCloud


def test_a_domain_is_a_project_too(admin: Client) -> None:
    domain = make_domain(admin, "d")
    assert set(domain) == {"id", "name", "description", "enabled", "tags", "options", "links"}
    project = admin.get("identity", f"/projects/{domain['id']}").json()["project"]
    assert project["is_domain"] is True
    assert project["domain_id"] is None
    assert project["parent_id"] is None
    answer = admin.post("identity", "/domains", json={"domain": {"name": "d"}})
    assert answer.status_code == 409


def test_a_project_made_as_a_domain_is_one(admin: Client) -> None:
    project = make_project(admin, "p", is_domain=True)
    assert admin.get("identity", f"/domains/{project['id']}").status_code == 200
    path = f"/projects/{project['id']}"
    assert admin.delete("identity", path).status_code == 403
    assert admin.patch("identity", path, json={"project": {"enabled": False}}).status_code == 200
    assert admin.delete("identity", path).status_code == 204
    assert admin.get("identity", f"/domains/{project['id']}").status_code == 404


def test_an_ordinary_project_is_no_domain(admin: Client) -> None:
    project = make_project(admin, "p")
    assert admin.get("identity", f"/domains/{project['id']}").status_code == 404


def test_an_id_may_be_chosen_once(admin: Client) -> None:
    body = {"domain": {"name": "d", "explicit_domain_id": "a" * 32}}
    assert admin.post("identity", "/domains", json=body).json()["domain"]["id"] == "a" * 32
    body["domain"]["name"] = "e"
    assert admin.post("identity", "/domains", json=body).status_code == 409
    body["domain"]["explicit_domain_id"] = "no id"
    assert admin.post("identity", "/domains", json=body).status_code == 400


def test_only_a_disabled_domain_is_deleted_and_everything_goes_with_it(admin: Client) -> None:
    domain = make_domain(admin, "d")
    here = {"domain_id": domain["id"]}
    user, group = make_user(admin, "u", **here), make_group(admin, "g", **here)
    top = make_project(admin, "top", **here)
    below = make_project(admin, "below", parent_id=top["id"], **here)
    role = admin.post("identity", "/roles", json={"role": {"name": "r", **here}}).json()["role"]
    guest = make_user(admin, "guest")
    grant(admin, f"projects/{below['id']}", f"users/{guest['id']}", "reader")
    home = make_project(admin, "home")
    grant(admin, f"projects/{home['id']}", f"users/{user['id']}", "reader")
    path = f"/domains/{domain['id']}"
    assert admin.delete("identity", path).status_code == 403
    admin.patch("identity", path, json={"domain": {"enabled": False}})
    assert admin.delete("identity", path).status_code == 204
    for gone in (
        path,
        f"/users/{user['id']}",
        f"/groups/{group['id']}",
        f"/projects/{top['id']}",
        f"/projects/{below['id']}",
        f"/roles/{role['id']}",
    ):
        assert admin.get("identity", gone).status_code == 404, gone
    left = admin.get("identity", "/role_assignments").json()["role_assignments"]
    actors = {one.get("user", {}).get("id") for one in left}
    assert not {user["id"], guest["id"]} & actors


def test_filters(admin: Client) -> None:
    make_domain(admin, "other")
    listed = admin.get("identity", "/domains?name=other").json()["domains"]
    assert [one["name"] for one in listed] == ["other"]
    assert admin.get("identity", "/domains?enabled=0").json()["domains"] == []


@pytest.mark.parametrize("name", ["default", "Default", "DEFAULT"])
def test_a_domain_is_found_by_its_name_in_any_case(
    cloud: TestCloud, admin: Client, name: str
) -> None:
    user = {"name": "admin", "domain": {"name": name}, "password": "secret-of-the-tests"}
    auth = {
        "identity": {"methods": ["password"], "password": {"user": user}},
        "scope": {"project": {"name": "admin", "domain": {"name": name}}},
    }
    answer = cloud.http.post("/identity/v3/auth/tokens", json={"auth": auth})
    assert answer.status_code == 201, answer.text
    found = admin.get("identity", f"/domains?name={name}").json()["domains"]
    assert [one["name"] for one in found] == ["Default"]
    # so there is no second one that differs in the case alone
    body = {"domain": {"name": name}}
    assert admin.post("identity", "/domains", json=body).status_code == 409
    other = make_domain(admin, "acme")["id"]
    assert admin.patch("identity", f"/domains/{other}", json=body).status_code == 409
    upper = {"domain": {"name": "ACME"}}
    assert admin.patch("identity", f"/domains/{other}", json=upper).status_code == 200
    # an id is an id
    assert admin.get("identity", "/domains/DEFAULT").status_code == 404
