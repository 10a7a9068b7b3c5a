"""Rights that were passed on count the same whichever way a token of them is had."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from stratolith.kernel.clock import SimulatedClock, zulu
from tests.api.identity.people import PASSWORD, make_user, role_id
from tests.api.identity.tokens.test_delegation import (
    make_credential,
    make_trust,
    parties,
    use,
)
from tests.api.identity.tokens.test_signatures import service, signed, string
from tests.api.identity.tokens.test_tokens import by_token, log_in, works
from tests.testcloud import Client, TestCloud

__all__ = ["parties", "service"]


def make_key(client: Client, user: str, project: str, **stands_for: Any) -> dict[str, Any]:
    """An EC2 key of one's own making, for a delegation."""
    blob = {"access": f"key-{len(stands_for)}-{user}", "secret": "s", **stands_for}
    values = {"type": "ec2", "blob": json.dumps(blob), "user_id": user, "project_id": project}
    answer = client.post("identity", "/credentials", json={"credential": values})
    assert answer.status_code == 201, answer.text
    return blob


def with_key(cloud: TestCloud, service: Client, key: dict[str, Any]) -> Any:
    return service.post("identity", "/ec2tokens", json={"credentials": signed(cloud, key)})


@pytest.fixture
def trustee(cloud: TestCloud, parties: Any) -> Client:
    return cloud.client("trustee", None, password=PASSWORD)


def key_of_trust(trustee: Client, parties: Any, trust: dict[str, Any]) -> dict[str, Any]:
    user, project = parties["trustee"]["id"], parties["project"]["id"]
    return make_key(trustee, user, project, trust_id=trust["id"])


def test_a_key_uses_up_the_trust(
    cloud: TestCloud, service: Client, trustee: Client, parties: Any
) -> None:
    trust = make_trust(parties, remaining_uses=3).json()["trust"]
    key = key_of_trust(trustee, parties, trust)
    first = with_key(cloud, service, key)
    assert first.status_code == 200
    token = first.json()["token"]
    assert token["user"]["name"] == "trustor"
    assert [role["name"] for role in token["roles"]] == ["member", "reader"]
    assert use(cloud, trust["id"]).status_code == 201
    assert service.post("identity", "/s3tokens", json={"credentials": string(key)}).status_code == (
        200
    )
    # three were allowed, whichever way
    assert with_key(cloud, service, key).status_code == 401
    assert service.post("identity", "/s3tokens", json={"credentials": string(key)}).status_code == (
        401
    )
    assert use(cloud, trust["id"]).status_code == 401


def test_a_token_of_a_key_ends_with_the_trust(
    cloud: TestCloud, service: Client, trustee: Client, parties: Any
) -> None:
    clock = SimulatedClock(cloud.env.clock.now())
    cloud.env.clock = clock
    end = zulu(clock.now() + timedelta(seconds=600))
    trust = make_trust(parties, expires_at=end).json()["trust"]
    key = key_of_trust(trustee, parties, trust)
    answer = with_key(cloud, service, key)
    assert answer.json()["token"]["expires_at"][:19] == str(end)[:19]
    mine = Client(cloud, answer.headers["x-subject-token"])
    assert works(mine)
    clock.advance(601)
    assert not works(mine)
    assert with_key(cloud, service, key).status_code == 401


def test_a_key_is_of_the_project_of_the_trust_and_of_the_trustee(
    cloud: TestCloud, admin: Client, service: Client, trustee: Client, parties: Any
) -> None:
    trust = make_trust(parties, remaining_uses=1).json()["trust"]
    demo = admin.get("identity", "/projects?name=demo").json()["projects"][0]["id"]
    other = make_key(trustee, parties["trustee"]["id"], demo, trust_id=trust["id"])
    assert with_key(cloud, service, other).status_code == 401
    stranger = make_user(admin, "stranger")["id"]
    client = cloud.client("stranger", None, password=PASSWORD)
    key = make_key(client, stranger, parties["project"]["id"], trust_id=trust["id"])
    assert with_key(cloud, service, key).status_code == 403
    assert use(cloud, trust["id"]).status_code == 201  # no use was lost by that


