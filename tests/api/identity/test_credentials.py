"""Credentials and EC2 keys: kept encrypted, seen by their user only."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec
import pytest
from sqlalchemy import text

from tests.api.identity.people import make_user
from tests.api.identity.tokens.test_delegation import own_id
from tests.testcloud import Client, TestCloud


def project_of(client: Client) -> str:
    answer = client.get("identity", "/auth/tokens", headers={"X-Subject-Token": client.token})
    return str(answer.json()["token"]["project"]["id"])


def test_a_blob_is_encrypted_at_rest(cloud: TestCloud, demo: Client) -> None:
    body = {"credential": {"type": "totp", "blob": "very-secret-seed", "user_id": own_id(demo)}}
    answer = demo.post("identity", "/credentials", json=body)
    assert answer.status_code == 201
    credential = answer.json()["credential"]
    assert credential["blob"] == "very-secret-seed"
    with cloud.env.db.read() as session:
        [kept] = session.scalars(text("SELECT encrypted_blob FROM identity_credentials"))
    assert "very-secret-seed" not in kept
    path = f"/credentials/{credential['id']}"
    changed = demo.patch("identity", path, json={"credential": {"blob": "new"}}).json()
    assert changed["credential"] == {**credential, "blob": "new"}
    assert demo.delete("identity", path).status_code == 204
    assert demo.get("identity", path).status_code == 403


def test_everybody_has_his_own(admin: Client, demo: Client) -> None:
    body = {"credential": {"type": "cert", "blob": "x", "user_id": own_id(admin)}}
    assert demo.post("identity", "/credentials", json=body).status_code == 403
    credential = admin.post("identity", "/credentials", json=body).json()["credential"]
    assert demo.get("identity", f"/credentials/{credential['id']}").status_code == 403
    assert demo.get("identity", "/credentials").json()["credentials"] == []
    assert len(admin.get("identity", "/credentials?type=cert").json()["credentials"]) == 1


def test_ec2_keys(admin: Client, demo: Client) -> None:
    path = f"/users/{own_id(demo)}/credentials/OS-EC2"
    answer = demo.post("identity", path, json={"tenant_id": project_of(demo)})
    assert answer.status_code == 201
    key = answer.json()["credential"]
    assert key["tenant_id"] == project_of(demo)
    one = f"{path}/{key['access']}"
    assert demo.get("identity", one).json()["credential"] == key
    assert [k["access"] for k in demo.get("identity", path).json()["credentials"]] == [
        key["access"]
    ]
    [listed] = demo.get("identity", "/credentials?type=ec2").json()["credentials"]
    assert msgspec.json.decode(listed["blob"])["secret"] == key["secret"]
    assert demo.delete("identity", one).status_code == 204
    assert demo.get("identity", one).status_code == 404
    # a key for a project without a role there is made, and gives nothing
    foreign = demo.post("identity", path, json={"tenant_id": project_of(admin)})
    assert foreign.status_code == 201


def test_an_ec2_credential_needs_its_parts(demo: Client) -> None:
    base = {"type": "ec2", "user_id": own_id(demo)}
    for blob, project in (("{}", project_of(demo)), ("no json", None), ('{"access": "a"}', None)):
        body = {"credential": {**base, "blob": blob, "project_id": project}}
        assert demo.post("identity", "/credentials", json=body).status_code == 400


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"user_id": "{other}"},
        {"project_id": None, "blob": "y"},
        {"type": "ec2", "blob": '{"access": "a", "secret": "b"}'},
        {"id": "x", "blob": "y"},
        {"blob": {"a": 1}},
        {"blob": None},
        {"blob": "y", "foo": 1},
    ],
)
def test_only_the_secret_changes(admin: Client, demo: Client, changes: dict[str, Any]) -> None:
    body = {"credential": {"type": "cert", "blob": "x", "user_id": own_id(demo)}}
    made = demo.post("identity", "/credentials", json=body).json()["credential"]
    path = f"/credentials/{made['id']}"
    for client in (admin, demo):
        changed = client.patch("identity", path, json={"credential": changes})
        assert changed.status_code == 400, changed.text
        assert client.get("identity", path).json()["credential"] == made


def test_a_secret_is_text(demo: Client) -> None:
    body = {"credential": {"type": "cert", "blob": {"a": 1}, "user_id": own_id(demo)}}
    assert demo.post("identity", "/credentials", json=body).status_code == 400


def test_the_type_of_a_key_in_capitals(demo: Client) -> None:
    blob = '{"access": "key", "secret": "s"}'
    key = {"type": "EC2", "blob": blob, "user_id": own_id(demo)}
    made = demo.post("identity", "/credentials", json={"credential": key})
    assert made.status_code == 201
    one = made.json()["credential"]
    assert one["id"] == hashlib.sha256(b"key").hexdigest()
    path = f"/credentials/{one['id']}"
    for given in ("no json", blob.replace("}", ', "trust_id": "t"}')):
        answer = demo.patch("identity", path, json={"credential": {"blob": given}})
        assert answer.status_code == 400


def test_they_go_with_their_user(admin: Client) -> None:
    user = make_user(admin, "u")
    body = {"credential": {"type": "cert", "blob": "x", "user_id": user["id"]}}
    credential = admin.post("identity", "/credentials", json=body).json()["credential"]
    admin.delete("identity", f"/users/{user['id']}")
    assert admin.get("identity", f"/credentials/{credential['id']}").status_code == 404


def test_policy_documents(admin: Client, demo: Client) -> None:
    body = {"policy": {"type": "text/plain", "blob": "words", "colour": "red"}}
    answer = admin.post("identity", "/policies", json=body)
    assert answer.status_code == 201
    policy = answer.json()["policy"]
    path = f"/policies/{policy['id']}"
    changed = admin.patch("identity", path, json={"policy": {"blob": "more"}}).json()["policy"]
    assert changed == {**policy, "blob": "more"}
    assert demo.get("identity", path).status_code == 403
    assert admin.delete("identity", path).status_code == 204
    assert admin.get("identity", path).status_code == 404
