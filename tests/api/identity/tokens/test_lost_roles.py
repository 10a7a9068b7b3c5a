"""An application credential ends when its user loses one of its roles, whichever way."""

from __future__ import annotations

from collections.abc import Callable
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
from tests.api.identity.tokens.test_delegation import by_credential, client_of, make_credential
from tests.api.identity.tokens.test_tokens import by_password, log_in, works
from tests.testcloud import Client, TestCloud

Ids = dict[str, str]


def make_role(admin: Client, name: str) -> str:
    answer = admin.post("identity", "/roles", json={"role": {"name": name}})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["role"]["id"])


@pytest.fixture
def ids(admin: Client) -> Ids:
    """alice in a group; her project below another; a role that no way gives her yet."""
    domain = make_domain(admin, "acme")["id"]
    top = make_project(admin, "top", domain_id=domain)["id"]
    project = make_project(admin, "alices", parent_id=top, domain_id=domain)["id"]
    alice, group = make_user(admin, "alice")["id"], make_group(admin, "crew")["id"]
    assert admin.put("identity", f"/groups/{group}/users/{alice}").status_code == 204
    grant(admin, f"projects/{project}", f"users/{alice}", "reader")
    role, prior = make_role(admin, "cook"), make_role(admin, "chef")
    assert admin.put("identity", f"/roles/{prior}/implies/{role}").status_code == 201
    return {
        "domain": domain,
        "top": top,
        "project": project,
        "alice": alice,
        "group": group,
        "role": role,
        "prior": prior,
    }


def log_in_as_alice(cloud: TestCloud, ids: Ids) -> Client:
    return client_of(cloud, by_password("alice", PASSWORD), {"project": {"id": ids["project"]}})


# (what gives alice the role, what takes it away); the giving is repeated afterwards
WAYS: dict[str, tuple[str, str]] = {
    "her own": ("projects/{project}/users/{alice}/roles/{role}",) * 2,
    "of her group": ("projects/{project}/groups/{group}/roles/{role}",) * 2,
    "membership": (
        "projects/{project}/groups/{group}/roles/{role}",
        "groups/{group}/users/{alice}",
    ),
    "from the project above": (
        "OS-INHERIT/projects/{top}/users/{alice}/roles/{role}/inherited_to_projects",
    )
    * 2,
    "from the domain by the group": (
        "OS-INHERIT/domains/{domain}/groups/{group}/roles/{role}/inherited_to_projects",
    )
    * 2,
    "the group": ("projects/{project}/groups/{group}/roles/{role}", "groups/{group}"),
    "the role": ("projects/{project}/users/{alice}/roles/{role}", "roles/{role}"),
    "what implied it": ("projects/{project}/users/{alice}/roles/{prior}", "roles/{prior}"),
    "that it was implied": (
        "projects/{project}/users/{alice}/roles/{prior}",
        "roles/{prior}/implies/{role}",
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_it_ends_for_good(cloud: TestCloud, admin: Client, ids: Ids, way: str) -> None:
    give, take = (f"/{path}".format(**ids) for path in WAYS[way])
    assert admin.put("identity", give).status_code == 204
    alice = log_in_as_alice(cloud, ids)
    credential = make_credential(alice, "c", roles=[{"id": ids["role"]}])
    other = make_credential(alice, "reading", roles=[{"name": "reader"}])
    token = log_in(cloud, by_credential(credential)).headers["x-subject-token"]
    assert admin.delete("identity", take).status_code == 204
    assert log_in(cloud, by_credential(credential)).status_code == 401
    admin.put("identity", take)  # a role, a membership or an implication comes back
    admin.put("identity", give)
    assert log_in(cloud, by_credential(credential)).status_code == 401
    assert not works(Client(cloud, token))
    path = f"/users/{ids['alice']}/application_credentials/{credential['id']}"
    assert admin.get("identity", path).status_code == 404
    # what rests on roles that she kept goes on
    assert log_in(cloud, by_credential(other)).status_code == 201


@pytest.mark.parametrize(
    "harmless",
    [
        lambda admin, ids: admin.delete(
            "identity", "/projects/{project}/users/{alice}/roles/{role}".format(**ids)
        ),
        lambda admin, ids: admin.delete("identity", "/groups/{group}/users/{alice}".format(**ids)),
    ],
)
def test_a_role_held_in_two_ways_is_not_lost_by_one(
    cloud: TestCloud, admin: Client, ids: Ids, harmless: Callable[[Client, Ids], Any]
) -> None:
    for path in (
        "/projects/{project}/users/{alice}/roles/{role}",
        "/projects/{project}/groups/{group}/roles/{role}",
    ):
        assert admin.put("identity", path.format(**ids)).status_code == 204
    alice = log_in_as_alice(cloud, ids)
    credential = make_credential(alice, "c", roles=[{"id": ids["role"]}])
    assert harmless(admin, ids).status_code == 204
    assert log_in(cloud, by_credential(credential)).status_code == 201


def test_a_user_or_project_that_is_disabled_for_a_while_keeps_it(
    cloud: TestCloud, admin: Client, ids: Ids
) -> None:
    alice = log_in_as_alice(cloud, ids)
    credential = make_credential(alice, "c")
    for kind, path in (
        ("user", f"/users/{ids['alice']}"),
        ("project", f"/projects/{ids['project']}"),
    ):
        admin.patch("identity", path, json={kind: {"enabled": False}})
        assert log_in(cloud, by_credential(credential)).status_code == 401
        admin.patch("identity", path, json={kind: {"enabled": True}})
        assert log_in(cloud, by_credential(credential)).status_code == 201


def test_a_domain_that_goes_takes_what_its_groups_gave(
    cloud: TestCloud, admin: Client, ids: Ids
) -> None:
    other = make_domain(admin, "other")["id"]
    group = make_group(admin, "theirs", domain_id=other)["id"]
    assert admin.put("identity", f"/groups/{group}/users/{ids['alice']}").status_code == 204
    grant(admin, f"projects/{ids['project']}", f"groups/{group}", "member")
    alice = log_in_as_alice(cloud, ids)
    credential = make_credential(alice, "c", roles=[{"name": "member"}])
    admin.patch("identity", f"/domains/{other}", json={"domain": {"enabled": False}})
    assert admin.delete("identity", f"/domains/{other}").status_code == 204
    grant(admin, f"projects/{ids['project']}", f"users/{ids['alice']}", "member")
    assert log_in(cloud, by_credential(credential)).status_code == 401
