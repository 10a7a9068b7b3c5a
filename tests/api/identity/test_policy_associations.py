"""Policy documents and the endpoints they are meant for."""

from __future__ import annotations

from typing import Any

import pytest

from tests.testcloud import Client


def made(admin: Client, path: str, kind: str, **attributes: Any) -> str:
    answer = admin.post("identity", path, json={kind: attributes})
    assert answer.status_code == 201, answer.text
    return str(answer.json()[kind]["id"])


@pytest.fixture
def ids(admin: Client) -> dict[str, str]:
    """A service with an endpoint in a region below another, and three documents."""
    above = made(admin, "/regions", "region", id="above")
    region = made(admin, "/regions", "region", id="below", parent_region_id=above)
    service = made(admin, "/services", "service", name="s", type="t")
    endpoint = {"service_id": service, "interface": "public", "url": "http://e/"}
    return {
        "above": above,
        "region": region,
        "service": service,
        "endpoint": made(admin, "/endpoints", "endpoint", region_id=region, **endpoint),
        "elsewhere": made(admin, "/endpoints", "endpoint", **endpoint),
        **{n: made(admin, "/policies", "policy", type="x", blob=n) for n in ("a", "b", "c")},
    }


def in_force(admin: Client, endpoint_id: str) -> str | None:
    answer = admin.get("identity", f"/endpoints/{endpoint_id}/OS-ENDPOINT-POLICY/policy")
    return str(answer.json()["policy"]["blob"]) if answer.status_code == 200 else None


def endpoints(admin: Client, policy_id: str) -> set[str]:
    answer = admin.get("identity", f"/policies/{policy_id}/OS-ENDPOINT-POLICY/endpoints")
    return {one["id"] for one in answer.json()["endpoints"]}


def test_the_nearest_document_is_in_force(admin: Client, ids: dict[str, str]) -> None:
    places = {
        "a": f"services/{ids['service']}",
        "b": f"services/{ids['service']}/regions/{ids['above']}",
        "c": f"endpoints/{ids['endpoint']}",
    }
    assert in_force(admin, ids["endpoint"]) is None
    for name, place in places.items():
        path = f"/policies/{ids[name]}/OS-ENDPOINT-POLICY/{place}"
        assert admin.get("identity", path).status_code == 404
        assert admin.put("identity", path).status_code == 204
        assert admin.get("identity", path).status_code == 204
        assert admin.head("identity", path).status_code == 204
        assert in_force(admin, ids["endpoint"]) == name
    assert in_force(admin, ids["elsewhere"]) == "a"
    assert endpoints(admin, ids["a"]) == {ids["elsewhere"]}
    assert endpoints(admin, ids["b"]) == set()
    assert endpoints(admin, ids["c"]) == {ids["endpoint"]}
    path = f"/policies/{ids['c']}/OS-ENDPOINT-POLICY/{places['c']}"
    assert admin.delete("identity", path).status_code == 204
    assert admin.delete("identity", path).status_code == 204
    assert admin.get("identity", path).status_code == 404
    assert in_force(admin, ids["endpoint"]) == "b"


def test_a_place_has_one_document(admin: Client, ids: dict[str, str]) -> None:
    for name in ("a", "b"):
        path = f"/policies/{ids[name]}/OS-ENDPOINT-POLICY/services/{ids['service']}"
        assert admin.put("identity", path).status_code == 204
    assert in_force(admin, ids["endpoint"]) == "b"
    first = f"/policies/{ids['a']}/OS-ENDPOINT-POLICY/services/{ids['service']}"
    assert admin.get("identity", first).status_code == 404


def test_associations_end_with_both_ends(admin: Client, ids: dict[str, str]) -> None:
    for name, place in (("a", f"endpoints/{ids['endpoint']}"), ("b", f"services/{ids['service']}")):
        path = f"/policies/{ids[name]}/OS-ENDPOINT-POLICY/{place}"
        assert admin.put("identity", path).status_code == 204
    assert admin.delete("identity", f"/policies/{ids['a']}").status_code == 204
    assert in_force(admin, ids["endpoint"]) == "b"
    assert admin.delete("identity", f"/endpoints/{ids['endpoint']}").status_code == 204
    assert admin.delete("identity", f"/services/{ids['service']}").status_code == 204
    assert endpoints(admin, ids["b"]) == set()


def test_what_is_missing_is_not_associated(
    admin: Client, demo: Client, ids: dict[str, str]
) -> None:
    root = f"/policies/{ids['a']}/OS-ENDPOINT-POLICY"
    for path in (
        f"/policies/none/OS-ENDPOINT-POLICY/services/{ids['service']}",
        f"{root}/services/none",
        f"{root}/endpoints/none",
        f"{root}/services/{ids['service']}/regions/none",
    ):
        assert admin.put("identity", path).status_code == 404, path
    assert demo.put("identity", f"{root}/services/{ids['service']}").status_code == 403
