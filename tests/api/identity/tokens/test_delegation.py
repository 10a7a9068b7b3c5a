"""Application credentials and trusts: what they give, and what they can never become."""

from __future__ import annotations

from typing import Any

import pytest

from stratolith.kernel.clock import SimulatedClock, zulu
from tests.api.identity.people import PASSWORD, grant, make_project, make_user, role_id
from tests.api.identity.tokens.test_tokens import by_password, by_token, log_in, works
from tests.testcloud import Client, TestCloud


def own_id(client: Client) -> str:
    answer = client.get("identity", "/auth/tokens", headers={"X-Subject-Token": client.token})
    return str(answer.json()["token"]["user"]["id"])


def make_credential(client: Client, name: str, **attributes: Any) -> dict[str, Any]:
    body = {"application_credential": {"name": name, **attributes}}
    path = f"/users/{own_id(client)}/application_credentials"
    answer = client.post("identity", path, json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json()["application_credential"])


def by_credential(credential: dict[str, Any], secret: str = "") -> dict[str, Any]:
    given = {"id": credential["id"], "secret": secret or credential["secret"]}
    return {"methods": ["application_credential"], "application_credential": given}


def client_of(cloud: TestCloud, identity: dict[str, Any], scope: Any = None) -> Client:
    answer = log_in(cloud, identity, scope)
    assert answer.status_code == 201, answer.text
    return Client(cloud, answer.headers["x-subject-token"])


def test_a_credential_logs_in_with_its_roles(cloud: TestCloud, demo: Client) -> None:
    credential = make_credential(demo, "c", roles=[{"name": "reader"}])
    answer = log_in(cloud, by_credential(credential))
    token = answer.json()["token"]
    assert token["methods"] == ["application_credential"]
    assert token["project"]["name"] == "demo"
    assert [role["name"] for role in token["roles"]] == ["reader"]
    assert token["application_credential"] == {
        "id": credential["id"],
        "name": "c",
        "restricted": True,
    }
    assert log_in(cloud, by_credential(credential, "wrong")).status_code == 401
    path = f"/users/{own_id(demo)}/application_credentials"
    shown = demo.get("identity", f"{path}/{credential['id']}").json()["application_credential"]
    assert "secret" not in shown
    assert [c["name"] for c in demo.get("identity", path).json()["application_credentials"]] == [
        "c"
    ]
    assert demo.delete("identity", f"{path}/{credential['id']}").status_code == 204
    assert not works(Client(cloud, answer.headers["x-subject-token"]))


def test_a_credential_cannot_ask_for_a_scope_nor_be_exchanged(
    cloud: TestCloud, demo: Client
) -> None:
    credential = make_credential(demo, "c", unrestricted=True)
    scope = {"project": {"name": "demo", "domain": {"id": "default"}}}
    assert log_in(cloud, by_credential(credential), scope).status_code == 401
    mine = client_of(cloud, by_credential(credential))
    assert log_in(cloud, by_token(mine.token), scope).status_code == 403
    both = {**by_credential(credential), **by_password("demo", "secret-of-the-tests")}
    both["methods"] = ["password", "application_credential"]
    assert log_in(cloud, both, scope).status_code == 401


def test_a_restricted_credential_cannot_make_others(cloud: TestCloud, demo: Client) -> None:
    mine = client_of(cloud, by_credential(make_credential(demo, "c")))
    path = f"/users/{own_id(mine)}/application_credentials"
    body = {"application_credential": {"name": "second"}}
    assert mine.post("identity", path, json=body).status_code == 403
    body = {"trust": {"trustor_user_id": own_id(mine), "trustee_user_id": own_id(mine)}}
    body["trust"]["impersonation"] = True  # type: ignore[assignment]
    assert mine.post("identity", "/OS-TRUST/trusts", json=body).status_code == 403
    ec2 = {"tenant_id": "0" * 32}
    path = f"/users/{own_id(mine)}/credentials/OS-EC2"
    assert mine.post("identity", path, json=ec2).status_code == 403


def test_an_unrestricted_one_gives_no_more_than_it_has(cloud: TestCloud, demo: Client) -> None:
    credential = make_credential(demo, "c", roles=[{"name": "reader"}], unrestricted=True)
    mine = client_of(cloud, by_credential(credential))
    path = f"/users/{own_id(mine)}/application_credentials"
    body = {"application_credential": {"name": "second", "roles": [{"name": "member"}]}}
    assert mine.post("identity", path, json=body).status_code == 400
    body["application_credential"]["roles"] = [{"name": "reader"}]
    assert mine.post("identity", path, json=body).status_code == 201


