"""Small answers in which the real service was once asked and ours differed."""

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
)
from tests.api.identity.tokens.test_delegation import make_credential, make_trust, own_id, parties
from tests.api.identity.tokens.test_tokens import by_password, log_in, works
from tests.testcloud import Client, TestCloud

__all__ = ["parties"]


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ({"roles": [{"id": "f" * 32}]}, 400),
        ({"roles": [{"name": "admin"}]}, 400),
        ({"roles": [{"name": "nothing"}]}, 404),
        ({"roles": [{"name": "reader"}] * 2}, 409),
        ({"roles": [{"name": "member"}, {"name": "reader"}]}, 201),  # one implies the other
        ({"secret": ""}, 201),
        ({"secret": None}, 201),
        ({"colour": "blue"}, 400),
        ({"user_id": "f" * 32}, 400),
        ({"access_rules": [{"service": "a", "method": "GET", "path": "/" + "**a" * 40}]}, 201),
        ({"access_rules": [{"service": "a", "method": "GET", "path": "/" + "a" * 128}]}, 400),
        ({"access_rules": [{"service": "a", "method": "GET", "path": "/"}] * 257}, 400),
        ({"access_rules": [{"service": "a", "method": "GET", "path": "/"}] * 2}, 409),
    ],
)
def test_application_credentials(demo: Client, values: Any, status: int) -> None:
    path = f"/users/{own_id(demo)}/application_credentials"
    body = {"application_credential": {"name": "c", **values}}
    answer = demo.post("identity", path, json=body)
    assert answer.status_code == status, answer.text
    if status == 201:
        assert answer.json()["application_credential"]["secret"]


def test_a_credential_has_what_its_roles_imply(demo: Client) -> None:
    credential = make_credential(demo, "c", roles=[{"name": "member"}])
    assert [role["name"] for role in credential["roles"]] == ["member", "reader"]


def test_no_role_is_given_twice(demo: Client, parties: Any) -> None:
    shown = demo.get("identity", "/auth/tokens", headers={"X-Subject-Token": demo.token})
    reader = next(r["id"] for r in shown.json()["token"]["roles"] if r["name"] == "reader")
    twice = [{"name": "reader"}, {"id": reader}]
    body = {"application_credential": {"name": "c", "roles": twice}}
    path = f"/users/{own_id(demo)}/application_credentials"
    answer = demo.post("identity", path, json=body)
    assert answer.status_code == 409
    assert "roles" in answer.json()["error"]["message"]
    assert make_trust(parties, roles=twice).status_code == 409
    assert make_trust(parties, roles=[{"name": "member"}] * 2).status_code == 409


def test_access_rules_are_listed_by_age(demo: Client) -> None:
    paths = [f"/{letter}" for letter in "zmaqb"]
    rules = [{"service": "compute", "method": "GET", "path": path} for path in paths]
    make_credential(demo, "first", access_rules=rules[:3])
    make_credential(demo, "second", access_rules=rules[3:])
    every = f"/users/{own_id(demo)}/access_rules"
    found = demo.get("identity", every).json()["access_rules"]
    assert [rule["path"] for rule in found] == paths
    page = demo.get("identity", f"{every}?limit=2&marker={found[1]['id']}").json()["access_rules"]
    assert [rule["path"] for rule in page] == paths[2:4]


def test_one_trust_of_the_same_parties_and_end(parties: Any) -> None:
    end = {"expires_at": "2099-01-01T00:00:00.000000Z"}
    assert make_trust(parties, **end).status_code == 201
    assert make_trust(parties, **end).status_code == 409
    assert make_trust(parties, **end, impersonation=False).status_code == 201
    for _ in range(2):
        assert make_trust(parties).status_code == 201  # one that does not end is not compared


def test_nobody_chooses_the_id_of_a_project_or_user(admin: Client) -> None:
    chosen = "f" * 32
    for kind in ("project", "user", "group"):
        body = {kind: {"name": "x", "id": chosen}}
        answer = admin.post("identity", f"/{kind}s", json=body)
        assert answer.status_code == 201, answer.text
        assert answer.json()[kind]["id"] != chosen
    body = {"project": {"name": "y", "id": chosen, "is_domain": True}}
    assert admin.post("identity", "/projects", json=body).json()["project"]["id"] != chosen


def test_the_tags_of_an_immutable_project_stay(admin: Client) -> None:
    project = make_project(admin, "p", tags=["red"])["id"]
    path = f"/projects/{project}"
    admin.patch("identity", path, json={"project": {"options": {"immutable": True}}})
    assert admin.put("identity", f"{path}/tags/blue").status_code == 403
    assert admin.put("identity", f"{path}/tags", json={"tags": []}).status_code == 403
    assert admin.delete("identity", f"{path}/tags/red").status_code == 403
    assert admin.delete("identity", f"{path}/tags").status_code == 403
    assert admin.get("identity", f"{path}/tags").json()["tags"] == ["red"]


