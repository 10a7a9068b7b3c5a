"""Images as old clients reach them through compute."""

from __future__ import annotations

import pytest

from tests.testcloud import Client

from .conftest import World, error_of


@pytest.fixture
def own(demo: Client) -> str:
    """An image of demo's project."""
    body = {
        "name": "mine",
        "disk_format": "raw",
        "container_format": "bare",
        "min_ram": 64,
        "flavour": "sweet",
    }
    return str(demo.post("image", "/images", json=body).json()["id"])


def test_images_are_listed_and_shown(world: World, own: str) -> None:
    listed = world.demo.get("compute", "/images").json()["images"]
    assert {one["name"] for one in listed} >= {"tiny", "mine"}
    assert {link["rel"] for link in listed[0]["links"]} == {"self", "bookmark", "alternate"}
    shown = world.demo.get("compute", f"/images/{world.image}").json()["image"]
    assert shown["status"] == "ACTIVE" and shown["progress"] == 100
    assert shown["OS-EXT-IMG-SIZE:size"] == 1 << 20
    mine = world.demo.get("compute", f"/images/{own}").json()["image"]
    assert (mine["status"], mine["minRam"], mine["metadata"]) == (
        "SAVING",
        64,
        {"flavour": "sweet"},
    )
    assert world.demo.get("compute", "/images/nobody").status_code == 404
    assert world.demo.get("compute", "/images", microversion="2.36").status_code == 404


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("name=mine", True),
        ("name=other", False),
        ("status=SAVING", True),
        ("status=active", False),
        ("minRam=64", True),
        ("minRam=65", False),
        ("property-flavour=sweet", True),
        ("property-flavour=sour", False),
        ("type=snapshot", False),
        ("server=x", False),
        ("changes-since=2020-01-01T00:00:00Z", True),
        ("changes-since=2100-01-01T00:00:00Z", False),
    ],
)
def test_filters(demo: Client, own: str, query: str, found: bool) -> None:
    for path in ("/images", "/images/detail"):
        listed = demo.get("compute", f"{path}?{query}").json()["images"]
        assert (own in {one["id"] for one in listed}) is found, path


def test_pages(world: World, own: str) -> None:
    seen: list[str] = []
    path = "/compute/v2.1/images?limit=1"
    for _ in range(10):
        body = world.demo.get("raw", path).json()
        seen += [one["id"] for one in body["images"]]
        if "images_links" not in body:
            break
        path = body["images_links"][0]["href"].removeprefix("http://cloud.test")
    assert {world.image, own} <= set(seen) and len(seen) == len(set(seen))
    assert world.demo.get("compute", "/images?marker=nobody").status_code == 400


def test_metadata(demo: Client, own: str) -> None:
    path = f"/images/{own}/metadata"
    assert demo.get("compute", path).json() == {"metadata": {"flavour": "sweet"}}
    added = demo.post("compute", path, json={"metadata": {"a": "1"}}).json()
    assert added == {"metadata": {"flavour": "sweet", "a": "1"}}
    one = demo.put("compute", f"{path}/a", json={"meta": {"a": "2"}})
    assert one.json() == {"meta": {"a": "2"}}
    assert demo.get("compute", f"{path}/a").json() == {"meta": {"a": "2"}}
    assert demo.put("compute", f"{path}/a", json={"meta": {"b": "2"}}).status_code == 400
    replaced = demo.put("compute", path, json={"metadata": {"c": "3"}}).json()
    assert replaced == {"metadata": {"c": "3"}} == demo.get("compute", path).json()
    assert demo.delete("compute", f"{path}/c").status_code == 204
    assert demo.delete("compute", f"{path}/c").status_code == 404
    assert demo.get("compute", path, microversion="2.38").status_code == 200
    assert demo.get("compute", path, microversion="2.39").status_code == 404
    too_many = {f"k{number}": "v" for number in range(129)}
    full = demo.put("compute", path, json={"metadata": too_many})
    assert full.status_code == 403 and "metadata items" in error_of(full)


def test_the_image_services_rules_hold(world: World, own: str) -> None:
    """Others see nothing of a private image and change nothing of a public one."""
    stranger = world.person("stranger", "member", "other")
    for method, path, body in (
        ("GET", f"/images/{own}", None),
        ("DELETE", f"/images/{own}", None),
        ("GET", f"/images/{own}/metadata", None),
        ("PUT", f"/images/{own}/metadata", {"metadata": {"a": "1"}}),
    ):
        answer = stranger.request(method, "compute", path, json=body)
        assert answer.status_code == 404, f"{method} {path}: {answer.text}"
    public = f"/images/{world.image}"
    assert stranger.delete("compute", public).status_code == 403
    change = {"metadata": {"a": "1"}}
    assert stranger.post("compute", f"{public}/metadata", json=change).status_code == 403
    assert world.demo.delete("compute", f"/images/{own}").status_code == 204
    assert world.demo.get("compute", f"/images/{own}").status_code == 404