def test_nobody_gets_a_role_that_he_has_not(demo: Client) -> None:
    path = f"/users/{own_id(demo)}/application_credentials"
    body = {"application_credential": {"name": "c", "roles": [{"name": "admin"}]}}
    assert demo.post("identity", path, json=body).status_code == 400
    body = {"application_credential": {"name": "c", "expires_at": "2020-01-01T00:00:00Z"}}
    assert demo.post("identity", path, json=body).status_code == 400


def test_a_credential_dies_with_a_role_of_its_user(cloud: TestCloud, admin: Client) -> None:
    user, project = make_user(admin, "u"), make_project(admin, "p")
    grant(admin, f"projects/{project['id']}", f"users/{user['id']}", "member")
    credential = make_credential(cloud.client("u", "p", password=PASSWORD), "c")
    mine = client_of(cloud, by_credential(credential))
    member = role_id(admin, "member")
    path = f"/projects/{project['id']}/users/{user['id']}/roles/{member}"
    admin.delete("identity", path)
    assert not works(mine)
    assert log_in(cloud, by_credential(credential)).status_code == 401


def test_a_credential_expires(cloud: TestCloud, demo: Client) -> None:
    clock = SimulatedClock(cloud.env.clock.now())
    cloud.env.clock = clock
    clock.advance(1)
    end = clock.now().replace(microsecond=0, year=clock.now().year + 1)
    credential = make_credential(demo, "c", expires_at=zulu(end))
    assert log_in(cloud, by_credential(credential)).status_code == 201
    clock.advance(366 * 86400)
    assert log_in(cloud, by_credential(credential)).status_code == 401


def test_access_rules_confine_a_credential(cloud: TestCloud, demo: Client) -> None:
    rule = {"service": "identity", "method": "GET", "path": "/v3/auth/*"}
    credential = make_credential(demo, "c", access_rules=[rule])
    mine = client_of(cloud, by_credential(credential))
    assert mine.get("identity", "/auth/catalog").status_code == 200
    assert mine.get("identity", "/auth/projects").status_code == 200
    assert mine.get("identity", f"/users/{own_id(demo)}").status_code == 401
    assert mine.delete("identity", "/auth/tokens").status_code == 401
    assert mine.get("image", "/images").status_code == 401
    path = f"/users/{own_id(demo)}/access_rules"
    [kept] = demo.get("identity", path).json()["access_rules"]
    assert demo.delete("identity", f"{path}/{kept['id']}").status_code == 403
    other = f"/users/{own_id(demo)}/application_credentials/{credential['id']}"
    assert demo.delete("identity", other).status_code == 204
    assert demo.delete("identity", f"{path}/{kept['id']}").status_code == 204


def test_an_empty_list_of_access_rules_confines_nothing(cloud: TestCloud, demo: Client) -> None:
    """The openstack client sends one whenever it is given no rules."""
    credential = make_credential(demo, "c", access_rules=[])
    assert "access_rules" not in credential
    assert works(client_of(cloud, by_credential(credential)))


# -- trusts ----------------------------------------------------------------------------------------


@pytest.fixture
def parties(cloud: TestCloud, admin: Client) -> dict[str, Any]:
    """A trustor with the role member on a project, and a trustee with nothing."""
    trustor, trustee = make_user(admin, "trustor"), make_user(admin, "trustee")
    project = make_project(admin, "p")
    grant(admin, f"projects/{project['id']}", f"users/{trustor['id']}", "member")
    return {
        "trustor": trustor,
        "trustee": trustee,
        "project": project,
        "client": cloud.client("trustor", "p", password=PASSWORD),
    }


def make_trust(parties: dict[str, Any], client: Client | None = None, **changes: Any) -> Any:
    body = {
        "trustor_user_id": parties["trustor"]["id"],
        "trustee_user_id": parties["trustee"]["id"],
        "project_id": parties["project"]["id"],
        "impersonation": True,
        "roles": [{"name": "member"}],
        **changes,
    }
    by = client or parties["client"]
    return by.post("identity", "/OS-TRUST/trusts", json={"trust": body})


def use(cloud: TestCloud, trust_id: str) -> Any:
    return log_in(cloud, by_password("trustee", PASSWORD), {"OS-TRUST:trust": {"id": trust_id}})


