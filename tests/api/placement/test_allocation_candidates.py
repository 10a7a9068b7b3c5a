"""HTTP stories of GET /allocation_candidates: trees, sharing, groups, policies."""

from __future__ import annotations

import pytest

from tests.api.placement.test_placement import Placement, uuid
from tests.testcloud import Client

SHARES = "MISC_SHARES_VIA_AGGREGATE"
AVX, SSE = "HW_CPU_X86_AVX2", "HW_CPU_X86_SSE"


@pytest.fixture
def placement(admin: Client) -> Placement:
    return Placement(admin)


def test_one_provider_serves_all(placement: Placement) -> None:
    one = placement.host(1, VCPU=4, MEMORY_MB=1024)
    placement.host(2, VCPU=4)
    found = placement.get("/allocation_candidates?resources=VCPU:2,MEMORY_MB:512")
    assert found["allocation_requests"] == [
        {
            "allocations": {one: {"resources": {"VCPU": 2, "MEMORY_MB": 512}}},
            "mappings": {"": [one]},
        }
    ]
    assert found["provider_summaries"] == {
        one: {
            "resources": {
                "VCPU": {"capacity": 4, "used": 0},
                "MEMORY_MB": {"capacity": 1024, "used": 0},
            },
            "traits": [],
            "parent_provider_uuid": None,
            "root_provider_uuid": one,
        }
    }


def test_what_is_used_is_not_offered(placement: Placement) -> None:
    one = placement.host(1, VCPU=4)
    placement.allocate(11, {one: {"VCPU": 3}})
    assert placement.candidates("resources=VCPU:1") == [{one: {"VCPU": 1}}]
    assert placement.candidates("resources=VCPU:2") == []


def test_answers_by_microversion(placement: Placement) -> None:
    one = placement.host(1, VCPU=4, DISK_GB=9)
    path = "/allocation_candidates?resources=VCPU:1"
    old = placement.at("1.10").get(path)
    assert old["allocation_requests"] == [
        {"allocations": [{"resource_provider": {"uuid": one}, "resources": {"VCPU": 1}}]}
    ]
    assert old["provider_summaries"] == {one: {"resources": {"VCPU": {"capacity": 4, "used": 0}}}}
    middle = placement.at("1.33").get(path)["allocation_requests"]
    assert middle == [{"allocations": {one: {"resources": {"VCPU": 1}}}}]
    summary = placement.at("1.27").get(path)["provider_summaries"][one]
    assert set(summary) == {"resources", "traits"}
    assert set(summary["resources"]) == {"VCPU", "DISK_GB"}


def test_traits_aggregates_tree_and_limit(placement: Placement) -> None:
    one = placement.host(1, VCPU=4, traits=[AVX, SSE])
    two = placement.host(2, VCPU=4, traits=[AVX])
    three = placement.host(3, VCPU=4)
    placement.aggregate(two, 77)
    use = {"VCPU": 1}
    base = "resources=VCPU:1"
    assert placement.candidates(f"{base}&limit=2") == [{one: use}, {two: use}]
    assert placement.candidates(f"{base}&required={AVX},!{SSE}") == [{two: use}]
    assert placement.candidates(f"{base}&required=in:{SSE},HW_CPU_X86_MMX&required={AVX}") == [
        {one: use}
    ]
    assert placement.candidates(f"{base}&member_of={uuid(77)}") == [{two: use}]
    assert placement.candidates(f"{base}&member_of=!in:{uuid(77)},{uuid(78)}") == [
        {one: use},
        {three: use},
    ]
    assert placement.candidates(f"{base}&in_tree={three}") == [{three: use}]
    assert placement.candidates(f"{base}&in_tree={uuid(99)}") == []
    assert placement.candidates(f"{base}&root_required={AVX},!{SSE}") == [{two: use}]


def test_a_tree_serves_together(placement: Placement) -> None:
    root = placement.host(1, MEMORY_MB=1024)
    left = placement.host(2, parent=1, VCPU=4, traits=[AVX])
    right = placement.host(3, parent=1, VCPU=2)
    memory = {"MEMORY_MB": 1}
    found = placement.candidates("resources=VCPU:1,MEMORY_MB:1")
    assert found == [
        {left: {"VCPU": 1}, root: memory},
        {right: {"VCPU": 1}, root: memory},
    ]
    assert placement.candidates("resources=VCPU:3,MEMORY_MB:1") == [
        {left: {"VCPU": 3}, root: memory}
    ]
    assert placement.candidates(f"resources=VCPU:1,MEMORY_MB:1&required={AVX}") == [found[0]]
    assert placement.candidates(f"resources=VCPU:1,MEMORY_MB:1&required=!{AVX}") == [found[1]]
    old = placement.at("1.28").get("/allocation_candidates?resources=VCPU:1,MEMORY_MB:1")
    assert old["allocation_requests"] == []
    summaries = placement.get("/allocation_candidates?resources=VCPU:3")["provider_summaries"]
    assert set(summaries) == {root, left, right}


