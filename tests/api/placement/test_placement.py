"""HTTP stories of placement: providers, inventories, traits, aggregates, allocations, usages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.testcloud import Client, TestCloud

LATEST = "1.39"


def uuid(number: int) -> str:
    return f"00000000-0000-0000-0000-{number:012d}"


class Placement:
    """A client of the placement service at one microversion."""

    def __init__(self, client: Client, version: str = LATEST) -> None:
        self.client = client
        self.version = version

    def at(self, version: str) -> Placement:
        return Placement(self.client, version)

    def call(self, method: str, path: str, json: Any = None, status: int = 200) -> Any:
        options: dict[str, Any] = {} if json is None else {"json": json}
        answer = self.client.request(
            method, "placement", path, microversion=self.version, **options
        )
        assert answer.status_code == status, (method, path, answer.status_code, answer.text)
        return answer.json() if answer.content else None

    def get(self, path: str, status: int = 200) -> Any:
        return self.call("GET", path, status=status)

    def host(
        self, number: int, *, parent: int | None = None, traits: Any = (), **inventory: int
    ) -> str:
        body = {"name": f"host{number}", "uuid": uuid(number)}
        if parent is not None:
            body["parent_provider_uuid"] = uuid(parent)
        generation = self.call("POST", "/resource_providers", body)["generation"]
        path = f"/resource_providers/{uuid(number)}"
        if inventory:
            wanted = {
                "resource_provider_generation": generation,
                "inventories": {name: {"total": total} for name, total in inventory.items()},
            }
            generation = self.call("PUT", f"{path}/inventories", wanted)[
                "resource_provider_generation"
            ]
        if traits:
            body = {"traits": list(traits), "resource_provider_generation": generation}
            self.call("PUT", f"{path}/traits", body)
        return uuid(number)

    def aggregate(self, provider: str, *numbers: int) -> None:
        path = f"/resource_providers/{provider}/aggregates"
        generation = self.get(path)["resource_provider_generation"]
        wanted = [uuid(number) for number in numbers]
        body = {"aggregates": wanted, "resource_provider_generation": generation}
        self.call("PUT", path, body)

    def allocate(
        self,
        consumer: int,
        use: dict[str, dict[str, int]],
        *,
        generation: int | None = None,
        status: int = 204,
        kind: str = "INSTANCE",
    ) -> Any:
        body = {
            "allocations": {one: {"resources": resources} for one, resources in use.items()},
            "project_id": "project",
            "user_id": "user",
            "consumer_generation": generation,
            "consumer_type": kind,
        }
        return self.call("PUT", f"/allocations/{uuid(consumer)}", body, status)

    def candidates(self, query: str) -> list[dict[str, dict[str, int]]]:
        found = self.get(f"/allocation_candidates?{query}")["allocation_requests"]
        return [
            {u: one["resources"] for u, one in request["allocations"].items()} for request in found
        ]


@pytest.fixture
def placement(admin: Client, cloud: TestCloud) -> Placement:
    """Placement of a cloud without any provider."""
    found = Placement(admin)
    assert found.get("/resource_providers")["resource_providers"] == []
    return found


def test_only_administrators_may_ask(demo: Client, cloud: TestCloud) -> None:
    for path in ("/resource_providers", "/traits", "/allocation_candidates?resources=VCPU:1"):
        assert demo.get("placement", path, microversion=LATEST).status_code == 403
    assert cloud.anonymous().get("placement", "/resource_providers").status_code == 401
    document = cloud.anonymous().get("placement", "/")
    assert document.json()["versions"][0]["max_version"] == LATEST


def test_errors_carry_codes_and_unknown_microversions_are_refused(
    admin: Client, placement: Placement
) -> None:
    error = placement.get(f"/resource_providers/{uuid(1)}", status=404)["errors"][0]
    assert (error["status"], error["code"]) == (404, "placement.undefined_code")
    assert error["request_id"].startswith("req-")
    answer = admin.get("placement", "/resource_providers", microversion="1.99")
    assert answer.status_code == 406
    assert answer.json()["errors"][0]["max_version"] == LATEST


def test_a_provider_lives_and_dies(placement: Placement) -> None:
    host = placement.host(1)
    shown = placement.get(f"/resource_providers/{host}")
    assert shown["name"] == "host1"
    assert shown["root_provider_uuid"] == host
    assert {link["rel"] for link in shown["links"]} == {
        "self",
        "inventories",
        "usages",
        "aggregates",
        "traits",
        "allocations",
    }
    body = {"name": "renamed", "parent_provider_uuid": None}
    assert placement.call("PUT", f"/resource_providers/{host}", body)["name"] == "renamed"
    error = placement.call("POST", "/resource_providers", {"name": "renamed"}, 409)
    assert error["errors"][0]["code"] == "placement.duplicate_name"
    placement.call("DELETE", f"/resource_providers/{host}", status=204)
    placement.call("DELETE", f"/resource_providers/{host}", status=404)


def test_answers_grow_with_the_microversion(admin: Client, placement: Placement) -> None:
    host = placement.host(1)
    old = placement.at("1.0").get(f"/resource_providers/{host}")
    assert "parent_provider_uuid" not in old
    assert {link["rel"] for link in old["links"]} == {"self", "inventories", "usages"}
    placement.at("1.5").get("/traits", status=404)
    placement.at("1.9").get("/allocation_candidates?resources=VCPU:1", status=404)
    path = f"/resource_providers/{host}"
    assert "last-modified" not in admin.get("placement", path, microversion="1.14").headers
    answer = admin.get("placement", path, microversion="1.15")
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["last-modified"].endswith("GMT")
    assert answer.headers["openstack-api-version"] == "placement 1.15"
    placement.at("1.19").call("POST", "/resource_providers", {"name": "x"}, 201)
    assert placement.at("1.20").call("POST", "/resource_providers", {"name": "y"})["name"] == "y"


def test_trees(placement: Placement) -> None:
    root, child = placement.host(1), placement.host(2, parent=1)
    other = placement.host(3)
    assert placement.get(f"/resource_providers/{child}")["root_provider_uuid"] == root
    found = placement.get(f"/resource_providers?in_tree={child}")["resource_providers"]
    assert {one["uuid"] for one in found} == {root, child}
    error = placement.call("DELETE", f"/resource_providers/{root}", status=409)
    assert error["errors"][0]["code"] == "placement.resource_provider.cannot_delete_parent"
    body = {"name": "host2", "parent_provider_uuid": other}
    placement.at("1.36").call("PUT", f"/resource_providers/{child}", body, 400)
    moved = placement.call("PUT", f"/resource_providers/{child}", body)
    assert moved["root_provider_uuid"] == other
    loop = {"name": "host3", "parent_provider_uuid": child}
    placement.call("PUT", f"/resource_providers/{other}", loop, 400)
    placement.call("POST", "/resource_providers", {**loop, "name": "z", "uuid": child}, 409)


def test_inventories_guarded_by_generation(placement: Placement) -> None:
    host = placement.host(1, VCPU=4)
    path = f"/resource_providers/{host}/inventories"
    found = placement.get(path)
    assert found["inventories"]["VCPU"] == {
        "total": 4,
        "reserved": 0,
        "min_unit": 1,
        "max_unit": 2147483647,
        "step_size": 1,
        "allocation_ratio": 1.0,
    }
    generation = found["resource_provider_generation"]
    stale = {"resource_provider_generation": generation - 1, "inventories": {}}
    error = placement.call("PUT", path, stale, 409)
    assert error["errors"][0]["code"] == "placement.concurrent_update"
    one = {"resource_class": "DISK_GB", "total": 10}
    placement.call("POST", path, one, 201)
    placement.call("POST", path, one, 409)
    shown = placement.get(f"{path}/DISK_GB")
    changed = {
        "total": 20,
        "resource_provider_generation": shown["resource_provider_generation"],
    }
    assert placement.call("PUT", f"{path}/DISK_GB", changed)["total"] == 20
    placement.call("DELETE", f"{path}/DISK_GB", status=204)
    placement.get(f"{path}/DISK_GB", status=404)
    placement.call("DELETE", path, status=204)
    assert placement.get(path)["inventories"] == {}


@pytest.mark.parametrize(
    "inventory",
    [
        {"VCPU": {"total": 0}},
        {"VCPU": {"total": 4, "reserved": 5}},
        {"VCPU": {"total": 4, "step_size": 0}},
        {"VCPU": {"total": 1 << 40}},
        {"VCPU": {}},
        {"VCPU": {"total": 4, "colour": "red"}},
        {"VCPU": {"total": 4, "allocation_ratio": -1}},
        {"vcpu": {"total": 4}},
        {"CUSTOM_UNKNOWN": {"total": 4}},
    ],
)
def test_bad_inventories(placement: Placement, inventory: dict[str, Any]) -> None:
    host = placement.host(1)
    body = {"resource_provider_generation": 0, "inventories": inventory}
    placement.call("PUT", f"/resource_providers/{host}/inventories", body, 400)


def test_resource_classes(placement: Placement) -> None:
    names = [one["name"] for one in placement.get("/resource_classes")["resource_classes"]]
    assert names[:3] == ["VCPU", "MEMORY_MB", "DISK_GB"]
    placement.call("PUT", "/resource_classes/CUSTOM_GOLD", status=201)
    placement.call("PUT", "/resource_classes/CUSTOM_GOLD", status=204)
    placement.call("POST", "/resource_classes", {"name": "CUSTOM_GOLD"}, 409)
    placement.call("PUT", "/resource_classes/GOLD", status=400)
    placement.call("DELETE", "/resource_classes/VCPU", status=400)
    old = placement.at("1.6")
    old.call("PUT", "/resource_classes/CUSTOM_GOLD", {"name": "CUSTOM_SILVER"})
    host = placement.host(1, CUSTOM_SILVER=3)
    placement.call("DELETE", "/resource_classes/CUSTOM_SILVER", status=409)
    placement.call("DELETE", f"/resource_providers/{host}", status=204)
    placement.call("DELETE", "/resource_classes/CUSTOM_SILVER", status=204)
    placement.get("/resource_classes/CUSTOM_SILVER", status=404)


def test_traits(placement: Placement) -> None:
    assert "HW_CPU_X86_AVX2" in placement.get("/traits")["traits"]
    placement.call("PUT", "/traits/CUSTOM_GOLD", status=201)
    placement.call("PUT", "/traits/CUSTOM_GOLD", status=204)
    placement.call("PUT", "/traits/GOLD", status=400)
    placement.call("GET", "/traits/CUSTOM_GOLD", status=204)
    placement.call("GET", "/traits/CUSTOM_LEAD", status=404)
    placement.call("DELETE", "/traits/HW_CPU_X86_AVX2", status=400)
    host = placement.host(1, traits=["CUSTOM_GOLD", "HW_CPU_X86_AVX2"])
    found = placement.get(f"/resource_providers/{host}/traits")
    assert found["traits"] == ["CUSTOM_GOLD", "HW_CPU_X86_AVX2"]
    assert placement.get("/traits?associated=true")["traits"] == found["traits"]
    assert placement.get("/traits?name=startswith:CUSTOM")["traits"] == ["CUSTOM_GOLD"]
    assert placement.get("/traits?name=in:CUSTOM_GOLD,X")["traits"] == ["CUSTOM_GOLD"]
    placement.get("/traits?name=CUSTOM_GOLD", status=400)
    placement.call("DELETE", "/traits/CUSTOM_GOLD", status=409)
    body = {"traits": ["CUSTOM_LEAD"], "resource_provider_generation": 1}
    placement.call("PUT", f"/resource_providers/{host}/traits", body, 400)
    body = {"traits": [], "resource_provider_generation": 99}
    placement.call("PUT", f"/resource_providers/{host}/traits", body, 409)
    placement.call("DELETE", f"/resource_providers/{host}/traits", status=204)
    placement.call("DELETE", "/traits/CUSTOM_GOLD", status=204)


def test_lists_of_providers_are_filtered(placement: Placement) -> None:
    one = placement.host(1, VCPU=2, traits=["HW_CPU_X86_AVX2"])
    two = placement.host(2, VCPU=8, traits=["HW_CPU_X86_AVX2", "HW_CPU_X86_SSE"])
    placement.aggregate(two, 77)

    def found(query: str) -> list[str]:
        rows = placement.get(f"/resource_providers?{query}")["resource_providers"]
        return [row["uuid"] for row in rows]

    assert found("name=host1") == [one]
    assert found(f"uuid={two}") == [two]
    assert found("resources=VCPU:4") == [two]
    assert found("required=HW_CPU_X86_AVX2") == [one, two]
    assert found("required=HW_CPU_X86_AVX2,!HW_CPU_X86_SSE") == [one]
    assert found("required=in:HW_CPU_X86_SSE,HW_CPU_X86_MMX") == [two]
    assert found(f"member_of=in:{uuid(77)},{uuid(78)}") == [two]
    assert found(f"member_of=!{uuid(77)}") == [one]
    for bad in (
        "uuid=x",
        "member_of=x",
        "required=",
        "required=NO_SUCH",
        "resources=VCPU",
        "resources=VCPU:0",
        "resources=NO_SUCH:1",
        "colour=red",
    ):
        placement.get(f"/resource_providers?{bad}", status=400)
    placement.at("1.13").get(f"/resource_providers?in_tree={one}", status=400)


def test_aggregates_are_answered_as_they_were_put(placement: Placement) -> None:
    host = placement.host(1)
    path = f"/resource_providers/{host}/aggregates"
    given = [uuid(9).upper(), uuid(5).replace("-", ""), uuid(7)]
    assert placement.at("1.1").call("PUT", path, given) == {"aggregates": given}
    assert set(placement.at("1.1").call("GET", path)["aggregates"]) == set(given)
    for one in given:
        found = placement.get(f"/resource_providers?member_of={one}")["resource_providers"]
        assert [provider["uuid"] for provider in found] == [host]


def test_aggregates_before_and_after_generations(placement: Placement) -> None:
    host = placement.host(1)
    path = f"/resource_providers/{host}/aggregates"
    assert placement.at("1.1").call("PUT", path, [uuid(5)]) == {"aggregates": [uuid(5)]}
    found = placement.get(path)
    assert found == {"aggregates": [uuid(5)], "resource_provider_generation": 0}
    stale = {"aggregates": [], "resource_provider_generation": 7}
    placement.call("PUT", path, stale, 409)
    placement.call("PUT", path, ["x"], 400)


def test_allocations_are_guarded_by_consumer_generations(placement: Placement) -> None:
    host = placement.host(1, VCPU=4, MEMORY_MB=1024)
    placement.allocate(11, {host: {"VCPU": 1}}, generation=3, status=409)
    placement.allocate(11, {host: {"VCPU": 1, "MEMORY_MB": 128}})
    error = placement.allocate(11, {host: {"VCPU": 2}}, status=409)
    assert error["errors"][0]["code"] == "placement.concurrent_update"
    held = placement.get(f"/allocations/{uuid(11)}")
    assert held["allocations"][host]["resources"] == {"VCPU": 1, "MEMORY_MB": 128}
    assert (held["project_id"], held["consumer_type"]) == ("project", "INSTANCE")
    placement.allocate(11, {host: {"VCPU": 2}}, generation=held["consumer_generation"])
    shown = placement.get(f"/resource_providers/{host}/allocations")
    assert shown["allocations"][uuid(11)]["resources"] == {"VCPU": 2}
    usage = placement.get(f"/resource_providers/{host}/usages")["usages"]
    assert usage == {"VCPU": 2, "MEMORY_MB": 0}
    placement.allocate(11, {}, generation=shown["allocations"][uuid(11)]["consumer_generation"])
    assert placement.get(f"/allocations/{uuid(11)}") == {"allocations": {}}
    placement.call("DELETE", f"/allocations/{uuid(11)}", status=404)


def test_what_does_not_fit_is_refused(placement: Placement) -> None:
    host = placement.host(1, VCPU=4)
    error = placement.allocate(11, {host: {"VCPU": 5}}, status=409)
    assert "would exceed its capacity: 0 of 4" in error["errors"][0]["detail"]
    placement.allocate(11, {host: {"DISK_GB": 1}}, status=409)
    placement.allocate(11, {host: {"NO_SUCH": 1}}, status=400)
    placement.allocate(11, {uuid(9): {"VCPU": 1}}, status=400)
    placement.allocate(11, {host: {"VCPU": 0}}, status=400)
    placement.call("PUT", "/allocations/nonsense", {}, 400)


def test_old_allocation_formats(placement: Placement) -> None:
    host = placement.host(1, VCPU=4)
    listed = {"allocations": [{"resource_provider": {"uuid": host}, "resources": {"VCPU": 1}}]}
    path = f"/allocations/{uuid(11)}"
    placement.at("1.0").call("PUT", path, listed, 204)
    placement.at("1.8").call("PUT", path, listed, 400)
    placement.at("1.8").call("PUT", path, {**listed, "project_id": "p", "user_id": "u"}, 204)
    assert placement.at("1.11").get(path) == {
        "allocations": {host: {"resources": {"VCPU": 1}, "generation": 3}}
    }
    assert placement.get(path)["consumer_type"] == "unknown"
    placement.call("DELETE", path, status=204)


def test_many_consumers_at_once_or_none(placement: Placement) -> None:
    host = placement.host(1, VCPU=4)

    def body(*amounts: int) -> dict[str, Any]:
        return {
            uuid(20 + index): {
                "allocations": {host: {"resources": {"VCPU": amount}}},
                "project_id": "p",
                "user_id": "u",
                "consumer_generation": None,
                "consumer_type": "INSTANCE",
            }
            for index, amount in enumerate(amounts)
        }

    placement.call("POST", "/allocations", body(3, 2), 409)
    assert placement.get(f"/resource_providers/{host}/usages")["usages"] == {"VCPU": 0}
    placement.call("POST", "/allocations", body(2, 2), 204)
    assert placement.get(f"/resource_providers/{host}/usages")["usages"] == {"VCPU": 4}


def test_usages_of_projects(placement: Placement, demo: Client) -> None:
    host = placement.host(1, VCPU=9)
    placement.allocate(11, {host: {"VCPU": 1}})
    placement.allocate(12, {host: {"VCPU": 2}}, kind="MIGRATION")
    assert placement.at("1.9").get("/usages?project_id=project")["usages"] == {"VCPU": 3}
    assert placement.get("/usages?project_id=project")["usages"] == {
        "INSTANCE": {"consumer_count": 1, "VCPU": 1},
        "MIGRATION": {"consumer_count": 1, "VCPU": 2},
    }
    query = "/usages?project_id=project&user_id=user&consumer_type="
    assert placement.get(query + "all")["usages"] == {"all": {"consumer_count": 2, "VCPU": 3}}
    assert placement.get(query + "MIGRATION")["usages"]["MIGRATION"]["VCPU"] == 2
    assert placement.get("/usages?project_id=project&user_id=x")["usages"] == {}
    placement.get("/usages", status=400)
    answer = demo.get("placement", "/usages?project_id=project", microversion=LATEST)
    assert answer.status_code == 403


def test_in_use(placement: Placement) -> None:
    host = placement.host(1, VCPU=4)
    placement.allocate(11, {host: {"VCPU": 1}})
    error = placement.call("DELETE", f"/resource_providers/{host}", status=409)
    assert error["errors"][0]["code"] == "placement.resource_provider.inuse"
    path = f"/resource_providers/{host}/inventories"
    error = placement.call("DELETE", f"{path}/VCPU", status=409)
    assert error["errors"][0]["code"] == "placement.inventory.inuse"


@pytest.fixture
def reshaping(tmp_path: Path) -> Iterator[Placement]:
    """A cloud whose administrators may reshape, which by default only services may."""
    folder = tmp_path / "reshaping"
    folder.mkdir()
    (folder / "policy.yaml").write_text('"placement:reshaper:reshape": "role:admin"\n')
    cloud = TestCloud(folder)
    yield Placement(cloud.client("admin"))
    cloud.close()


def test_reshaping_is_for_services(placement: Placement) -> None:
    host = placement.host(1)
    body = {
        "inventories": {host: {"resource_provider_generation": 0, "inventories": {}}},
        "allocations": {},
    }
    placement.call("POST", "/reshaper", body, 403)


def test_reshaping_moves_inventory_in_use(reshaping: Placement) -> None:
    root = reshaping.host(1, VCPU=4, DISK_GB=10)
    child = reshaping.host(2, parent=1)
    reshaping.allocate(11, {root: {"VCPU": 1, "DISK_GB": 5}})
    generation = reshaping.get(f"/resource_providers/{root}")["generation"]
    roots = {"resource_provider_generation": generation, "inventories": {"VCPU": {"total": 4}}}
    child_has = {"DISK_GB": {"total": 9}}
    body = {
        "inventories": {
            root: roots,
            child: {"resource_provider_generation": 0, "inventories": child_has},
        },
        "allocations": {
            uuid(11): {
                "allocations": {
                    root: {"resources": {"VCPU": 1}},
                    child: {"resources": {"DISK_GB": 5}},
                },
                "project_id": "p",
                "user_id": "u",
                "consumer_generation": 1,
                "consumer_type": "INSTANCE",
            }
        },
    }
    stale = {**roots, "resource_provider_generation": generation - 1}
    inventories = {**body["inventories"], root: stale}
    reshaping.call("POST", "/reshaper", {**body, "inventories": inventories}, 409)
    reshaping.call("POST", "/reshaper", body, 204)
    assert set(reshaping.get(f"/resource_providers/{root}/inventories")["inventories"]) == {"VCPU"}
    held = reshaping.get(f"/allocations/{uuid(11)}")["allocations"]
    assert held[child]["resources"] == {"DISK_GB": 5}
