"""OAuth 1.0a: request token, authorisation, access token, and logging in with it."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qs

import httpx2 as httpx
import pytest
from oauthlib import oauth1

from stratolith.kernel.clock import SimulatedClock
from tests.testcloud import Client, TestCloud

URL = "http://cloud.test/identity/v3"


@dataclass(frozen=True)
class Consumer:
    """A program that signs its requests."""

    cloud: TestCloud
    key: str
    secret: str
    token: str | None = None
    token_secret: str | None = None
    verifier: str | None = None

    def post(self, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Any:
        answer: httpx.Response = self.cloud.http.post(
            f"/identity/v3{path}", json=body, headers={**self.signed(path), **(headers or {})}
        )
        return answer

    def signed(self, path: str, **options: Any) -> dict[str, str]:
        signer = oauth1.Client(
            self.key,
            client_secret=self.secret,
            resource_owner_key=self.token,
            callback_uri=None if self.token else "oob",
            resource_owner_secret=self.token_secret,
            verifier=self.verifier,
            **options,
        )
        _, headers, _ = signer.sign(f"{URL}{path}", http_method="POST")
        return dict(headers)

    def having(self, answer: httpx.Response) -> Consumer:
        assert answer.status_code == 201, answer.text
        assert answer.headers["content-type"] == "application/x-www-form-urlencoded"
        found = {name: values[0] for name, values in parse_qs(answer.text).items()}
        assert set(found) == {"oauth_token", "oauth_token_secret", "oauth_expires_at"}
        return replace(self, token=found["oauth_token"], token_secret=found["oauth_token_secret"])


@pytest.fixture
def project(admin: Client) -> str:
    return str(admin.get("identity", "/projects?name=demo").json()["projects"][0]["id"])


@pytest.fixture
def consumer(cloud: TestCloud, admin: Client) -> Consumer:
    body = {"consumer": {"description": "a program"}}
    made = admin.post("identity", "/OS-OAUTH1/consumers", json=body).json()["consumer"]
    return Consumer(cloud, made["id"], made["secret"])


def ask(consumer: Consumer, project: str) -> Consumer:
    return consumer.having(
        consumer.post("/OS-OAUTH1/request_token", headers={"Requested-Project-Id": project})
    )


def allow(admin: Client, asking: Consumer, *roles: str) -> Consumer:
    answer = admin.put(
        "identity",
        f"/OS-OAUTH1/authorize/{asking.token}",
        json={"roles": [{"name": name} for name in roles]},
    )
    assert answer.status_code == 200, answer.text
    return replace(asking, verifier=answer.json()["token"]["oauth_verifier"])


@pytest.fixture
def allowed(admin: Client, consumer: Consumer, project: str) -> Consumer:
    """A consumer with an access token of admin's for the roles member and reader."""
    asking = allow(admin, ask(consumer, project), "member", "reader")
    return replace(asking.having(asking.post("/OS-OAUTH1/access_token")), verifier=None)


LOG_IN = {"auth": {"identity": {"methods": ["oauth1"], "oauth1": {}}}}


def test_a_consumer_acts_with_the_roles_it_was_given(
    cloud: TestCloud, admin: Client, allowed: Consumer, project: str
) -> None:
    answer = allowed.post("/auth/tokens", LOG_IN)
    assert answer.status_code == 201, answer.text
    token = answer.json()["token"]
    assert token["methods"] == ["oauth1"]
    assert token["project"]["id"] == project
    assert {role["name"] for role in token["roles"]} == {"member", "reader"}
    assert token["OS-OAUTH1"] == {"access_token_id": allowed.token, "consumer_id": allowed.key}
    assert token["user"]["name"] == "admin"
    acting = Client(cloud, answer.headers["x-subject-token"])
    assert acting.get("compute", "/servers").status_code == 200
    assert acting.get("identity", "/users").status_code == 403
    shown = admin.get(
        "identity", "/auth/tokens", headers={"X-Subject-Token": answer.headers["x-subject-token"]}
    ).json()["token"]
    assert shown["OS-OAUTH1"] == token["OS-OAUTH1"]