def test_groups_with_suffixes(placement: Placement) -> None:
    placement.host(1, MEMORY_MB=1024)
    left = placement.host(2, parent=1, VCPU=4, traits=[AVX])
    right = placement.host(3, parent=1, VCPU=4)
    apart = placement.candidates("resources1=VCPU:1&resources2=VCPU:2&group_policy=isolate")
    assert apart == [
        {left: {"VCPU": 1}, right: {"VCPU": 2}},
        {right: {"VCPU": 1}, left: {"VCPU": 2}},
    ]
    either = placement.candidates("resources1=VCPU:1&resources2=VCPU:2&group_policy=none")
    assert {left: {"VCPU": 3}} in either
    assert len(either) == 4
    full = placement.candidates("resources1=VCPU:3&resources2=VCPU:3&group_policy=none")
    assert all(len(one) == 2 for one in full), "six on one provider would not fit"
    query = f"resources_A=VCPU:1&required_A={AVX}&resources_B=VCPU:1&group_policy=isolate"
    found = placement.get(f"/allocation_candidates?{query}")["allocation_requests"]
    assert [one["mappings"] for one in found] == [{"_A": [left], "_B": [right]}]


def test_same_subtree(placement: Placement) -> None:
    root = placement.host(1, MEMORY_MB=1024)
    left = placement.host(2, parent=1, traits=[AVX])
    right = placement.host(3, parent=1, traits=[SSE])
    near = placement.host(4, parent=2, VCPU=4)
    far = placement.host(5, parent=3, VCPU=4)
    query = f"resources_A=VCPU:1&required_N={AVX}&same_subtree=_A,_N&group_policy=none"
    assert placement.candidates(query) == [{near: {"VCPU": 1}}]
    query = f"resources_A=VCPU:1&required_N={SSE}&same_subtree=_A,_N&group_policy=none"
    assert placement.candidates(query) == [{far: {"VCPU": 1}}]
    assert left != right
    placement.get(f"/allocation_candidates?resources_A=VCPU:1&required_N={AVX}", status=400)
    placement.get("/allocation_candidates?resources_A=VCPU:1&same_subtree=_A,_X", status=400)
    assert root


def test_sharing_providers(placement: Placement) -> None:
    one = placement.host(1, VCPU=4)
    two = placement.host(2, VCPU=4, DISK_GB=50)
    placement.host(3, VCPU=4)
    pool = placement.host(9, DISK_GB=1000, traits=[SHARES])
    for member in (one, pool):
        placement.aggregate(member, 77)
    assert placement.candidates("resources=VCPU:1,DISK_GB:10") == [
        {one: {"VCPU": 1}, pool: {"DISK_GB": 10}},
        {two: {"VCPU": 1, "DISK_GB": 10}},
    ]
    assert placement.candidates("resources=VCPU:1") == [
        {one: {"VCPU": 1}},
        {two: {"VCPU": 1}},
        {uuid(3): {"VCPU": 1}},
    ]
    assert placement.candidates("resources=DISK_GB:500") == [{pool: {"DISK_GB": 500}}]


@pytest.mark.parametrize(
    "query",
    [
        "",
        "resources=",
        "resources=VCPU",
        "resources=VCPU:x",
        "resources=VCPU:0",
        "resources=VCPU:99999999999999999999",
        "resources=NO_SUCH:1",
        "resources=VCPU:1&required=NO_SUCH",
        "resources=VCPU:1&required=",
        f"resources=VCPU:1&required={AVX},!{AVX}",
        "resources=VCPU:1&member_of=x",
        f"resources=VCPU:1&member_of={uuid(1)},{uuid(2)}",
        "resources=VCPU:1&in_tree=x",
        "resources=VCPU:1&limit=0",
        "resources=VCPU:1&limit=x",
        "resources=VCPU:1&colour=red",
        "resources1=VCPU:1&resources2=VCPU:1",
        "resources1=VCPU:1&resources2=VCPU:1&group_policy=maybe",
        f"resources=VCPU:1&root_required=in:{AVX},{SSE}",
        f"required={AVX}",
    ],
)
def test_queries_that_make_no_sense(placement: Placement, query: str) -> None:
    placement.get(f"/allocation_candidates?{query}", status=400)


def test_newer_parameters_are_unknown_to_older_microversions(placement: Placement) -> None:
    base = "/allocation_candidates?resources=VCPU:1"
    for version, more in (
        ("1.15", "limit=1"),
        ("1.16", f"required={AVX}"),
        ("1.20", f"member_of={uuid(1)}"),
        ("1.21", f"required=!{AVX}"),
        ("1.24", "resources1=VCPU:1"),
        ("1.30", f"in_tree={uuid(1)}"),
        ("1.31", f"member_of=!{uuid(1)}"),
        ("1.32", "resources_A=VCPU:1"),
        ("1.34", f"root_required={AVX}"),
        ("1.35", "same_subtree=_A"),
        ("1.38", f"required=in:{AVX}"),
    ):
        placement.at(version).get(f"{base}&{more}", status=400)
