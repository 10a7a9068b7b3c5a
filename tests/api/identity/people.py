"""Makes users, projects and roles for the stories of identity."""

from __future__ import annotations

from typing import Any

from tests.testcloud import Client, TestCloud

PASSWORD = "a-password-of-somebody"


def make_user(admin: Client, name: str, **attributes: Any) -> dict[str, Any]:
    body = {"user": {"name": name, "password": PASSWORD, **attributes}}
    answer = admin.post("identity", "/users", json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json()["user"])


def make_project(admin: Client, name: str, **attributes: Any) -> dict[str, Any]:
    answer = admin.post("identity", "/projects", json={"project": {"name": name, **attributes}})
    assert answer.status_code == 201, answer.text
    return dict(answer.json()["project"])


def make_domain(admin: Client, name: str) -> dict[str, Any]:
    answer = admin.post("identity", "/domains", json={"domain": {"name": name}})
    assert answer.status_code == 201, answer.text
    return dict(answer.json()["domain"])


def make_group(admin: Client, name: str, **attributes: Any) -> dict[str, Any]:
    answer = admin.post("identity", "/groups", json={"group": {"name": name, **attributes}})
    assert answer.status_code == 201, answer.text
    return dict(answer.json()["group"])


def role_id(admin: Client, name: str) -> str:
    found = admin.get("identity", f"/roles?name={name}").json()["roles"]
    return str(found[0]["id"])


def grant(admin: Client, place: str, actor: str, role: str) -> None:
    """``place`` like projects/ID, ``actor`` like users/ID."""
    path = f"/{place}/{actor}/roles/{role_id(admin, role)}"
    answer = admin.put("identity", path)
    assert answer.status_code == 204, answer.text


def persona(cloud: TestCloud, role: str, *, domain: str = "", system: bool = False) -> Client:
    """A new user with one role on the domain (by name), the system, or else project demo."""
    admin = cloud.client("admin")
    name = f"{role}-{domain or ('system' if system else 'project')}"
    domain_id = "default"
    if domain:
        found = admin.get("identity", f"/domains?name={domain}").json()["domains"]
        domain_id = found[0]["id"]
    user = make_user(admin, name)
    project = admin.get("identity", "/projects?name=demo").json()["projects"][0]["id"]
    place = f"domains/{domain_id}" if domain else "system" if system else f"projects/{project}"
    grant(admin, place, f"users/{user['id']}", role)
    if domain:
        return cloud.client(name, None, password=PASSWORD, domain=domain)
    if system:
        return cloud.client(name, None, password=PASSWORD, system=True)
    return cloud.client(name, "demo", password=PASSWORD)
