"""Addresses: unique, inside the pools, found again after they were given back."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stratolith.kernel import quota
from stratolith.kernel.context import Context
from stratolith.kernel.environment import Environment
from stratolith.network.exceptions.general import InvalidInput
from stratolith.network.exceptions.ports import (
    AllocationOnAutoAddressSubnet,
    InvalidIpForNetwork,
    InvalidIpForSubnet,
    IpAddressAlreadyAllocated,
    IpAddressGenerationFailure,
)
from stratolith.network.managers import networks, ports, subnets
from stratolith.network.managers.addressing import ipam
from stratolith.network.models import Network

from . import rooms


@pytest.fixture
def env(tmp_path: Path) -> Iterator[Environment]:
    found = rooms.environment(tmp_path)
    ctx = rooms.context(found)
    for resource in ("port", "network", "subnet"):
        quota.set_limit(ctx, "p1", resource, -1, found.service("network"))
    ctx.commit()
    yield found
    found.db.dispose()


@pytest.fixture
def ctx(env: Environment) -> Iterator[Context]:
    found = rooms.context(env)
    yield found
    found.close()


def make_network(ctx: Context, *cidrs: str, **values: object) -> Network:
    network = networks.create(ctx, "p1", {"name": "n"})
    for cidr in cidrs:
        version = 6 if ":" in cidr else 4
        described = {"cidr": cidr, "ip_version": version, "enable_dhcp": False, **values}
        subnets.create(ctx, "p1", network, described)
    return network


def addresses(ctx: Context, port_id: str) -> list[str]:
    return [one["ip_address"] for one in ports.fixed_ips(ctx, [port_id]).get(port_id, [])]


def make_port(ctx: Context, network: Network, **values: object) -> str:
    return ports.create(ctx, "p1", {"network_id": network.id, **values}, network=network).id


def test_addresses_are_given_in_order_and_the_gateway_never(ctx: Context) -> None:
    network = make_network(ctx, "10.0.0.0/29")
    given_ = [addresses(ctx, make_port(ctx, network))[0] for _ in range(5)]
    assert given_ == [f"10.0.0.{n}" for n in range(2, 7)]


def test_an_exhausted_subnet_says_so_and_takes_back(ctx: Context) -> None:
    network = make_network(ctx, "10.0.0.0/29")
    made = [make_port(ctx, network) for _ in range(5)]
    with pytest.raises(IpAddressGenerationFailure):
        make_port(ctx, network)
    ports.remove(ctx, ports.get(ctx, made[1]))
    assert addresses(ctx, make_port(ctx, network)) == ["10.0.0.3"]


def test_a_second_subnet_takes_over_when_the_first_is_full(ctx: Context) -> None:
    network = make_network(ctx, "10.0.0.0/30", "10.1.0.0/29")
    found = [addresses(ctx, make_port(ctx, network))[0] for _ in range(3)]
    assert found == ["10.0.0.2", "10.1.0.2", "10.1.0.3"]


def test_one_address_of_each_version(ctx: Context) -> None:
    network = make_network(ctx, "10.0.0.0/24", "fd00::/64")
    assert addresses(ctx, make_port(ctx, network)) == ["10.0.0.2", "fd00::1"]


def test_slaac_addresses_come_from_the_mac(ctx: Context) -> None:
    network = make_network(
        ctx, "fd00::/64", enable_dhcp=True, ipv6_ra_mode="slaac", ipv6_address_mode="slaac"
    )
    port = make_port(ctx, network, mac_address="fa:16:3e:00:00:01")
    assert addresses(ctx, port) == ["fd00::f816:3eff:fe00:1"]
    with pytest.raises(AllocationOnAutoAddressSubnet):
        make_port(ctx, network, fixed_ips=[{"ip_address": "fd00::5"}])


def test_explicit_addresses(ctx: Context) -> None:
    network = make_network(ctx, "10.0.0.0/24")
    port = make_port(ctx, network, fixed_ips=[{"ip_address": "10.0.0.200"}])
    assert addresses(ctx, port) == ["10.0.0.200"]
    for address, error in (
        ("10.0.0.200", IpAddressAlreadyAllocated),
        ("10.9.0.1", InvalidIpForNetwork),
        ("10.0.0.255", InvalidIpForNetwork),
    ):
        with pytest.raises(error):
            make_port(ctx, network, fixed_ips=[{"ip_address": address}])
    subnet_id = ports.subnets_of(ctx, network.id)[0].id
    with pytest.raises(InvalidIpForSubnet):
        make_port(ctx, network, fixed_ips=[{"ip_address": "10.0.0.255", "subnet_id": subnet_id}])


def test_the_same_range_in_two_networks(ctx: Context) -> None:
    one, two = make_network(ctx, "10.0.0.0/24"), make_network(ctx, "10.0.0.0/24")
    assert addresses(ctx, make_port(ctx, one)) == addresses(ctx, make_port(ctx, two))
    with pytest.raises(InvalidInput, match="overlaps"):
        subnets.create(ctx, "p1", one, {"cidr": "10.0.0.128/25", "ip_version": 4})


STEP = st.one_of(
    st.just(("make", 0)),
    st.tuples(st.just("drop"), st.integers(0, 20)),
    st.tuples(st.just("ask"), st.integers(1, 14)),
)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(STEP, max_size=30))
def test_no_address_is_ever_given_twice(env: Environment, steps: list[tuple[str, int]]) -> None:
    """Whatever is made and dropped: addresses are unique, in the pools, and none is lost."""
    ctx = rooms.context(env)
    network = make_network(ctx, "10.0.0.0/28")
    pool = {str(ip) for ip in ipaddress.ip_network("10.0.0.0/28").hosts()} - {"10.0.0.1"}
    held: dict[str, str] = {}
    for step, number in steps:
        if step == "drop":
            if held:
                port = sorted(held)[number % len(held)]
                ports.remove(ctx, ports.get(ctx, port))
                del held[port]
            continue
        asked = f"10.0.0.{number}" if step == "ask" else None
        try:
            wanted = [{"ip_address": asked}] if asked else None
            port = make_port(ctx, network, fixed_ips=wanted)
        except IpAddressGenerationFailure:
            assert set(held.values()) >= pool
        except IpAddressAlreadyAllocated:
            assert asked in held.values()
        else:
            (address,) = addresses(ctx, port)
            assert address not in held.values()
            assert address in pool or address == asked
            held[port] = address
    ctx.close()


def test_eui64_flips_the_universal_bit() -> None:
    assert ipam.eui64("2001:db8::/64", "00:11:22:33:44:55") == "2001:db8::211:22ff:fe33:4455"
