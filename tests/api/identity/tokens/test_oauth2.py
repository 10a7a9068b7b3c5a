"""OAuth 2.0: an application credential is the client, its token the access token."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any

import pytest

from stratolith.kernel.clock import utcnow
from tests.testcloud import Client, TestCloud

GRANT = {"grant_type": "client_credentials"}


@pytest.fixture
def credential(demo: Client) -> dict[str, Any]:
    return made(demo, name="program")


def user_of(client: Client) -> str:
    answer = client.get("identity", "/auth/tokens", headers={"X-Subject-Token": client.token})
    return str(answer.json()["token"]["user"]["id"])


def made(demo: Client, **values: Any) -> dict[str, Any]:
    path = f"/users/{user_of(demo)}/application_credentials"
    answer = demo.post("identity", path, json={"application_credential": values})
    assert answer.status_code == 201, answer.text
    return dict(answer.json()["application_credential"])


def ask(cloud: TestCloud, form: Any = GRANT, basic: str = "", **options: Any) -> Any:
    headers = {}
    if basic:
        headers["Authorization"] = f"Basic {base64.b64encode(basic.encode()).decode()}"
    headers |= options.pop("headers", {})
    path = "/identity/v3/OS-OAUTH2/token"
    content = {"content": form} if isinstance(form, bytes) else {"data": form}
    return cloud.http.post(path, headers=headers, **content, **options)


@pytest.mark.parametrize("in_form", [False, True])
def test_a_client_gets_a_token_that_works(
    cloud: TestCloud, credential: dict[str, Any], in_form: bool
) -> None:
    key, secret = credential["id"], credential["secret"]
    if in_form:
        answer = ask(cloud, {**GRANT, "client_id": key, "client_secret": secret})
    else:
        answer = ask(cloud, basic=f"{key}:{secret}")
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert set(found) == {"access_token", "token_type", "expires_in"}
    assert found["token_type"] == "Bearer" and 0 < found["expires_in"] <= 86400
    headers = {"X-Auth-Token": found["access_token"], "X-Subject-Token": found["access_token"]}
    token = cloud.http.get("/identity/v3/auth/tokens", headers=headers).json()["token"]
    assert token["methods"] == ["application_credential"]
    assert token["application_credential"]["id"] == key
    assert cloud.http.get("/image/v2/images", headers=headers).status_code == 200


def test_a_token_ends_no_later_than_its_credential(cloud: TestCloud, demo: Client) -> None:
    end = (utcnow() + timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M:%S.000000")
    key = made(demo, name="short", expires_at=end)
    assert ask(cloud, basic=f"{key['id']}:{key['secret']}").json()["expires_in"] <= 300


def test_what_is_refused(cloud: TestCloud, demo: Client, credential: dict[str, Any]) -> None:
    key, secret = credential["id"], credential["secret"]
    good = f"{key}:{secret}"
    cases = [
        (ask(cloud, basic=f"{key}:wrong"), 401, "invalid_client"),
        (ask(cloud, basic="nobody:wrong"), 401, "invalid_client"),
        (ask(cloud, basic=f"{key}:"), 401, "invalid_client"),
        (ask(cloud, basic=f"a\x00b:{secret}"), 401, "invalid_client"),
        (ask(cloud), 401, "invalid_client"),
        (ask(cloud, {**GRANT, "client_id": key}), 401, "invalid_client"),
        (ask(cloud, headers={"Authorization": "Basic !!!"}), 401, "invalid_client"),
        (ask(cloud, headers={"Authorization": f"Bearer {secret}"}), 401, "invalid_client"),
        (ask(cloud, {"grant_type": "password"}, good), 400, "unsupported_grant_type"),
        (ask(cloud, {}, good), 400, "invalid_request"),
        (ask(cloud, None, good, json=GRANT), 400, "invalid_request"),
        (ask(cloud, b"\xff\xfe=\x00", good), 400, "invalid_request"),
    ]
    for number, (answer, status, error) in enumerate(cases):
        assert (answer.status_code, answer.json()["error"]) == (status, error), number
        assert set(answer.json()) == {"error", "error_description"}
    path = f"/users/{user_of(demo)}/application_credentials/{key}"
    assert demo.delete("identity", path).status_code == 204
    assert ask(cloud, basic=good).status_code == 401


def test_what_was_for_pki_tokens_is_gone(cloud: TestCloud) -> None:
    for path in ("ca", "certificates"):
        answer = cloud.http.get(f"/identity/v3/OS-SIMPLE-CERT/{path}")
        assert answer.status_code == 410 and "PKI" in answer.json()["error"]["message"]
    assert cloud.http.get("/identity/v3/auth/tokens/OS-PKI/revoked").status_code == 403
