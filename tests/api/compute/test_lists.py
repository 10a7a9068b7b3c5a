"""Lists of servers: filters, sorting, pages."""

from __future__ import annotations

import pytest

from .conftest import World


def names(world: World, query: str, version: str = "2.96") -> list[str]:
    answer = world.demo.get("compute", f"/servers/detail?{query}", microversion=version)
    assert answer.status_code == 200, answer.text
    return [one["name"] for one in answer.json()["servers"]]


@pytest.fixture
def three(world: World) -> dict[str, str]:
    found = {"web-1": world.create("web-1", tags=["front", "new"])}
    found["web-2"] = world.create("web-2", tags=["front"])
    found["db"] = world.create("db", flavorRef="84", networks="none")
    world.act(found["db"], "os-stop")
    world.until(found["db"], "SHUTOFF")
    return found


def test_filters(world: World, three: dict[str, str]) -> None:
    assert names(world, "") == ["db", "web-2", "web-1"]  # newest first
    assert names(world, "name=web&sort_key=display_name&sort_dir=asc") == ["web-1", "web-2"]
    assert names(world, "name=^web-[0-9]$") == ["web-2", "web-1"]
    assert names(world, "name=eb-") == ["web-2", "web-1"]
    assert names(world, "status=SHUTOFF") == ["db"]
    assert names(world, "status=ACTIVE&status=SHUTOFF") == ["db", "web-2", "web-1"]
    assert names(world, "flavor=84") == ["db"]
    assert names(world, f"image={world.image}") == ["db", "web-2", "web-1"]
    assert names(world, "image=00000000-0000-0000-0000-000000000000") == []
    assert names(world, "tags=front,new") == ["web-1"]
    assert names(world, "not-tags-any=front") == ["db"]
    address = world.show(three["web-1"])["addresses"]["private"][0]["addr"]
    assert names(world, f"ip={address}") == ["web-1"]
    assert names(world, "changes-since=2100-01-01T00:00:00Z") == []
    assert names(world, "power_state=4") == ["db"]


def test_pages_are_complete(world: World, three: dict[str, str]) -> None:
    seen: list[str] = []
    path = "/compute/v2.1/servers?limit=1"
    for _ in range(5):
        body = world.demo.get("raw", path).json()
        seen += [one["name"] for one in body["servers"]]
        links = body.get("servers_links")
        if not links:
            break
        path = links[0]["href"].removeprefix("http://cloud.test")
    assert seen == ["db", "web-2", "web-1"]


def test_deleted_servers_are_for_administrators(world: World, three: dict[str, str]) -> None:
    world.demo.delete("compute", f"/servers/{three['db']}")
    world.until_gone(three["db"])
    assert names(world, "deleted=true") == ["web-2", "web-1"]  # ignored
    assert world.demo.get("compute", "/servers?status=deleted").status_code == 403
    found = world.admin.get("compute", "/servers/detail?deleted=true&all_tenants=1").json()
    assert [one["status"] for one in found["servers"]] == ["DELETED"]
    assert names(world, "changes-since=2020-01-01T00:00:00Z") == ["db", "web-2", "web-1"]


@pytest.mark.parametrize(
    "query",
    [
        "limit=-1",
        "limit=x",
        "marker=nobody",
        "changes-since=x",
        "name=[",
        "sort_key=nonsense",
        "sort_dir=up&sort_key=uuid",
        "all_tenants=perhaps",
    ],
)
def test_bad_queries(world: World, query: str) -> None:
    assert world.demo.get("compute", f"/servers?{query}").status_code == 400


def test_unknown_names_are_errors_from_2_75(world: World) -> None:
    assert world.demo.get("compute", "/servers?nonsense=1").status_code == 200
    path = "/servers?nonsense=1"
    assert world.demo.get("compute", path, microversion="2.75").status_code == 400


def test_an_unknown_status(world: World) -> None:
    assert names(world, "status=NONSENSE", "2.37") == []
    path = "/servers?status=NONSENSE"
    assert world.demo.get("compute", path, microversion="2.38").status_code == 400


def test_expressions(world: World) -> None:
    """Any letter case, at any sign; the same for what the database looks for and for patterns."""
    world.create("WEB1", networks="none")
    world.create("te&st", networks="none")
    assert names(world, "name=web1") == names(world, "name=^web.$") == ["WEB1"]
    assert names(world, "name=TE%26ST") == names(world, "name=te.ST") == ["te&st"]
    assert names(world, "name=(a|a)*q") == [] == names(world, "name=(WEB|x)%2B2")
    assert names(world, "availability_zone=NO.A") == ["te&st", "WEB1"]
    for hostile in (r"(a)\1", "(?=a)b", "a" * 256, "(a{9,99}){99}"):
        for name in ("name", "ip", "ip6", "key_name"):
            answer = world.demo.get(
                "compute", "/servers", params={name: hostile}, microversion="2.96"
            )
            assert answer.status_code == 400 and "Invalid filter" in answer.text, hostile
    answer = world.admin.get("compute", "/servers/detail?all_tenants=1&hostname=(web)%2B")
    assert [one["name"] for one in answer.json()["servers"]] == ["WEB1"]


def test_moments_are_whole_seconds(world: World) -> None:
    server = world.show(world.create("one", networks="none"))
    for name in ("updated", "created"):
        assert server[name].endswith("Z")
    assert names(world, f"changes-before={server['updated']}") == ["one"]
    assert names(world, f"changes-since={server['updated']}") == ["one"]
    assert names(world, f"created_at={server['created']}") == ["one"]
    assert names(world, "changes-before=2020-01-01T00:00:00Z") == []
    path = f"/servers/{server['id']}/os-instance-actions"
    action = world.demo.get("compute", path, microversion="2.66").json()["instanceActions"][0]
    before = f"{path}?changes-before={action['updated_at']}"
    found = world.demo.get("compute", before, microversion="2.66").json()["instanceActions"]
    assert action in found


def test_hostile_base64(world: World) -> None:
    for text in (" " * 65_534 + "!", "A" * 65_532 + "!!!!", "aGE"):
        assert world.post(user_data=text).status_code == 400
        body = world.body(personality=[{"path": "/a", "contents": text}])
        assert world.demo.post("compute", "/servers", json=body).status_code == 400


def test_only_who_sees_hosts_may_sort_by_them(world: World) -> None:
    answer = world.demo.get("compute", "/servers?sort_key=host")
    assert answer.status_code == 403, answer.text
    assert world.demo.get("compute", "/servers?sort_key=node").status_code == 403
    assert world.admin.get("compute", "/servers?sort_key=host").status_code == 200
