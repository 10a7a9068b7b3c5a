"""Tokens for requests signed with EC2 keys, and what such tokens may not do."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest

from stratolith.kernel.clock import zulu
from tests.testcloud import Client, TestCloud


@pytest.fixture
def service(cloud: TestCloud) -> Client:
    """A service of the cloud, such as one that speaks S3."""
    return cloud.client("nova", "service")


@pytest.fixture
def key(admin: Client, demo: Client) -> dict[str, Any]:
    token = demo.get("identity", "/auth/tokens", headers={"X-Subject-Token": demo.token}).json()
    user, project = token["token"]["user"]["id"], token["token"]["project"]["id"]
    path = f"/users/{user}/credentials/OS-EC2"
    answer = demo.post("identity", path, json={"tenant_id": project})
    assert answer.status_code == 201, answer.text
    return dict(answer.json()["credential"])


def signed(cloud: TestCloud, key: dict[str, Any], late: float = 0) -> dict[str, Any]:
    moment = zulu(cloud.env.clock.now())
    stamp = f"{moment[:11]}{moment[11:]}" if moment else ""
    if late:
        stamp = "2020-01-01T00:00:00Z"
    params = {"Action": "DescribeInstances", "Timestamp": stamp, "SignatureVersion": "0"}
    text = params["Action"] + params["Timestamp"]
    digest = hmac.new(key["secret"].encode(), text.encode(), hashlib.sha1).digest()
    signature = base64.b64encode(digest).decode()
    return {"access": key["access"], "signature": signature, "params": params}


def string(key: dict[str, Any]) -> dict[str, Any]:
    text = b"GET\n\n\nnow\n/bucket/object"
    digest = hmac.new(key["secret"].encode(), text, hashlib.sha1).digest()
    return {
        "access": key["access"],
        "token": base64.urlsafe_b64encode(text).decode(),
        "signature": base64.b64encode(digest).decode(),
    }


@pytest.mark.parametrize("name", ["credentials", "credential", "ec2Credentials"])
def test_a_signed_request_gives_a_token_of_the_key(
    cloud: TestCloud, service: Client, key: dict[str, Any], name: str
) -> None:
    answer = service.post("identity", "/ec2tokens", json={name: signed(cloud, key)})
    assert answer.status_code == 200, answer.text
    token = answer.json()["token"]
    assert token["methods"] == ["ec2credential"]
    assert token["user"]["name"] == token["project"]["name"] == "demo"
    client = Client(cloud, answer.headers["x-subject-token"])
    assert client.get("compute", "/servers").status_code == 200


def test_a_signed_string_tells_who_asks_but_gives_no_token(
    service: Client, key: dict[str, Any]
) -> None:
    answer = service.post("identity", "/s3tokens", json={"credentials": string(key)})
    assert answer.status_code == 200, answer.text
    assert answer.json()["token"]["user"]["name"] == "demo"
    assert "x-subject-token" not in answer.headers


def test_only_services_and_administrators_may_ask(
    cloud: TestCloud, admin: Client, demo: Client, key: dict[str, Any]
) -> None:
    for path, body in (("/ec2tokens", signed(cloud, key)), ("/s3tokens", string(key))):
        document = {"credentials": body}
        assert demo.post("identity", path, json=document).status_code == 403
        assert cloud.anonymous().post("identity", path, json=document).status_code == 401
        assert admin.post("identity", path, json=document).status_code == 200


def test_wrong_signatures_keys_and_old_requests_are_refused(
    cloud: TestCloud, service: Client, key: dict[str, Any]
) -> None:
    def status(**change: Any) -> int:
        body = {"credentials": {**signed(cloud, key), **change}}
        return service.post("identity", "/ec2tokens", json=body).status_code

    assert status() == 200
    assert status(signature="bad") == 401
    assert status(signature="") == 401
    assert status(params={}) == 401
    assert status(params={"SignatureVersion": "9"}) == 401
    assert status(access="unknown") == 404
    assert status(access=7) == 400
    old = {"credentials": signed(cloud, key, late=1)}
    assert service.post("identity", "/ec2tokens", json=old).status_code == 401
    bodies: list[dict[str, Any]] = [{}, {"credentials": {}}, {"credential": {"access": "x"}}]
    for body in bodies:
        assert service.post("identity", "/ec2tokens", json=body).status_code in (401, 404)
    assert service.post("identity", "/ec2tokens", json=[]).status_code == 400


def test_a_token_of_a_key_is_neither_exchanged_nor_makes_credentials(
    cloud: TestCloud, service: Client, key: dict[str, Any]
) -> None:
    answer = service.post("identity", "/ec2tokens", json={"credentials": signed(cloud, key)})
    token = answer.headers["x-subject-token"]
    body = {"auth": {"identity": {"methods": ["token"], "token": {"id": token}}}}
    assert cloud.http.post("/identity/v3/auth/tokens", json=body).status_code == 403
    client = Client(cloud, token)
    path = f"/users/{key['user_id']}/credentials/OS-EC2"
    again = client.post("identity", path, json={"tenant_id": key["tenant_id"]})
    assert again.status_code == 403
    named = {"application_credential": {"name": "more"}}
    path = f"/users/{key['user_id']}/application_credentials"
    assert client.post("identity", path, json=named).status_code == 403


def test_a_key_that_claims_a_trust_of_others_is_refused(
    service: Client, cloud: TestCloud, demo: Client, key: dict[str, Any]
) -> None:
    [credential] = demo.get("identity", "/credentials?type=ec2").json()["credentials"]
    for extra in ({"trust_id": "f" * 32}, {"app_cred_id": "f" * 32}, {"access_token_id": "x"}):
        blob = {"access": key["access"], "secret": key["secret"], **extra}
        path = f"/credentials/{credential['id']}"
        changed = demo.patch("identity", path, json={"credential": {"blob": json.dumps(blob)}})
        assert changed.status_code == 400, changed.text
        other = {"access": f"other-{next(iter(extra))}", "secret": "s", **extra}
        values = {"type": "ec2", "blob": json.dumps(other), "user_id": key["user_id"]}
        made = demo.post(
            "identity",
            "/credentials",
            json={"credential": {**values, "project_id": key["tenant_id"]}},
        )
        assert made.status_code == 201, made.text
        body = {"credentials": signed(cloud, other)}
        assert service.post("identity", "/ec2tokens", json=body).status_code == 401


def test_a_key_ends_with_the_role_of_its_user(
    cloud: TestCloud, admin: Client, service: Client, key: dict[str, Any]
) -> None:
    role = admin.get("identity", "/roles?name=member").json()["roles"][0]["id"]
    path = f"/projects/{key['tenant_id']}/users/{key['user_id']}/roles/{role}"
    assert admin.delete("identity", path).status_code == 204
    body = {"credentials": signed(cloud, key)}
    assert service.post("identity", "/ec2tokens", json=body).status_code == 401
