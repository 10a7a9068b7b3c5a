"""Security group rules: their nft form and their judgement must say the same."""

from __future__ import annotations

import pytest

from stratolith.network.drivers.base import RuleView
from stratolith.network.drivers.linux.rules import Flow, RemoteSets, matches, members, permits


def rule(**fields):
    fields.setdefault("direction", "ingress")
    fields.setdefault("ethertype", "IPv4")
    return RuleView(**fields)


def text(*rules, direction="ingress"):
    return matches(rules, direction, RemoteSets())


def flow(**fields):
    fields.setdefault("source", "10.0.0.9")
    fields.setdefault("destination", "10.0.0.1")
    fields.setdefault("protocol", 6)
    return Flow(**fields)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, "meta protocol ip"),
        ({"ethertype": "IPv6"}, "meta protocol ip6"),
        ({"protocol": "any"}, "meta protocol ip"),
        ({"protocol": "vrrp"}, "meta protocol ip meta l4proto 112"),
        ({"protocol": "89"}, "meta protocol ip meta l4proto 89"),
        (
            {"protocol": "tcp", "port_range_min": 80, "port_range_max": 80},
            "meta protocol ip meta l4proto 6 th dport 80",
        ),
        (
            {"protocol": "udp", "port_range_min": 1, "port_range_max": 9},
            "meta protocol ip meta l4proto 17 th dport 1-9",
        ),
        (
            {"protocol": "icmp", "port_range_min": 3, "port_range_max": 4},
            "meta protocol ip meta l4proto 1 icmp type 3 icmp code 4",
        ),
        (
            {"protocol": "icmp", "ethertype": "IPv6", "port_range_min": 128},
            "meta protocol ip6 meta l4proto 58 icmpv6 type 128",
        ),
        ({"remote_cidrs": ["0.0.0.0/0"]}, "meta protocol ip"),
    ],
)
def test_match(fields, expected):
    assert text(rule(**fields)) == [expected]


def test_other_direction_and_nobody_are_left_out():
    assert text(rule(direction="egress"), rule(remote_cidrs=[]), rule(remote_cidrs=["::/0"])) == []


def test_remote_sets_are_shared_and_collapsed():
    sets = RemoteSets()
    rules = [
        rule(protocol="tcp", remote_cidrs=["10.0.0.1", "10.0.0.0/24", "10.0.1.0/24"]),
        rule(protocol="udp", remote_cidrs=["10.0.1.0/24", "10.0.0.0/24"]),
    ]
    first, second = matches(rules, "ingress", sets)
    assert first.split("@")[1].split()[0] == second.split("@")[1].split()[0]
    assert [list(one.elements) for one in sets.sets.values()] == [["10.0.0.0/23"]]


GROUP = {"g": members(["10.0.0.8", "fd00::8", "10.0.1.0/24", "10.0.2.0/24", "junk", "1.2.3.4/99"])}


def test_a_security_group_is_one_set_of_each_version_and_its_blocks():
    sets = RemoteSets(GROUP)
    found = matches([rule(remote_cidrs=[], remote_group="g")], "ingress", sets)
    single, blocks = (line.split("@")[1] for line in found)
    assert list(sets.sets[single].elements) == ["10.0.0.8"]
    assert sets.sets[single].flags == ""  # single addresses come and go one by one
    assert list(sets.sets[blocks].elements) == ["10.0.1.0/24", "10.0.2.0/24"]
    six = rule(remote_cidrs=[], remote_group="g", ethertype="IPv6")
    (line,) = matches([six], "ingress", sets)
    assert list(sets.sets[line.split("@")[1]].elements) == ["fd00::8"]


def test_a_security_group_that_nobody_knows_lets_nobody_through():
    sets = RemoteSets({})
    (line,) = matches([rule(remote_cidrs=[], remote_group="x")], "ingress", sets)
    assert dict(sets.sets[line.split("@")[1]].elements) == {}
    assert not permits([rule(remote_cidrs=[], remote_group="x")], "ingress", flow(), {})


def test_a_member_that_may_be_anywhere_opens_everything():
    sets = RemoteSets({"g": members(["10.0.0.8", "0.0.0.0/0"])})
    assert matches([rule(remote_cidrs=[], remote_group="g")], "ingress", sets) == [
        "meta protocol ip"
    ]


@pytest.mark.parametrize(
    ("source", "verdict"), [("10.0.0.8", True), ("10.0.2.9", True), ("10.0.0.9", False)]
)
def test_members_of_a_group_are_let_through(source, verdict):
    of_group = rule(remote_cidrs=[], remote_group="g")
    assert permits([of_group], "ingress", flow(source=source), GROUP) is verdict


@pytest.mark.parametrize("protocol", ["tcp; flush ruleset", "256", "-1", "foo", ""])
def test_unknown_protocol_is_named(protocol):
    with pytest.raises(ValueError, match="unknown protocol"):
        text(rule(protocol=protocol))


@pytest.mark.parametrize(
    ("fields", "packet", "verdict"),
    [
        ({}, {}, True),
        ({"ethertype": "IPv6"}, {}, False),
        ({"direction": "egress"}, {}, False),
        ({"protocol": "udp"}, {}, False),
        (
            {"protocol": "tcp", "port_range_min": 20, "port_range_max": 22},
            {"destination_port": 22},
            True,
        ),
        (
            {"protocol": "tcp", "port_range_min": 20, "port_range_max": 22},
            {"destination_port": 23},
            False,
        ),
        ({"remote_cidrs": ["10.0.0.8/29"]}, {}, True),
        ({"remote_cidrs": ["10.0.0.8"]}, {}, False),
        ({"remote_cidrs": []}, {}, False),
        ({"protocol": "icmp", "port_range_min": 8}, {"protocol": 1, "icmp_type": 8}, True),
        ({"protocol": "icmp", "port_range_min": 8}, {"protocol": 1, "icmp_type": 13}, False),
    ],
)
def test_permits(fields, packet, verdict):
    assert permits([rule(**fields)], "ingress", flow(**packet), {}) is verdict