@pytest.mark.parametrize("impersonation", [True, False])
def test_a_trust_gives_the_trustee_the_roles(
    cloud: TestCloud, parties: Any, impersonation: bool
) -> None:
    trust = make_trust(parties, impersonation=impersonation).json()["trust"]
    assert [role["name"] for role in trust["roles"]] == ["member"]
    token = use(cloud, trust["id"]).json()["token"]
    assert token["user"]["name"] == ("trustor" if impersonation else "trustee")
    assert [role["name"] for role in token["roles"]] == ["member", "reader"]
    assert token["OS-TRUST:trust"]["id"] == trust["id"]
    assert (
        log_in(
            cloud,
            by_password("demo", "secret-of-the-tests"),
            {"OS-TRUST:trust": {"id": trust["id"]}},
        ).status_code
        == 403
    )


def test_a_trust_of_a_role_the_trustor_lost_gives_nothing(
    cloud: TestCloud, admin: Client, parties: Any
) -> None:
    trust = make_trust(parties).json()["trust"]
    mine = Client(cloud, use(cloud, trust["id"]).headers["x-subject-token"])
    assert works(mine)
    member, project = role_id(admin, "member"), parties["project"]["id"]
    path = f"/projects/{project}/users/{parties['trustor']['id']}/roles/{member}"
    assert admin.delete("identity", path).status_code == 204
    assert not works(mine)
    assert use(cloud, trust["id"]).status_code == 403


def test_nobody_trusts_away_what_he_has_not(parties: Any) -> None:
    assert make_trust(parties, roles=[{"name": "admin"}]).status_code == 404
    assert make_trust(parties, roles=[]).status_code == 403
    assert make_trust(parties, trustor_user_id=parties["trustee"]["id"]).status_code == 403
    assert make_trust(parties, trustee_user_id="0" * 32).status_code == 404


def test_uses_are_counted(cloud: TestCloud, parties: Any) -> None:
    trust = make_trust(parties, remaining_uses=1).json()["trust"]
    assert use(cloud, trust["id"]).status_code == 201
    assert use(cloud, trust["id"]).status_code == 401
    shown = parties["client"].get("identity", f"/OS-TRUST/trusts/{trust['id']}")
    assert shown.status_code == 404


def test_a_deleted_trust_ends_its_tokens(cloud: TestCloud, parties: Any) -> None:
    trust = make_trust(parties).json()["trust"]
    mine = Client(cloud, use(cloud, trust["id"]).headers["x-subject-token"])
    path = f"/OS-TRUST/trusts/{trust['id']}"
    assert parties["client"].delete("identity", path).status_code == 204
    assert not works(mine)
    assert parties["client"].get("identity", path).status_code == 404


def test_a_trust_token_cannot_be_exchanged_nor_make_credentials(
    cloud: TestCloud, parties: Any
) -> None:
    trust = make_trust(parties).json()["trust"]
    mine = Client(cloud, use(cloud, trust["id"]).headers["x-subject-token"])
    scope = {"project": {"id": parties["project"]["id"]}}
    assert log_in(cloud, by_token(mine.token), scope).status_code == 403
    path = f"/users/{parties['trustor']['id']}/application_credentials"
    body = {"application_credential": {"name": "c"}}
    assert mine.post("identity", path, json=body).status_code == 403


def test_redelegation_ends_at_its_depth(cloud: TestCloud, parties: Any) -> None:
    assert make_trust(parties, allow_redelegation=True, redelegation_count=9).status_code == 403
    first = make_trust(parties, allow_redelegation=True, redelegation_count=1).json()["trust"]
    mine = Client(cloud, use(cloud, first["id"]).headers["x-subject-token"])
    second = make_trust(parties, mine)
    assert second.status_code == 201
    assert second.json()["trust"]["redelegated_trust_id"] == first["id"]
    deeper = Client(cloud, use(cloud, second.json()["trust"]["id"]).headers["x-subject-token"])
    assert make_trust(parties, deeper).status_code == 403


def test_strangers_do_not_see_a_trust(parties: Any, demo: Client, admin: Client) -> None:
    trust = make_trust(parties).json()["trust"]
    assert demo.get("identity", f"/OS-TRUST/trusts/{trust['id']}").status_code == 403
    assert demo.get("identity", "/OS-TRUST/trusts").status_code == 403
    assert len(admin.get("identity", "/OS-TRUST/trusts").json()["trusts"]) == 1
    query = f"/OS-TRUST/trusts?trustor_user_id={parties['trustor']['id']}"
    assert len(parties["client"].get("identity", query).json()["trusts"]) == 1
