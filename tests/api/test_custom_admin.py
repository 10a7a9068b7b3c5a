"""policy.yaml gives a role of one's own the rights of administrators: it has them everywhere."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.identity.people import PASSWORD, grant, make_project, make_user
from tests.testcloud import Client, TestCloud

RULES = {
    "context_is_admin": "role:admin or role:boss",
    "admin_required": "role:admin or role:boss",
    "admin_api": "role:admin or role:boss",
    "admin_or_service_api": "rule:admin_api or role:service",
}


SEEN = [
    ("compute", "/servers?all_tenants=1"),
    ("compute", "/os-hypervisors"),
    ("compute", "/flavors?is_public=None"),
    ("compute", "/os-server-groups?all_projects=1"),
    ("network", "/networks"),
    ("network", "/ports"),
    ("network", "/routers"),
    ("network", "/security-groups"),
    ("network", "/subnetpools"),
    ("image", "/images?visibility=all"),
    ("placement", "/resource_providers"),
    ("identity", "/users"),
    ("identity", "/projects"),
    ("identity", "/limits"),
    ("identity", "/credentials"),
    ("identity", "/OS-TRUST/trusts"),
]


@pytest.fixture
def boss(cloud: TestCloud) -> Client:
    admin, demo = cloud.client("admin"), cloud.client("demo")
    assert admin.post("identity", "/roles", json={"role": {"name": "boss"}}).status_code == 201
    user, project = make_user(admin, "boss"), make_project(admin, "office")
    grant(admin, f"projects/{project['id']}", f"users/{user['id']}", "boss")
    flavor = {
        "name": "hidden",
        "vcpus": 1,
        "ram": 64,
        "disk": 1,
        "os-flavor-access:is_public": False,
    }
    assert admin.post("compute", "/flavors", json={"flavor": flavor}).status_code == 200
    image = {"name": "mine", "disk_format": "raw", "container_format": "bare"}
    assert demo.post("image", "/images", json=image).status_code == 201
    pool = {"subnetpool": {"name": "mine", "prefixes": ["10.9.0.0/16"]}}
    assert demo.post("network", "/subnetpools", json=pool).status_code == 201
    group = {"server_group": {"name": "mine", "policies": ["affinity"]}}
    assert demo.post("compute", "/os-server-groups", json=group).status_code == 200
    return cloud.client("boss", "office", password=PASSWORD)


def names(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    rows = next(rows for rows in answer.json().values() if isinstance(rows, list))
    return sorted(str(row.get("id") or row.get("uuid")) for row in rows)


@pytest.mark.parametrize(("service", "path"), SEEN)
def test_a_role_of_ones_own_sees_what_the_admin_sees(
    cloud: TestCloud, boss: Client, service: str, path: str
) -> None:
    before = boss.get(service, path)  # which makes security groups
    wanted = names(cloud.client("admin").get(service, path))
    assert before.status_code == 403 or names(before) != wanted or not wanted
    cloud.env.policies.override(RULES)
    assert names(boss.get(service, path)) == wanted


def test_it_may_what_only_administrators_may(cloud: TestCloud, boss: Client) -> None:
    project = cloud.client("demo").get("network", "/networks?name=private").json()["networks"][0]
    body = {"network": {"name": "theirs", "project_id": project["project_id"], "shared": True}}
    assert boss.post("network", "/networks", json=body).status_code == 400
    cloud.env.policies.override(RULES)
    assert boss.post("network", "/networks", json=body).status_code == 201
    flavor = {"name": "big", "vcpus": 1, "ram": 64, "disk": 1}
    assert boss.post("compute", "/flavors", json={"flavor": flavor}).status_code == 200
    image = {"name": "open", "visibility": "public"}
    assert boss.post("image", "/images", json=image).status_code == 201
    user = {"user": {"name": "new"}}
    assert boss.post("identity", "/users", json=user).status_code == 201
    provider = {"name": "rack"}
    assert boss.post("placement", "/resource_providers", json=provider).status_code in (200, 201)
