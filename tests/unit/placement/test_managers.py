"""The managers that compute works with: providers, inventories, claims, candidates."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stratolith.kernel.context import Context
from stratolith.kernel.environment import Environment
from stratolith.kernel.exceptions import Conflict
from stratolith.placement.exceptions import (
    CapacityExceeded,
    ConcurrentUpdate,
    DuplicateName,
    InvalidInventory,
    InvalidParent,
    InventoryInUse,
    NoAllocations,
    ProviderHasChildren,
    ProviderInUse,
    UnknownProvider,
    UnknownResourceClass,
)
from stratolith.placement.managers import (
    aggregates,
    allocations,
    candidates,
    inventories,
    providers,
    traits,
    usages,
)


def uuid(number: int) -> str:
    return f"00000000-0000-0000-0000-{number:012d}"


def make_host(ctx: Context, number: int, vcpus: int = 4, memory: int = 1024) -> str:
    providers.ensure(ctx, uuid(number), f"host{number}")
    inventories.replace(
        ctx,
        uuid(number),
        {"VCPU": {"total": vcpus, "allocation_ratio": 2.0}, "MEMORY_MB": {"total": memory}},
    )
    return uuid(number)


def test_ensure_makes_once_and_renames(ctx: Context) -> None:
    first = providers.ensure(ctx, uuid(1), "host1")
    again = providers.ensure(ctx, uuid(1), "renamed")
    assert first is again
    assert again.name == "renamed"
    assert again.root_uuid == uuid(1)
    with pytest.raises(DuplicateName):
        providers.ensure(ctx, uuid(2), "renamed")


def test_a_child_knows_its_root(ctx: Context) -> None:
    providers.ensure(ctx, uuid(1), "root")
    providers.ensure(ctx, uuid(2), "child", parent=uuid(1))
    leaf = providers.ensure(ctx, uuid(3), "leaf", parent=uuid(2))
    assert leaf.root_uuid == uuid(1)
    with pytest.raises(ProviderHasChildren):
        providers.delete(ctx, uuid(2))
    with pytest.raises(InvalidParent):
        providers.ensure(ctx, uuid(4), "orphan", parent=uuid(9))


def test_moving_a_subtree_moves_its_roots_and_never_makes_a_loop(ctx: Context) -> None:
    for number, parent in ((1, None), (2, 1), (3, 2), (4, None)):
        providers.ensure(ctx, uuid(number), f"p{number}", parent=uuid(parent) if parent else None)
    with pytest.raises(InvalidParent):
        providers.set_parent(ctx, providers.get(ctx, uuid(2)), uuid(3), movable=True)
    with pytest.raises(InvalidParent):
        providers.set_parent(ctx, providers.get(ctx, uuid(2)), uuid(4), movable=False)
    providers.set_parent(ctx, providers.get(ctx, uuid(2)), uuid(4), movable=True)
    ctx.session.expire_all()
    assert providers.get(ctx, uuid(3)).root_uuid == uuid(4)


def test_the_same_inventory_again_changes_nothing(ctx: Context) -> None:
    host = make_host(ctx, 1)
    before = providers.get(ctx, host).generation
    make_host(ctx, 1)
    assert providers.get(ctx, host).generation == before
    make_host(ctx, 1, vcpus=8)
    assert providers.get(ctx, host).generation == before + 1


def test_inventory_is_checked(ctx: Context) -> None:
    providers.ensure(ctx, uuid(1), "host1")
    with pytest.raises(InvalidInventory):
        inventories.replace(ctx, uuid(1), {"VCPU": {"total": 4, "reserved": 5}})
    with pytest.raises(UnknownResourceClass):
        inventories.replace(ctx, uuid(1), {"CUSTOM_NONE": {"total": 4}})
    with pytest.raises(ConcurrentUpdate):
        inventories.replace(ctx, uuid(1), {"VCPU": {"total": 4}}, generation=7)


def test_claims_add_up_and_the_last_one_is_refused(ctx: Context) -> None:
    host = make_host(ctx, 1, vcpus=2, memory=1024)  # 4 VCPU with the ratio
    for number in (11, 12):
        allocations.claim(ctx, uuid(number), host, {"VCPU": 2, "MEMORY_MB": 256}, "p", "u")
    with pytest.raises(CapacityExceeded, match="4 of 4 are used") as refused:
        allocations.claim(ctx, uuid(13), host, {"VCPU": 1, "MEMORY_MB": 256}, "p", "u")
    assert isinstance(refused.value, Conflict)
    assert usages.of_provider(ctx, host) == {"VCPU": 4, "MEMORY_MB": 512}
    assert allocations.release(ctx, uuid(11))
    assert not allocations.release(ctx, uuid(11))
    assert usages.of_project(ctx, "p") == {"VCPU": 2, "MEMORY_MB": 256}


def test_a_claim_replaces_what_the_consumer_held(ctx: Context) -> None:
    one, two = make_host(ctx, 1), make_host(ctx, 2)
    allocations.claim(ctx, uuid(11), one, {"VCPU": 8, "DISK_GB": 0}, "p", "u")
    allocations.claim(ctx, uuid(11), one, {"VCPU": 7}, "p", "u")  # its own use is no obstacle
    assert allocations.of_consumer(ctx, uuid(11)) == {one: {"VCPU": 7}}
    allocations.claim(ctx, uuid(11), two, {"VCPU": 1}, "p", "u")
    assert allocations.of_consumer(ctx, uuid(11)) == {two: {"VCPU": 1}}
    allocations.move(ctx, uuid(11), uuid(12))
    assert allocations.of_consumer(ctx, uuid(11)) == {}
    assert allocations.of_consumer(ctx, uuid(12)) == {two: {"VCPU": 1}}


def test_an_adjustment_changes_only_what_it_names(ctx: Context) -> None:
    one, two = make_host(ctx, 1, vcpus=2, memory=1024), make_host(ctx, 2, vcpus=2)
    with pytest.raises(NoAllocations):
        allocations.adjust(ctx, uuid(11), {one: {"VCPU": 1}})
    allocations.claim(ctx, uuid(11), one, {"VCPU": 2, "MEMORY_MB": 256}, "p", "u")
    with pytest.raises(UnknownProvider):
        allocations.adjust(ctx, uuid(11), {uuid(9): {"VCPU": 1}})
    allocations.adjust(ctx, uuid(11), {one: {"VCPU": 2}, two: {"VCPU": 1}})
    both = {one: {"VCPU": 4, "MEMORY_MB": 256}, two: {"VCPU": 1}}
    assert allocations.of_consumer(ctx, uuid(11)) == both
    for changes in ({one: {"VCPU": 1}}, {one: {"VCPU": -1}, two: {"VCPU": 4}}):
        with ctx.session.begin_nested() as part, pytest.raises(CapacityExceeded):
            try:
                allocations.adjust(ctx, uuid(11), changes)
            finally:
                part.rollback()
        assert allocations.of_consumer(ctx, uuid(11)) == both
    inventories.replace(ctx, one, {"VCPU": {"total": 1}, "MEMORY_MB": {"total": 1024}})
    allocations.adjust(ctx, uuid(11), {one: {"VCPU": -3}, two: {"VCPU": -5}})  # less always fits
    assert allocations.of_consumer(ctx, uuid(11)) == {one: {"VCPU": 1, "MEMORY_MB": 256}}


def test_claims_on_what_is_not_there(ctx: Context) -> None:
    host = make_host(ctx, 1)
    with pytest.raises(UnknownProvider):
        allocations.claim(ctx, uuid(11), uuid(9), {"VCPU": 1}, "p", "u")
    with pytest.raises(CapacityExceeded, match="no inventory of DISK_GB"):
        allocations.claim(ctx, uuid(11), host, {"DISK_GB": 1}, "p", "u")


def test_what_is_in_use_cannot_go(ctx: Context) -> None:
    host = make_host(ctx, 1)
    allocations.claim(ctx, uuid(11), host, {"VCPU": 1}, "p", "u")
    with pytest.raises(InventoryInUse):
        inventories.replace(ctx, host, {"MEMORY_MB": {"total": 1}})
    with pytest.raises(ProviderInUse):
        providers.delete(ctx, host)
    allocations.release(ctx, uuid(11))
    providers.delete(ctx, host)


def test_find_filters_by_room_traits_and_aggregates(ctx: Context) -> None:
    for number in (1, 2, 3):
        make_host(ctx, number)
    traits.set_for(ctx, uuid(1), {"HW_CPU_X86_AVX2", "CUSTOM_GOLD"})
    traits.set_for(ctx, uuid(2), {"HW_CPU_X86_AVX2"})
    aggregates.set_for(ctx, uuid(2), {uuid(77)})
    allocations.claim(ctx, uuid(11), uuid(3), {"VCPU": 7}, "p", "u")

    def names(*args: object, **options: object) -> list[str]:
        return [one.name for one in candidates.find(ctx, *args, **options)]  # type: ignore[arg-type]

    assert names({"VCPU": 2}) == ["host1", "host2"]
    assert names({"VCPU": 1}) == ["host1", "host2", "host3"]
    assert names({"VCPU": 1}, limit=2) == ["host1", "host2"]
    assert names({"VCPU": 1, "MEMORY_MB": 2000}) == []
    assert names({"VCPU": 1}, required={"HW_CPU_X86_AVX2", "CUSTOM_GOLD"}) == ["host1"]
    assert names({"VCPU": 1}, forbidden={"CUSTOM_GOLD"}) == ["host2", "host3"]
    assert names({"VCPU": 1}, member_of=[{uuid(77), uuid(78)}]) == ["host2"]
    found = candidates.find(ctx, {"VCPU": 1, "DISK_GB": 0})[2].stocks["VCPU"]
    assert (found.total, found.capacity, found.used, found.free) == (4, 8, 7, 1)


def test_explain_tells_each_host_its_numbers(ctx: Context) -> None:
    assert candidates.explain(ctx, {"VCPU": 1}) == ["no host has reported any resources"]
    make_host(ctx, 1, vcpus=1)
    make_host(ctx, 2)
    traits.set_for(ctx, uuid(2), {"CUSTOM_GOLD"})
    told = candidates.explain(
        ctx, {"VCPU": 4, "MEMORY_MB": 2048, "DISK_GB": 1}, forbidden={"CUSTOM_GOLD"}
    )
    assert told == [
        "host1: VCPU needs 4, has 2 left; MEMORY_MB needs 2048, has 1024 left; "
        "DISK_GB needs 1, has none",
        "host2: lacks not CUSTOM_GOLD",
    ]


def test_threads_never_take_the_same_unit_twice(env: Environment) -> None:
    def transact(work: Callable[[Context], object]) -> object:
        ctx = Context(env, write=True)
        try:
            result = work(ctx)
            ctx.commit()
            return result
        finally:
            ctx.close()

    host = str(transact(lambda ctx: make_host(ctx, 1, vcpus=3, memory=10**6)))  # 6 VCPU
    taken: list[int] = []

    def attempt(number: int) -> None:
        try:
            transact(lambda ctx: allocations.claim(ctx, uuid(number), host, {"VCPU": 1}, "p", "u"))
            taken.append(number)
        except CapacityExceeded:
            pass

    threads = [threading.Thread(target=attempt, args=(number,)) for number in range(100, 112)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == 6
    assert transact(lambda ctx: usages.of_provider(ctx, host)["VCPU"]) == 6


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.tuples(st.integers(1, 4), st.integers(1, 2), st.integers(0, 6), st.booleans()),
        max_size=12,
    )
)
def test_no_sequence_of_claims_exceeds_the_capacity(
    env: Environment, acts: list[tuple[int, int, int, bool]]
) -> None:
    ctx = Context(env, write=True)
    try:
        hosts = {number: make_host(ctx, number) for number in (1, 2)}
        expected: dict[int, tuple[int, int]] = {}
        for consumer, host, amount, releases in acts:
            if releases:
                allocations.release(ctx, uuid(100 + consumer))
                expected.pop(consumer, None)
                continue
            others = sum(n for c, (h, n) in expected.items() if h == host and c != consumer)
            try:
                with ctx.session.begin_nested():
                    allocations.claim(
                        ctx, uuid(100 + consumer), hosts[host], {"VCPU": amount}, "p", "u"
                    )
            except CapacityExceeded:
                assert others + amount > 8
                continue
            assert others + amount <= 8
            expected.pop(consumer, None)
            if amount:
                expected[consumer] = (host, amount)
        for number, host_uuid in hosts.items():
            wanted = sum(n for h, n in expected.values() if h == number)
            assert usages.of_provider(ctx, host_uuid)["VCPU"] == wanted
    finally:
        ctx.close()