def test_the_access_tokens_of_a_user(admin: Client, allowed: Consumer, project: str) -> None:
    answer = allowed.post("/auth/tokens", LOG_IN)
    user = answer.json()["token"]["user"]["id"]
    path = f"/users/{user}/OS-OAUTH1/access_tokens"
    [listed] = admin.get("identity", path).json()["access_tokens"]
    assert (listed["id"], listed["project_id"]) == (allowed.token, project)
    assert "secret" not in str(listed)
    one = f"{path}/{allowed.token}"
    assert admin.get("identity", one).json()["access_token"] == listed
    roles = admin.get("identity", f"{one}/roles").json()["roles"]
    assert {role["name"] for role in roles} == {"member", "reader"}
    shown = admin.get("identity", f"{one}/roles/{roles[0]['id']}").json()["role"]
    assert shown["name"] == roles[0]["name"]
    assert admin.get("identity", f"{one}/roles/none").status_code == 404
    token = Client(allowed.cloud, answer.headers["x-subject-token"])
    assert token.get("compute", "/servers").status_code == 200
    assert admin.delete("identity", one).status_code == 204
    assert token.get("compute", "/servers").status_code == 401, "void at once"
    assert allowed.post("/auth/tokens", LOG_IN).status_code == 404


def test_a_signed_request_is_taken_once(allowed: Consumer) -> None:
    headers = allowed.signed("/auth/tokens")
    post = allowed.cloud.http.post
    assert post("/identity/v3/auth/tokens", json=LOG_IN, headers=headers).status_code == 201
    assert post("/identity/v3/auth/tokens", json=LOG_IN, headers=headers).status_code == 401


@pytest.mark.parametrize(
    "options",
    [
        {"timestamp": str(int(time.time()) - 86400)},
        {"nonce": "n" * 300},
        {"timestamp": "soon"},
    ],
)
def test_what_is_signed_otherwise_is_refused(allowed: Consumer, options: Any) -> None:
    headers = allowed.signed("/auth/tokens", **options)
    answer = allowed.cloud.http.post("/identity/v3/auth/tokens", json=LOG_IN, headers=headers)
    assert answer.status_code == 401


def test_secrets_themselves_are_a_signature_once(allowed: Consumer) -> None:
    """PLAINTEXT, as upstream: for clients that trust their connection."""
    headers = allowed.signed("/auth/tokens", signature_method=oauth1.SIGNATURE_PLAINTEXT)
    for status in (201, 401):
        answer = allowed.cloud.http.post("/identity/v3/auth/tokens", json=LOG_IN, headers=headers)
        assert answer.status_code == status
    wrong = replace(allowed, token_secret="x")
    headers = wrong.signed("/auth/tokens", signature_method=oauth1.SIGNATURE_PLAINTEXT)
    answer = allowed.cloud.http.post("/identity/v3/auth/tokens", json=LOG_IN, headers=headers)
    assert answer.status_code == 401


def test_wrong_secrets_are_refused(
    admin: Client, consumer: Consumer, allowed: Consumer, project: str
) -> None:
    for wrong in (
        replace(allowed, secret="0" * 32),
        replace(allowed, token_secret="0" * 32),
        replace(allowed, key="0" * 32),
    ):
        assert wrong.post("/auth/tokens", LOG_IN).status_code == 401
    unknown = replace(allowed, token="0" * 32)
    assert unknown.post("/auth/tokens", LOG_IN).status_code == 404
    headers = {"Requested-Project-Id": project}
    for wrong, status in ((replace(consumer, secret="x"), 401), (replace(consumer, key="x"), 404)):
        assert wrong.post("/OS-OAUTH1/request_token", headers=headers).status_code == status
    assert consumer.post("/OS-OAUTH1/request_token").status_code == 400
    none = {"Requested-Project-Id": "none"}
    assert consumer.post("/OS-OAUTH1/request_token", headers=none).status_code == 404
    unsigned = consumer.cloud.http.post("/identity/v3/OS-OAUTH1/request_token", headers=headers)
    assert unsigned.status_code in (400, 401)


