"""404 or 403: what somebody with a token but without rights is told of things that are not there.

Where the real service loads an object before it asks the policy, a missing one is 404 to
everybody with a token; elsewhere it is 403, as for one that is there.
"""

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
    persona,
    role_id,
)
from tests.api.identity.tokens.test_delegation import make_credential, own_id
from tests.testcloud import Client, TestCloud

NONE = "f" * 32
BODIES: dict[str, Any] = {
    "domains": {"domain": {"description": "x"}},
    "roles": {"role": {"name": "x"}},
    "endpoints": {"endpoint": {"url": "http://x"}},
    "limits": {"limit": {"resource_limit": 1}},
    "groups": {"group": {"description": "x"}},
    "users": {"user": {"description": "x"}},
    "projects": {"project": {"description": "x"}},
    "services": {"service": {"name": "x"}},
    "regions": {"region": {"description": "x"}},
    "policies": {"policy": {"blob": "x"}},
    "registered_limits": {"registered_limit": {"default_limit": 1}},
}
MEMBERS = [
    # collection, verb, status
    ("domains", "GET", 403),
    ("domains", "PATCH", 404),
    ("domains", "DELETE", 404),
    ("roles", "GET", 404),
    ("roles", "PATCH", 404),
    ("roles", "DELETE", 404),
    ("endpoints", "GET", 403),
    ("endpoints", "PATCH", 403),
    ("endpoints", "DELETE", 403),
    ("limits", "GET", 403),
    ("limits", "PATCH", 404),
    ("limits", "DELETE", 404),
    ("groups", "GET", 403),
    ("groups", "PATCH", 403),
    ("groups", "DELETE", 404),
    ("users", "GET", 403),
    ("users", "PATCH", 403),
    ("users", "DELETE", 403),
    ("projects", "GET", 403),
    ("projects", "PATCH", 403),
    ("projects", "DELETE", 403),
    ("services", "GET", 403),
    ("services", "PATCH", 403),
    ("services", "DELETE", 403),
    ("policies", "GET", 403),
    ("registered_limits", "PATCH", 403),
    ("registered_limits", "DELETE", 403),
    ("roles/{reader}/implies", "GET", 404),
    ("roles/{reader}/implies", "HEAD", 404),
    ("roles/{reader}/implies", "PUT", 404),
    ("roles/{reader}/implies", "DELETE", 404),
    ("OS-TRUST/trusts", "GET", 404),
    ("OS-TRUST/trusts", "DELETE", 404),
]


@pytest.mark.parametrize(("name", "verb", "status"), MEMBERS)
def test_a_member_that_is_missing(
    admin: Client, demo: Client, name: str, verb: str, status: int
) -> None:
    name = name.format(reader=role_id(admin, "reader"))
    body = BODIES[name] if verb == "PATCH" else None
    answer = demo.request(verb, "identity", f"/{name}/{NONE}", json=body)
    assert answer.status_code == status, answer.text


@pytest.mark.parametrize(("verb", "status"), [("PATCH", 403), ("DELETE", 403), ("GET", 403)])
def test_a_member_that_is_there_is_forbidden(
    admin: Client, demo: Client, verb: str, status: int
) -> None:
    ids = {
        "domains": make_domain(admin, "d")["id"],
        "groups": make_group(admin, "g")["id"],
        "endpoints": admin.get("identity", "/endpoints").json()["endpoints"][0]["id"],
        "roles": role_id(admin, "reader"),
    }
    for name, one in ids.items():
        body = BODIES[name] if verb == "PATCH" else None
        answer = demo.request(verb, "identity", f"/{name}/{one}", json=body)
        assert answer.status_code == status, (name, answer.text)


# -- grants ----------------------------------------------------------------------------------------

PLACES = ("projects/{project}", "domains/{domain}", "system")
ACTORS = ("users/{user}", "groups/{group}")


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("actor", ACTORS)
@pytest.mark.parametrize("verb", ["HEAD", "PUT", "DELETE"])
def test_grants_name_things_that_are_missing(
    admin: Client, demo: Client, place: str, actor: str, verb: str
) -> None:
    ids = {
        "project": make_project(admin, "p")["id"],
        "domain": make_domain(admin, "d")["id"],
        "user": make_user(admin, "u")["id"],
        "group": make_group(admin, "g")["id"],
        "role": role_id(admin, "reader"),
    }
    path = f"/{place}/{actor}/roles/{{role}}"
    for name in ids:
        if f"{{{name}}}" not in path:
            continue
        wanted = 404
        if verb == "DELETE" and name in ("user", "group"):
            wanted = 403  # a grant may be revoked of an actor that is gone
        answer = demo.request(verb, "identity", path.format(**{**ids, name: NONE}))
        assert answer.status_code == wanted, (name, answer.text)
        answer = admin.request(verb, "identity", path.format(**{**ids, name: NONE}))
        assert answer.status_code == 404, (name, answer.text)
    assert demo.request(verb, "identity", path.format(**ids)).status_code == 403