def test_filters_for_users_of_other_clouds_exclude_everybody(admin: Client) -> None:
    for name in ("idp_id", "protocol_id", "unique_id"):
        assert admin.get("identity", f"/users?{name}=x").json()["users"] == []


def test_a_user_has_a_domain_and_a_membership_no_end(admin: Client) -> None:
    body = {"user": {"name": "u", "domain_id": None}}
    assert admin.post("identity", "/users", json=body).status_code == 400
    user, group = make_user(admin, "u")["id"], make_group(admin, "g")["id"]
    admin.put("identity", f"/groups/{group}/users/{user}")
    [found] = admin.get("identity", f"/users/{user}/groups").json()["groups"]
    assert found["membership_expires_at"] is None


def test_registered_limits_outlive_their_service_and_region(admin: Client) -> None:
    service = admin.post("identity", "/services", json={"service": {"type": "t", "name": "s"}})
    region = admin.post("identity", "/regions", json={"region": {"id": "r"}})
    ids = {
        "service_id": service.json()["service"]["id"],
        "region_id": region.json()["region"]["id"],
    }
    body = {"registered_limits": [{**ids, "resource_name": "x", "default_limit": 5}]}
    answer = admin.post("identity", "/registered_limits", json=body)
    assert answer.status_code == 201, answer.text
    project = make_project(admin, "p")["id"]
    one = {**ids, "resource_name": "x", "resource_limit": 3, "project_id": project}
    assert admin.post("identity", "/limits", json={"limits": [one]}).status_code == 201
    assert admin.delete("identity", f"/regions/{ids['region_id']}").status_code == 204
    assert admin.delete("identity", f"/services/{ids['service_id']}").status_code == 204
    query = f"?service_id={ids['service_id']}"
    for kind in ("registered_limits", "limits"):
        [found] = admin.get("identity", f"/{kind}{query}").json()[kind]
        assert (found["service_id"], found["region_id"]) == (ids["service_id"], ids["region_id"])