def test_a_key_of_a_trust_ends_with_the_role(
    cloud: TestCloud, admin: Client, service: Client, trustee: Client, parties: Any
) -> None:
    trust = make_trust(parties).json()["trust"]
    key = key_of_trust(trustee, parties, trust)
    path = f"/projects/{parties['project']['id']}/users/{parties['trustor']['id']}/roles/"
    assert admin.delete("identity", path + role_id(admin, "member")).status_code == 204
    assert with_key(cloud, service, key).status_code in (401, 403)


def test_a_key_of_an_application_credential_has_its_confines(
    cloud: TestCloud, service: Client, parties: Any
) -> None:
    clock = SimulatedClock(cloud.env.clock.now())
    cloud.env.clock = clock
    end = zulu(clock.now() + timedelta(seconds=600))
    rules = [{"service": "compute", "method": "GET", "path": "/v2.1/servers"}]
    by, user, project = parties["client"], parties["trustor"]["id"], parties["project"]["id"]
    credential = make_credential(
        by, "c", roles=[{"name": "reader"}], access_rules=rules, expires_at=end
    )
    key = make_key(by, user, project, app_cred_id=credential["id"])
    answer = with_key(cloud, service, key)
    assert answer.status_code == 200, answer.text
    token = answer.json()["token"]
    assert [role["name"] for role in token["roles"]] == ["reader"]
    assert token["expires_at"][:19] == str(end)[:19]
    mine = Client(cloud, answer.headers["x-subject-token"])
    assert mine.get("identity", "/auth/catalog").status_code == 401
    assert mine.get("compute", "/servers").status_code == 200
    assert log_in(cloud, by_token(mine.token)).status_code == 403
    clock.advance(601)
    assert with_key(cloud, service, key).status_code == 401


# -- trusts that were passed on --------------------------------------------------------------------


def chain(cloud: TestCloud, admin: Client, parties: Any) -> dict[str, Any]:
    """A trust that the trustee passed on to a third user."""
    third = make_user(admin, "third")["id"]
    first = make_trust(parties, allow_redelegation=True).json()["trust"]
    by = Client(cloud, use(cloud, first["id"]).headers["x-subject-token"])
    second = make_trust(parties, by, trustee_user_id=third).json()["trust"]
    return {"first": first, "second": second, "third": third}


def use_by_third(cloud: TestCloud, trust: dict[str, Any]) -> Any:
    identity = {
        "methods": ["password"],
        "password": {"user": {"name": "third", "domain": {"id": "default"}, "password": PASSWORD}},
    }
    return log_in(cloud, identity, {"OS-TRUST:trust": {"id": trust["id"]}})


@pytest.mark.parametrize("who", ["trustor", "trustee"])
def test_a_trust_passed_on_is_worth_what_the_first_is(
    cloud: TestCloud, admin: Client, parties: Any, who: str
) -> None:
    made = chain(cloud, admin, parties)
    answer = use_by_third(cloud, made["second"])
    assert answer.status_code == 201, answer.text
    mine = Client(cloud, answer.headers["x-subject-token"])
    path = f"/users/{parties[who]['id']}"
    admin.patch("identity", path, json={"user": {"enabled": False}})
    assert not works(mine)
    assert use_by_third(cloud, made["second"]).status_code in (401, 403)


def test_a_token_with_system_scope_becomes_none_of_a_project_or_domain(
    cloud: TestCloud, admin: Client
) -> None:
    system = cloud.client("admin", None, system=True)
    for scope in (
        {"project": {"name": "admin", "domain": {"id": "default"}}},
        {"domain": {"id": "default"}},
    ):
        assert log_in(cloud, by_token(system.token), scope).status_code == 403
    assert log_in(cloud, by_token(system.token), {"system": {"all": True}}).status_code == 201
