"""New users with one role on one project, for tests of who may do what."""

from __future__ import annotations

from typing import Any

from tests.testcloud import Client, TestCloud

PASSWORD = "a-password-of-somebody"


def made(admin: Client, collection: str, name: str, **values: Any) -> str:
    """The id of a thing of the identity service with this name, made if need be."""
    found = admin.get("identity", f"/{collection}?name={name}").json()[collection]
    if found:
        return str(found[0]["id"])
    key = collection.removesuffix("s")
    answer = admin.post("identity", f"/{collection}", json={key: {"name": name, **values}})
    assert answer.status_code == 201, answer.text
    return str(answer.json()[key]["id"])


def person(cloud: TestCloud, name: str, role: str, project: str) -> Client:
    """A user with one role on a project; user, role and project are made if need be."""
    admin = cloud.client("admin")
    user = made(admin, "users", name, password=PASSWORD)
    place = f"/projects/{made(admin, 'projects', project)}/users/{user}"
    answer = admin.put("identity", f"{place}/roles/{made(admin, 'roles', role)}")
    assert answer.status_code == 204, answer.text
    return cloud.client(name, project, password=PASSWORD)


def nobody(cloud: TestCloud, name: str = "nobody") -> Client:
    """A user without any role, with a token without any scope."""
    made(cloud.client("admin"), "users", name, password=PASSWORD)
    return cloud.client(name, None, password=PASSWORD)
