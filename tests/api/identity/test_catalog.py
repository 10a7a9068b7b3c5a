"""Regions, services, endpoints, and the catalogue made of them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.testcloud import Client, TestCloud


def make(admin: Client, kind: str, **attributes: Any) -> dict[str, Any]:
    answer = admin.post("identity", f"/{kind}s", json={kind: attributes})
    assert answer.status_code == 201, answer.text
    return dict(answer.json()[kind])


def catalogue(client: Client) -> dict[str, Any]:
    found = client.get("identity", "/auth/catalog").json()["catalog"]
    return {service["type"]: service for service in found}


def test_a_new_service_appears_with_its_variables_filled_in(admin: Client, demo: Client) -> None:
    service = make(admin, "service", type="thing", name="thinger", description="d")
    url = "http://things.example/v1/$(project_id)s/%(tenant_id)s"
    endpoint = make(
        admin, "endpoint", service_id=service["id"], interface="public", url=url, region="Far"
    )
    assert endpoint["url"] == url
    assert endpoint["region_id"] == endpoint["region"] == "Far"
    shown = catalogue(demo)["thing"]
    token = demo.get("identity", "/auth/tokens", headers={"X-Subject-Token": demo.token})
    project = token.json()["token"]["project"]["id"]
    assert shown["name"] == "thinger"
    assert shown["endpoints"][0]["url"] == f"http://things.example/v1/{project}/{project}"
    path = f"/services/{service['id']}"
    admin.patch("identity", path, json={"service": {"enabled": False}})
    assert "thing" not in catalogue(demo)
    assert admin.delete("identity", path).status_code == 204
    assert admin.get("identity", f"/endpoints/{endpoint['id']}").status_code == 404


def test_a_premade_endpoint_follows_until_somebody_sets_its_url(
    cloud: TestCloud, admin: Client
) -> None:
    [service] = admin.get("identity", "/services?type=identity").json()["services"]
    query = f"/endpoints?service_id={service['id']}&interface=public"
    [endpoint] = admin.get("identity", query).json()["endpoints"]
    assert endpoint["url"] == "http://cloud.test/identity/v3"
    path = f"/endpoints/{endpoint['id']}"
    same = {"endpoint": {"url": endpoint["url"], "interface": "public"}}
    assert admin.patch("identity", path, json=same).status_code == 200
    elsewhere = {"Host": "other.example"}
    shown = admin.get("identity", path, headers=elsewhere).json()["endpoint"]
    assert shown["url"] == "http://other.example/identity/v3"
    fixed = {"endpoint": {"url": "https://fixed.example/v3"}}
    assert admin.patch("identity", path, json=fixed).status_code == 200
    shown = admin.get("identity", path, headers=elsewhere).json()["endpoint"]
    assert shown["url"] == "https://fixed.example/v3"


@pytest.mark.parametrize(
    "attributes",
    [
        {"interface": "secret"},
        {"url": "no url"},
        {"service_id": "0" * 32},
        {"region_id": "nowhere"},
        {"enabled": "True"},
    ],
)
def test_bad_endpoints_are_refused(admin: Client, attributes: Any) -> None:
    [service] = admin.get("identity", "/services?type=identity").json()["services"]
    good = {"service_id": service["id"], "interface": "public", "url": "http://x.example"}
    answer = admin.post("identity", "/endpoints", json={"endpoint": {**good, **attributes}})
    assert answer.status_code == 400


def test_regions(admin: Client) -> None:
    make(admin, "region", id="north", description="d")
    below = make(admin, "region", parent_region_id="north")
    assert len(below["id"]) == 32
    answer = admin.post("identity", "/regions", json={"region": {"id": "north"}})
    assert answer.status_code == 409
    answer = admin.put("identity", "/regions/south", json={"region": {}})
    assert (answer.status_code, answer.json()["region"]["id"]) == (201, "south")
    listed = admin.get("identity", "/regions?parent_region_id=north").json()["regions"]
    assert [one["id"] for one in listed] == [below["id"]]
    circle = {"region": {"parent_region_id": below["id"]}}
    assert admin.patch("identity", "/regions/north", json=circle).status_code == 400
    assert admin.delete("identity", "/regions/north").status_code == 403
    assert admin.delete("identity", "/regions/RegionOne").status_code == 403
    assert admin.delete("identity", f"/regions/{below['id']}").status_code == 204
    assert admin.delete("identity", "/regions/north").status_code == 204
    assert admin.get("identity", "/regions/north").status_code == 404


def test_discovery(cloud: TestCloud) -> None:
    answer = cloud.http.get("/identity/")
    assert answer.status_code == 300
    [version] = answer.json()["versions"]["values"]
    assert (version["id"], version["status"]) == ("v3.14", "stable")
    assert answer.headers["location"] == version["links"][0]["href"]
    answer = cloud.http.get("/identity/v3")
    assert answer.json()["version"] == version
    for method, path in (("GET", "/v2.0"), ("GET", "/v2.0/tenants"), ("POST", "/v2.0/tokens")):
        answer = cloud.http.request(method, "/identity" + path)
        assert answer.status_code == 410
        assert "/v3" in answer.json()["error"]["message"]