def test_an_endpoint_group_without_filters_can_be_made_of_another(admin: Client) -> None:
    body: Any = {"endpoint_group": {"name": "g", "filters": {"interface": "public"}}}
    made = admin.post("identity", "/OS-EP-FILTER/endpoint_groups", json=body)
    path = f"/OS-EP-FILTER/endpoint_groups/{made.json()['endpoint_group']['id']}"
    body = {"endpoint_group": {"filters": {}}}
    answer = admin.patch("identity", path, json=body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["endpoint_group"]["filters"] == {}
    body = {"endpoint_group": {"name": "h", "filters": {}}}
    assert admin.post("identity", "/OS-EP-FILTER/endpoint_groups", json=body).status_code == 400
    body = {"endpoint_group": {"filters": {"colour": "blue"}}}
    assert admin.patch("identity", path, json=body).status_code == 400


def test_a_catalogue_is_that_of_a_project(cloud: TestCloud, admin: Client) -> None:
    for client in (
        cloud.client("admin", None),
        cloud.client("admin", None, system=True),
        cloud.client("admin", None, domain="Default"),
    ):
        assert client.get("identity", "/auth/catalog").status_code == 403
    assert admin.get("identity", "/auth/catalog").status_code == 200


@pytest.mark.parametrize("kind", ["users", "groups", "projects"])
def test_a_list_without_a_limit_is_whole(tmp_path: Any, kind: str) -> None:
    cloud = TestCloud(tmp_path / "c", api={"page_limit": 3})
    try:
        admin = cloud.client("admin")
        for number in range(5):
            admin.post("identity", f"/{kind}", json={kind[:-1]: {"name": f"n{number}"}})
        found = admin.get("identity", f"/{kind}").json()
        assert len(found[kind]) >= 5
        assert "truncated" not in found and found["links"]["next"] is None
        page = admin.get("identity", f"/{kind}?limit=2").json()
        assert len(page[kind]) == 2 and page["truncated"] is True
    finally:
        cloud.close()


def test_a_list_that_the_settings_cut_says_so(tmp_path: Any) -> None:
    cloud = TestCloud(tmp_path / "c", identity={"list_limit": 2})
    try:
        admin = cloud.client("admin")
        found = admin.get("identity", "/users").json()
        assert len(found["users"]) == 2 and found["truncated"] is True
        assert found["links"]["next"]
        assert len(admin.get("identity", "/users?limit=100").json()["users"]) > 2
    finally:
        cloud.close()


def test_a_project_below_a_disabled_one_is_a_bad_request(admin: Client) -> None:
    top = make_project(admin, "top")["id"]
    admin.patch("identity", f"/projects/{top}", json={"project": {"enabled": False}})
    body = {"project": {"name": "below", "parent_id": top}}
    assert admin.post("identity", "/projects", json=body).status_code == 400
    assert admin.get("identity", "/projects?domain_id=").status_code == 400
    assert make_domain(admin, "d")


def test_a_user_ends_all_tokens_of_the_own_account(
    cloud: TestCloud, admin: Client, demo: Client
) -> None:
    path = f"/users/{own_id(demo)}/tokens"
    other = cloud.client("nova", "service")
    assert other.delete("identity", path).status_code == 403
    assert works(demo)
    assert demo.delete("identity", path).status_code == 204
    assert not works(demo) and works(other)
    assert admin.delete("identity", f"/users/{'f' * 32}/tokens").status_code == 404


def test_spaces_around_a_name_are_the_roles_and_nobody_elses(admin: Client) -> None:
    for kind, kept in (("role", True), ("user", False), ("group", False), ("project", False)):
        body = {kind: {"name": "  spaced  "}}
        found = admin.post("identity", f"/{kind}s", json=body).json()[kind]
        assert found["name"] == ("  spaced  " if kept else "spaced")
    role = {"role": {"name": "spaced"}}
    made = admin.post("identity", "/roles", json=role)
    assert made.status_code == 201  # another name than that with spaces
    path = f"/roles/{made.json()['role']['id']}"
    changed = admin.patch("identity", path, json={"role": {"name": "spaced "}})
    assert changed.json()["role"]["name"] == "spaced "


def test_a_password_of_null_takes_the_password_away(cloud: TestCloud, admin: Client) -> None:
    user = make_user(admin, "u", password="the-old-one")
    path = f"/users/{user['id']}"
    for password, status in (("the-old-one", 201), (None, 401), ("another-one", 201)):
        if password != "the-old-one":
            answer = admin.patch("identity", path, json={"user": {"password": password}})
            assert answer.status_code == 200
        name = password or "the-old-one"
        assert log_in(cloud, by_password("u", name)).status_code == status
    admin.patch("identity", path, json={"user": {"description": "still has one"}})
    assert log_in(cloud, by_password("u", "another-one")).status_code == 201


@pytest.mark.parametrize("place", ["domains", "projects"])
def test_a_domain_is_not_entered_as_a_project(cloud: TestCloud, admin: Client, place: str) -> None:
    """A role on a domain is for its users and projects: it makes no project that nobody sees."""
    domain = make_domain(admin, "resellers")
    user = make_user(admin, "carol")
    grant(admin, f"{place}/{domain['id']}", f"users/{user['id']}", "member")
    who = by_password("carol", PASSWORD)
    for project in (
        {"id": domain["id"]},
        {"name": "resellers", "domain": {"id": domain["id"]}},
        {"name": "resellers", "domain": {"name": "resellers"}},
    ):
        assert log_in(cloud, who, {"project": project}).status_code == 401
    entered = log_in(cloud, who, {"domain": {"id": domain["id"]}})
    assert entered.status_code == (201 if place == "domains" else 401)


def test_a_token_of_old_storage_clients(cloud: TestCloud, demo: Client) -> None:
    for service in ("identity/v3/auth/projects", "compute/v2.1/servers", "image/v2/images"):
        headers = {"X-Storage-Token": demo.token}
        assert cloud.http.get(f"/{service}", headers=headers).status_code == 200
        headers["X-Auth-Token"] = "nonsense"
        assert cloud.http.get(f"/{service}", headers=headers).status_code == 401


@pytest.mark.parametrize("kind", ["user", "group", "project", "domain", "role", "region"])
def test_a_description_of_null_stays_null(admin: Client, kind: str) -> None:
    path = f"/{kind}s"
    name = "id" if kind == "region" else "name"
    kept = "" if kind == "region" else None
    values = {name: "x", "description": None}
    answer = admin.post("identity", path, json={kind: values})
    assert answer.status_code == 201
    assert answer.json()[kind]["description"] == kept
    one = f"{path}/{answer.json()[kind]['id']}"
    assert admin.get("identity", one).json()[kind]["description"] == kept
    for said, stored in (("text", "text"), (None, kept), ("", "")):
        changed = admin.patch("identity", one, json={kind: {"description": said}})
        assert changed.json()[kind]["description"] == stored
        assert admin.get("identity", one).json()[kind]["description"] == stored
