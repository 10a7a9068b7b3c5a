"""The external network's choice and its collisions."""

from __future__ import annotations

from ipaddress import IPv4Network

import pytest

from stratolith.deploy import external
from stratolith.deploy.errors import DeployError
from stratolith.kernel.bootstrap import SeedExternal


def chosen(**values: str) -> SeedExternal:
    names = {"cidr": "", "range_": "", "gateway": ""} | values
    return external.choose(names["cidr"], names["range_"], names["gateway"], {})


def test_default_is_that_of_devstack() -> None:
    assert chosen() == SeedExternal(
        cidr="172.24.4.0/24",
        range_start="172.24.4.2",
        range_end="172.24.4.254",
        gateway="172.24.4.1",
    )


def test_environment_is_honoured_and_flags_beat_it() -> None:
    environ = {
        "EXT_NET_CIDR": "10.0.2.0/24",
        "EXT_NET_RANGE": "start=10.0.2.150,end=10.0.2.199",
        "EXT_NET_GATEWAY": "10.0.2.1",
    }
    found = external.choose(None, None, None, environ)
    assert (found.cidr, found.range_start, found.range_end, found.gateway) == (
        "10.0.2.0/24", "10.0.2.150", "10.0.2.199", "10.0.2.1",
    )  # fmt: skip
    assert external.choose(None, None, "10.0.2.9", environ).gateway == "10.0.2.9"


@pytest.mark.parametrize(
    ("gateway", "start", "end"),
    [
        ("10.9.9.1", "10.9.9.2", "10.9.9.14"),
        ("10.9.9.14", "10.9.9.1", "10.9.9.13"),
        ("10.9.9.4", "10.9.9.5", "10.9.9.14"),
        ("10.9.9.12", "10.9.9.1", "10.9.9.11"),
    ],
)
def test_default_range_leaves_the_gateway_out(gateway: str, start: str, end: str) -> None:
    found = chosen(cidr="10.9.9.0/28", gateway=gateway)
    assert (found.range_start, found.range_end) == (start, end)


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"cidr": "10.0.0.1/24"}, "no IPv4 network"),
        ({"cidr": "fd00::/64"}, "no IPv4 network"),
        ({"cidr": "10.0.0.0/30"}, "too small"),
        ({"range_": "172.24.4.10-172.24.4.20"}, "cannot be read"),
        ({"range_": "start=172.24.4.300,end=172.24.4.20"}, "start of the range"),
        ({"range_": "start=172.24.4.30,end=172.24.4.20"}, "ends .* before it starts"),
        ({"range_": "start=10.1.1.1,end=10.1.1.2"}, "no host address"),
        ({"range_": "start=172.24.4.1,end=172.24.4.9"}, "gateway 172.24.4.1 lies in"),
        ({"range_": "start=172.24.4.9,end=172.24.4.255"}, "no host address"),
        ({"gateway": "172.24.5.1"}, "gateway 172.24.5.1 is no host address"),
        ({"gateway": "nonsense"}, "is no address"),
    ],
)
def test_nonsense_is_refused_by_name(values: dict[str, str], text: str) -> None:
    with pytest.raises(DeployError, match=text):
        chosen(**values)


def test_routes_are_read_without_the_default_one() -> None:
    routes = [
        {"dst": "default", "gateway": "192.0.2.1", "dev": "eth0"},
        {"dst": "192.0.2.0/24", "dev": "eth0"},
        {"type": "local", "dst": "192.0.2.2", "dev": "eth0"},
        {"type": "broadcast", "dst": "192.0.2.255", "dev": "eth0"},
        {"dst": "10.1.0.0/16", "gateway": "192.0.2.9"},
    ]
    assert external.parse_routes(routes) == {
        IPv4Network("192.0.2.0/24"): "eth0",
        IPv4Network("192.0.2.2/32"): "eth0",
        IPv4Network("10.1.0.0/16"): "a gateway",
    }


def test_an_overlap_names_network_device_and_a_free_range() -> None:
    used = {IPv4Network("172.24.0.0/16"): "eth0", IPv4Network("172.31.251.7/32"): "tun0"}
    with pytest.raises(DeployError) as caught:
        external.require_no_overlap(chosen(), used)
    assert "172.24.0.0/16" in caught.value.problem
    assert "eth0" in caught.value.problem
    assert caught.value.fix.endswith("--external-cidr 192.168.251.0/24")


def test_a_network_inside_the_wanted_one_overlaps_too() -> None:
    with pytest.raises(DeployError, match="overlaps"):
        external.require_no_overlap(chosen(), {IPv4Network("172.24.4.77/32"): "tun0"})


def test_this_host_is_readable_and_loopback_is_seen() -> None:
    assert any(network.is_loopback for network in external.host_networks())
