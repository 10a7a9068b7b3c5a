"""Who may what: admin, manager, member and reader on project, domain and system."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.identity.people import (
    grant,
    make_domain,
    make_group,
    make_project,
    make_user,
    persona,
    role_id,
)
from tests.testcloud import Client, TestCloud

READS = [
    "/users",
    "/groups",
    "/projects",
    "/domains",
    "/roles",
    "/services",
    "/endpoints",
    "/role_assignments",
    "/role_inferences",
    "/credentials",
]


@pytest.fixture
def acme(admin: Client) -> dict[str, Any]:
    """A domain with a user, a group and a project in it."""
    domain = make_domain(admin, "acme")
    return {
        "domain": domain,
        "user": make_user(admin, "in-acme", domain_id=domain["id"]),
        "group": make_group(admin, "in-acme", domain_id=domain["id"]),
        "project": make_project(admin, "in-acme", domain_id=domain["id"]),
    }


def test_a_system_reader_reads_everything_and_writes_nothing(cloud: TestCloud) -> None:
    reader = persona(cloud, "reader", system=True)
    for path in READS:
        assert reader.get("identity", path).status_code == 200, path
    for path, body in [
        ("/users", {"user": {"name": "x", "domain_id": "default"}}),
        ("/projects", {"project": {"name": "x", "domain_id": "default"}}),
        ("/domains", {"domain": {"name": "x"}}),
        ("/roles", {"role": {"name": "x"}}),
    ]:
        assert reader.post("identity", path, json=body).status_code == 403, path


@pytest.mark.parametrize("role", ["member", "reader", "manager"])
def test_project_roles_below_admin_list_nothing(cloud: TestCloud, role: str) -> None:
    client = persona(cloud, role)
    allowed = {"/credentials"}  # its own
    for path in READS:
        wanted = 200 if path in allowed else 403
        assert client.get("identity", path).status_code == wanted, path


def test_a_domain_manager_manages_its_domain_only(cloud: TestCloud, acme: Any) -> None:
    manager = persona(cloud, "manager", domain="acme")
    here = acme["domain"]["id"]
    for domain_id, wanted in ((here, 201), ("default", 403)):
        for path, kind in (("/users", "user"), ("/groups", "group"), ("/projects", "project")):
            body = {kind: {"name": "made", "domain_id": domain_id}}
            assert manager.post("identity", path, json=body).status_code == wanted, path
    names = {u["name"] for u in manager.get("identity", "/users").json()["users"]}
    assert names == {"in-acme", "made"}
    projects = manager.get("identity", "/projects").json()["projects"]
    assert {p["domain_id"] for p in projects} == {here}


def test_a_domain_manager_grants_ordinary_roles_in_its_domain_only(
    cloud: TestCloud, admin: Client, acme: Any, demo: Client
) -> None:
    manager = persona(cloud, "manager", domain="acme")
    user, project = acme["user"]["id"], acme["project"]["id"]
    foreign = admin.get("identity", "/projects?name=demo").json()["projects"][0]["id"]
    ordinary, mighty = role_id(admin, "member"), role_id(admin, "admin")
    for path, wanted in [
        (f"/projects/{project}/users/{user}/roles/{ordinary}", 204),
        (f"/projects/{project}/users/{user}/roles/{mighty}", 403),
        (f"/projects/{foreign}/users/{user}/roles/{ordinary}", 403),
        (f"/system/users/{user}/roles/{mighty}", 403),
        (f"/domains/default/users/{user}/roles/{ordinary}", 403),
    ]:
        assert manager.put("identity", path).status_code == wanted, path


def test_a_domain_reader_reads_its_domain_only(cloud: TestCloud, acme: Any) -> None:
    reader = persona(cloud, "reader", domain="acme")
    assert reader.get("identity", f"/users/{acme['user']['id']}").status_code == 200
    assert reader.get("identity", "/domains/default").status_code == 403
    domains = reader.get("identity", "/domains").json()["domains"]
    assert [d["id"] for d in domains] == [acme["domain"]["id"]]
    body = {"user": {"name": "x", "domain_id": acme["domain"]["id"]}}
    assert reader.post("identity", "/users", json=body).status_code == 403


def test_everybody_sees_himself_and_nobody_else(admin: Client, demo: Client) -> None:
    answer = demo.get("identity", "/auth/tokens", headers={"X-Subject-Token": demo.token})
    me = answer.json()["token"]["user"]["id"]
    other = admin.get("identity", "/users?name=admin").json()["users"][0]["id"]
    assert demo.get("identity", f"/users/{me}").status_code == 200
    assert demo.get("identity", f"/users/{me}/projects").status_code == 200
    assert demo.get("identity", f"/users/{me}/groups").status_code == 200
    assert demo.get("identity", f"/users/{other}").status_code == 403
    assert demo.get("identity", f"/users/{other}/projects").status_code == 403
    assert (
        demo.patch("identity", f"/users/{me}", json={"user": {"enabled": True}}).status_code == 403
    )


def test_who_may_not_look_learns_nothing_about_what_exists(admin: Client, demo: Client) -> None:
    real = admin.get("identity", "/users?name=admin").json()["users"][0]["id"]
    for kind in ("users", "projects", "groups"):
        there = demo.get("identity", f"/{kind}/{real}")
        missing = demo.get("identity", f"/{kind}/{'0' * 32}")
        assert (there.status_code, missing.status_code) == (403, 403)
    assert admin.get("identity", f"/users/{'0' * 32}").status_code == 404


def test_the_403_names_the_action(demo: Client) -> None:
    answer = demo.get("identity", "/users")
    assert answer.json()["error"] == {
        "code": 403,
        "title": "Forbidden",
        "message": "You are not authorized to perform the requested action: identity:list_users.",
    }


def test_an_admin_of_one_domain_cannot_reach_the_system_without_its_role(
    cloud: TestCloud, admin: Client, acme: Any
) -> None:
    grant(admin, f"domains/{acme['domain']['id']}", f"users/{acme['user']['id']}", "manager")
    manager = persona(cloud, "manager", domain="acme")
    mighty = role_id(admin, "admin")
    path = f"/system/users/{acme['user']['id']}/roles/{mighty}"
    assert manager.put("identity", path).status_code == 403
    assert manager.get("identity", f"/system/users/{acme['user']['id']}/roles").status_code == 403


def test_validating_services_need_the_service_role(cloud: TestCloud, demo: Client) -> None:
    service = persona(cloud, "service")
    answer = service.get("identity", "/auth/tokens", headers={"X-Subject-Token": demo.token})
    assert answer.status_code == 200
