"""Choosing hosts: what fits gets the server, what does not says why, with numbers."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stratolith.compute.scheduler.filters import Candidate, Request
from stratolith.compute.scheduler.place import Refusal, place
from stratolith.kernel import plugins
from stratolith.placement.managers.candidates import Stock
from tests.plugins import install_sample

SMALL = {"VCPU": 1, "MEMORY_MB": 512, "DISK_GB": 1}


def host(name: str, vcpus: int = 4, memory: int = 4096, **more: object) -> Candidate:
    def stock(total: int, ratio: float = 1.0) -> Stock:
        return Stock(total, 0, 1, total, 1, ratio, 0)

    stocks = {"VCPU": stock(vcpus), "MEMORY_MB": stock(memory), "DISK_GB": stock(100)}
    found = Candidate(name, f"uuid-{name}", "nova", True, None, ["x86_64"], {}, stocks)
    for key, value in more.items():
        setattr(found, key, value)
    return found


def names(choices: list[Candidate | Refusal]) -> list[str]:
    """Hosts, and why there is none, as administrators read it."""
    return [one.details if isinstance(one, Refusal) else one.host for one in choices]


def test_spread_and_pack() -> None:
    spread = names(place([host("a"), host("b")], Request(SMALL), 4, "spread"))
    assert Counter(spread) == {"a": 2, "b": 2}
    packed = names(place([host("a"), host("b")], Request(SMALL), 4, "pack"))
    assert Counter(packed).most_common(1)[0][1] == 4


def test_what_does_not_fit_says_so_with_numbers() -> None:
    hosts = [host("a", vcpus=2), host("down", up=False), host("off", disabled_reason="repair")]
    choices = place(hosts, Request({"VCPU": 2, "MEMORY_MB": 100}), 2, "spread")
    assert isinstance(choices[0], Candidate)
    fault = choices[1]
    assert isinstance(fault, Refusal)
    assert fault.message == (
        "No valid host was found. There are not enough hosts for this request."
    )
    assert fault.details.startswith("No valid host was found.")
    assert "Placement: a: VCPU needs 2, has 0 left" in fault.details
    assert "ComputeFilter: the compute service of down is down" in fault.details
    assert "disabled (repair)" in fault.details


@pytest.mark.parametrize(
    ("request_", "told"),
    [
        (Request(SMALL, architecture="s390x"), "what the image needs: the architecture s390x."),
        (Request(SMALL, needs_uefi=True), "what the image needs: UEFI firmware."),
        (Request(SMALL, impossible="the flavor's x=1"), "No host supports the flavor's x=1."),
        (
            Request(SMALL, required_traits=frozenset({"CUSTOM_A"})),
            "the requested traits: CUSTOM_A.",
        ),
        (Request(SMALL, host="elsewhere"), "not enough hosts"),
        (Request(SMALL, zone="west"), "not enough hosts"),
        (Request({"VCPU": 400}), "not enough hosts"),
        (Request(SMALL, different_host=frozenset({"secret1", "secret2"})), "not enough hosts"),
        (Request(SMALL, same_host=frozenset({"secret9"})), "not enough hosts"),
        (
            Request(SMALL, group_policy="anti-affinity", group_hosts={"secret1": 1, "secret2": 1}),
            "not enough hosts",
        ),
    ],
)
def test_a_tenant_reads_what_the_request_lacks_and_nothing_of_hosts(
    request_: Request, told: str
) -> None:
    hosts = [host("secret1"), host("secret2"), host("secret3", up=False)]
    fault = place(hosts, request_, 1, "spread")[0]
    assert isinstance(fault, Refusal)
    assert told in fault.message and fault.message.startswith("No valid host was found. ")
    assert not {word for word in ("secret", "Filter", "Placement") if word in fault.message}
    assert "secret1" in fault.details and "Filter" in fault.details


def test_more_than_a_host_gives_at_once() -> None:
    stocks = {"VCPU": Stock(2, 0, 1, 2, 1, 4.0, 0)}
    one = Candidate("a", "u", "nova", True, None, [], {}, stocks)
    assert (
        "VCPU needs 4, at most 2 at once" in names(place([one], Request({"VCPU": 4}), 1, "pack"))[0]
    )


def test_zone_host_and_architecture() -> None:
    hosts = [host("a"), host("b", zone="east")]
    assert names(place(hosts, Request(SMALL, zone="east"), 1, "spread")) == ["b"]
    assert names(place(hosts, Request(SMALL, host="a"), 1, "spread")) == ["a"]
    fault = names(place(hosts, Request(SMALL, architecture="aarch64"), 1, "spread"))[0]
    assert "ImagePropertiesFilter" in fault and "the image needs aarch64" in fault


def test_architectures_lead_to_the_hosts_that_have_them() -> None:
    hosts = [
        host("pc", uefi=["x86_64"]),
        host("old"),
        host("arm", architectures=["aarch64", "x86_64"], uefi=["aarch64"]),
        host("new", architectures=[]),
    ]

    def chosen(
        architecture: str | None = None, needs_uefi: bool = False, host: str | None = None
    ) -> set[str]:
        request = Request({}, architecture=architecture, needs_uefi=needs_uefi, host=host)
        return set(names(place(hosts, request, 1, "spread")))

    assert chosen(architecture="aarch64") == {"arm"}
    assert chosen(architecture="aarch64", needs_uefi=True) == {"arm"}
    assert chosen(architecture="x86_64", needs_uefi=True) == {"pc"}
    [fault] = chosen(architecture="s390x")
    assert "pc runs the architectures x86_64, the image needs s390x" in fault
    assert "new runs the architectures (not known yet)" in fault
    [fault] = chosen(architecture="x86_64", needs_uefi=True, host="old")
    assert "old has no UEFI firmware" in fault
    # an image that does not say runs as a guest of the host's own architecture
    assert chosen(needs_uefi=True, host="arm") == {"arm"}


def test_hints_of_servers() -> None:
    hosts = [host("a"), host("b")]
    assert names(place(hosts, Request(SMALL, same_host=frozenset({"b"})), 1, "spread")) == ["b"]
    away = Request(SMALL, different_host=frozenset({"a"}))
    assert names(place(hosts, away, 1, "spread")) == ["b"]


def test_server_groups() -> None:
    hosts = [host("a"), host("b")]
    apart = place(hosts, Request(SMALL, group_policy="anti-affinity"), 3, "spread")
    assert sorted(names(apart)[:2]) == ["a", "b"]
    assert "ServerGroupFilter" in names(apart)[2]
    hosts = [host("a"), host("b")]
    together = names(place(hosts, Request(SMALL, group_policy="affinity"), 3, "spread"))
    assert len(set(together)) == 1
    hosts = [host("a"), host("b")]
    soft = names(place(hosts, Request(SMALL, group_policy="soft-anti-affinity"), 4, "pack"))
    assert Counter(soft) == {"a": 2, "b": 2}


def test_without_hosts() -> None:
    assert "no compute host" in names(place([], Request(SMALL), 1, "spread"))[0]


@given(st.lists(st.integers(1, 8), min_size=1, max_size=5), st.integers(1, 30))
def test_no_host_is_ever_overfilled(sizes: list[int], count: int) -> None:
    hosts = [host(f"h{n}", vcpus=size, memory=1 << 20) for n, size in enumerate(sizes)]
    choices = place(hosts, Request({"VCPU": 1}), count, "spread")
    placed = Counter(c.host for c in choices if isinstance(c, Candidate))
    assert all(placed[f"h{n}"] <= size for n, size in enumerate(sizes))
    assert sum(placed.values()) == min(count, sum(sizes))


def test_filters_and_weighers_of_an_installed_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(install_sample(tmp_path)))
    plugins.forget()
    hosts = [host("alpha", vcpus=32), host("omega", vcpus=32), host("beta", vcpus=32)]
    try:
        chosen = place(hosts, Request(SMALL), 2, "sample")
        large = Request({**SMALL, "VCPU": 16})
        [refused] = place(hosts, large, 1, "spread")
    finally:
        plugins.forget()
    assert names(chosen) == ["omega", "omega"]
    assert isinstance(refused, Refusal)
    assert "SampleFilter: alpha takes no server of 16 processors" in refused.details
    assert "alpha" not in refused.message