def test_a_request_token_is_exchanged_once_and_by_its_verifier(
    admin: Client, consumer: Consumer, project: str
) -> None:
    asking = ask(consumer, project)
    early = replace(asking, verifier="Abcdefgh")
    assert early.post("/OS-OAUTH1/access_token").status_code == 401, "nobody authorised it"
    granted = allow(admin, asking, "member")
    wrong = replace(granted, verifier="Abcdefgh")
    assert wrong.post("/OS-OAUTH1/access_token").status_code == 401
    assert granted.post("/OS-OAUTH1/access_token").status_code == 201
    assert granted.post("/OS-OAUTH1/access_token").status_code == 404


def test_tokens_end(admin: Client, allowed: Consumer, project: str) -> None:
    clock = SimulatedClock(allowed.cloud.env.clock.now())
    allowed.cloud.env.clock = clock
    consumer = replace(allowed, token=None, token_secret=None)
    asking = allow(admin, ask(consumer, project), "member")
    clock.advance(28801)
    assert asking.post("/OS-OAUTH1/access_token").status_code == 401
    assert allowed.post("/auth/tokens", LOG_IN).status_code == 201
    clock.advance(86400)
    assert allowed.post("/auth/tokens", LOG_IN).status_code == 401


# -- nobody gets more than was given -------------------------------------------------------------


def test_roles_that_the_user_lacks_cannot_be_given(
    admin: Client, demo: Client, consumer: Consumer, project: str
) -> None:
    path = f"/OS-OAUTH1/authorize/{ask(consumer, project).token}"
    admin.post("identity", "/roles", json={"role": {"name": "stranger"}})
    for roles in ([{"name": "stranger"}], []):
        answer = admin.put("identity", path, json={"roles": roles})
        assert answer.status_code == 401, answer.text
    assert demo.put("identity", path, json={"roles": [{"name": "member"}]}).status_code == 403


def test_a_token_of_a_consumer_becomes_no_other(
    cloud: TestCloud, admin: Client, allowed: Consumer, project: str
) -> None:
    answer = allowed.post("/auth/tokens", LOG_IN)
    token = answer.headers["x-subject-token"]
    user = answer.json()["token"]["user"]["id"]
    scope = {"project": {"id": project}}
    rescoped = {"identity": {"methods": ["token"], "token": {"id": token}}, "scope": scope}
    answer = cloud.http.post("/identity/v3/auth/tokens", json={"auth": rescoped})
    assert answer.status_code == 403
    scoped = {"auth": {**LOG_IN["auth"], "scope": {"system": {"all": True}}}}
    assert allowed.post("/auth/tokens", scoped).status_code == 401
    acting = Client(cloud, token)
    credential = {"application_credential": {"name": "c"}}
    path = f"/users/{user}/application_credentials"
    assert acting.post("identity", path, json=credential).status_code == 403
    trust = {
        "trustor_user_id": user,
        "trustee_user_id": user,
        "project_id": project,
        "impersonation": False,
        "roles": [{"name": "member"}],
    }
    assert acting.post("identity", "/OS-TRUST/trusts", json={"trust": trust}).status_code == 403


def test_it_ends_with_a_role_the_user_lost(
    cloud: TestCloud, admin: Client, allowed: Consumer, project: str
) -> None:
    answer = allowed.post("/auth/tokens", LOG_IN)
    user = answer.json()["token"]["user"]["id"]
    acting = Client(cloud, answer.headers["x-subject-token"])
    [role] = admin.get("identity", "/roles?name=admin").json()["roles"]
    path = f"/projects/{project}/users/{user}/roles/{role['id']}"
    assert admin.delete("identity", path).status_code == 204
    assert acting.get("compute", "/servers").status_code == 401
    assert allowed.post("/auth/tokens", LOG_IN).status_code == 401


def test_it_ends_with_its_consumer(admin: Client, allowed: Consumer) -> None:
    answer = allowed.post("/auth/tokens", LOG_IN)
    acting = Client(allowed.cloud, answer.headers["x-subject-token"])
    assert acting.get("compute", "/servers").status_code == 200
    path = f"/OS-OAUTH1/consumers/{allowed.key}"
    assert admin.delete("identity", path).status_code == 204
    assert acting.get("compute", "/servers").status_code == 401
    assert allowed.post("/auth/tokens", LOG_IN).status_code == 404
