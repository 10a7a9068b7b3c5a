"""The list of revocation events, and what /auth/system says."""

from __future__ import annotations

from stratolith.kernel.clock import zulu
from tests.api.identity.people import make_user, persona
from tests.testcloud import Client, TestCloud

EVENTS = "/OS-REVOKE/events"


def test_what_is_revoked_is_listed_for_services(
    cloud: TestCloud, admin: Client, demo: Client
) -> None:
    before = len(admin.get("identity", EVENTS).json()["events"])
    user = make_user(admin, "somebody")
    admin.patch("identity", f"/users/{user['id']}", json={"user": {"enabled": False}})
    token = cloud.client("demo").token
    demo.delete("identity", "/auth/tokens", headers={"X-Subject-Token": token})
    service = cloud.client("nova", "service")
    found = service.get("identity", EVENTS).json()
    assert len(found["events"]) == before + 3
    assert [set(one) for one in found["events"][before:]] == [
        {"user_id", "issued_before", "revoked_at"},
        {"audit_id", "issued_before", "revoked_at"},
        {"audit_chain_id", "issued_before", "revoked_at"},
    ]
    assert found["links"]["self"].endswith("/v3" + EVENTS)


def test_events_since_a_moment(admin: Client, cloud: TestCloud) -> None:
    user = make_user(admin, "somebody")
    admin.patch("identity", f"/users/{user['id']}", json={"user": {"enabled": False}})
    later = cloud.env.clock.now().replace(year=2099)
    assert admin.get("identity", f"{EVENTS}?since={zulu(later)}").json()["events"] == []
    assert admin.get("identity", f"{EVENTS}?since=2020-01-01T00:00:00Z").json()["events"]
    assert admin.get("identity", f"{EVENTS}?since=yesterday").status_code == 400


def test_events_are_not_for_everybody(cloud: TestCloud) -> None:
    assert cloud.client("demo").get("identity", EVENTS).status_code == 403


def test_the_system_shows_to_those_with_a_role_on_it(cloud: TestCloud, demo: Client) -> None:
    reader = persona(cloud, "reader", system=True)
    assert reader.get("identity", "/auth/system").json()["system"] == [{"all": True}]
    assert demo.get("identity", "/auth/system").json()["system"] == []
    assert reader.head("identity", "/auth/system").status_code == 200
