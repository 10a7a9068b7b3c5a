"""Values of filters that no image or task has, as release 2026.2 takes or refuses them."""

from __future__ import annotations

import pytest

from tests.testcloud import Client, TestCloud

HUGE = "9" * 23


@pytest.mark.parametrize(
    "query",
    [
        "images?limit=",
        "images?limit=x",
        "images?limit=-1",
        "tasks?limit=",
        "metadefs/namespaces?limit=",
        "tasks?status=x",
        "tasks?status=pending&status=x",
        "tasks?type=x",
        "images?size_min=x",
        "images?size_max=",
        "images?size_max=--5",
        "images?visibility=x",
        "images?a=%ff",
        "images?sort_key=%ff",
        "tasks?a=%ff",
        "metadefs/namespaces?a=%ff",
    ],
)
def test_refused(query: str, admin: Client) -> None:
    answer = admin.get("image", f"/{query}")
    assert answer.status_code == 400
    if "=%ff" in query:
        assert "not UTF-8" in answer.text


@pytest.mark.parametrize(
    "query",
    [
        "images?min_ram=x",
        "images?min_disk=",
        "images?min_ram=99999999999",
        f"images?min_ram={HUGE}",
        "images?size=x",
        "images?virtual_size=x",
        f"images?size={HUGE}",
        f"images?size_min={HUGE}",
        "images?visibility=",
        "tasks?status=",
        "tasks?type=",
    ],
)
def test_nothing_has_it(query: str, admin: Client) -> None:
    answer = admin.get("image", f"/{query}")
    assert answer.status_code == 200, answer.text
    assert answer.json()[query.partition("?")[0]] == []


def test_all_are_within(admin: Client) -> None:
    new = {"name": "i", "container_format": "bare", "disk_format": "raw"}
    image = admin.post("image", "/images", json=new).json()["id"]
    data = {"Content-Type": "application/octet-stream"}
    path = f"/images/{image}/file"
    assert admin.put("image", path, content=b"x" * 512, headers=data).status_code == 204
    for query in (
        f"limit={HUGE}",
        f"size_max={HUGE}",
        f"size_min=-{HUGE}",
        "size=512",
        "size_min=0000512",
        "min_ram=0",
    ):
        answer = admin.get("image", f"/images?name=i&{query}")
        assert answer.status_code == 200, answer.text
        assert [one["id"] for one in answer.json()["images"]] == [image], query


def test_queries_of_other_services(cloud: TestCloud, admin: Client) -> None:
    """Network and compute refuse what is not in UTF-8, identity passes over it."""
    for service, path, status in (
        ("network", "/networks?name=%ff", 400),
        ("compute", "/servers?a=%ff", 400),
        ("identity", "/projects?name=%ff", 200),
        ("network", "/networks?name=%EF%BF%BD", 200),
        ("compute", "/servers?limit=", 400),
        ("compute", "/flavors?limit=", 400),
        ("compute", f"/servers?limit={HUGE}", 200),
        ("compute", f"/flavors?limit={HUGE}", 200),
    ):
        assert admin.get(service, path).status_code == status, path
    assert cloud.http.get("/image/v2/images?a=%ff").status_code == 401