@pytest.mark.parametrize("actor", ACTORS)
def test_a_role_of_another_domain_is_granted_on_domains_only(admin: Client, actor: str) -> None:
    here, there = make_domain(admin, "here")["id"], make_domain(admin, "there")["id"]
    ids = {"user": make_user(admin, "u")["id"], "group": make_group(admin, "g")["id"]}
    project = make_project(admin, "p", domain_id=here)["id"]
    body = {"role": {"name": "theirs", "domain_id": there}}
    role = admin.post("identity", "/roles", json=body).json()["role"]["id"]
    who = actor.format(**ids)
    on_domain = admin.put("identity", f"/domains/{here}/{who}/roles/{role}")
    assert on_domain.status_code == 204, on_domain.text
    assert admin.put("identity", f"/projects/{project}/{who}/roles/{role}").status_code == 403


# -- whose it is -----------------------------------------------------------------------------------


def test_the_owner_of_an_application_credential_is_the_real_one(
    cloud: TestCloud, admin: Client, demo: Client
) -> None:
    """The user in the path decides nothing."""
    theirs = make_credential(admin, "c")["id"]
    for user in (own_id(demo), own_id(admin)):
        path = f"/users/{user}/application_credentials/{theirs}"
        for verb in ("GET", "DELETE"):
            assert demo.request(verb, "identity", path).status_code == 403, verb
    mine = make_credential(demo, "c")["id"]
    path = f"/users/{own_id(demo)}/application_credentials"
    assert demo.get("identity", f"{path}/{NONE}").status_code == 404
    assert demo.delete("identity", f"{path}/{mine}").status_code == 204


def test_the_owner_of_a_key_is_the_real_one(admin: Client, demo: Client) -> None:
    token = admin.get("identity", "/auth/tokens", headers={"X-Subject-Token": admin.token}).json()
    project = token["token"]["project"]["id"]
    path = f"/users/{own_id(admin)}/credentials/OS-EC2"
    answer = admin.post("identity", path, json={"tenant_id": project})
    theirs = answer.json()["credential"]["access"]
    for user in (own_id(demo), own_id(admin)):
        path = f"/users/{user}/credentials/OS-EC2"
        for verb in ("GET", "DELETE"):
            assert demo.request(verb, "identity", f"{path}/{theirs}").status_code == 403, verb
            # a key that is not there is none of anybody
            assert demo.request(verb, "identity", f"{path}/{NONE}").status_code == 404, verb


# -- domains ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("scope", ["system", "domain", "project of the domain"])
def test_new_things_without_a_domain_go_to_that_of_the_scope_or_the_default_one(
    cloud: TestCloud, admin: Client, scope: str
) -> None:
    acme = make_domain(admin, "acme")["id"]
    project = make_project(admin, "p", domain_id=acme)["id"]
    boss = make_user(admin, "boss")["id"]
    for place in ("system", f"domains/{acme}", f"projects/{project}"):
        grant(admin, place, f"users/{boss}", "admin")
    wanted = acme if scope == "domain" else "default"
    if scope == "system":
        client = cloud.client("boss", None, password=PASSWORD, system=True)
    elif scope == "domain":
        client = cloud.client("boss", None, password=PASSWORD, domain="acme")
    else:
        identity = {"methods": ["password"], "password": {"user": {"id": boss}}}
        identity["password"]["user"]["password"] = PASSWORD  # type: ignore[index, call-overload]
        auth = {"identity": identity, "scope": {"project": {"id": project}}}
        answer = cloud.http.post("/identity/v3/auth/tokens", json={"auth": auth})
        client = Client(cloud, answer.headers["x-subject-token"])
    for kind in ("project", "user", "group"):
        answer = client.post("identity", f"/{kind}s", json={kind: {"name": "new"}})
        assert answer.status_code == 201, answer.text
        assert answer.json()[kind]["domain_id"] == wanted
    # the parent of a project does not say the domain
    below = {"project": {"name": "below", "parent_id": project}}
    status = client.post("identity", "/projects", json=below).status_code
    assert status == (201 if wanted == acme else 400)


def test_a_domain_sees_its_own_groups_of_a_user_and_users_of_a_group(
    cloud: TestCloud, admin: Client
) -> None:
    acme = make_domain(admin, "acme")["id"]
    here, there = make_group(admin, "here", domain_id=acme), make_group(admin, "there")
    ours, theirs = make_user(admin, "ours", domain_id=acme), make_user(admin, "theirs")
    for group in (here, there):
        for user in (ours, theirs):
            admin.put("identity", f"/groups/{group['id']}/users/{user['id']}")
    reader = persona(cloud, "reader", domain="acme")
    groups, users = f"/users/{ours['id']}/groups", f"/groups/{here['id']}/users"
    assert [g["name"] for g in reader.get("identity", groups).json()["groups"]] == ["here"]
    assert [u["name"] for u in reader.get("identity", users).json()["users"]] == ["ours"]
    assert len(admin.get("identity", groups).json()["groups"]) == 2
    assert len(admin.get("identity", users).json()["users"]) == 2
