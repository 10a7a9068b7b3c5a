"""QoS policies as nft rules, without a kernel."""

from __future__ import annotations

import msgspec
import pytest

from stratolith.network.drivers.base import QosRuleView
from stratolith.network.drivers.linux.plan import build_plan, zone_owners
from stratolith.network.drivers.linux.qos import enforcement as qos
from tests.drivers.network import views

POLICY = "policy-1"


def rule(kind: str, amount: int, direction: str = "egress", burst: int = 0) -> QosRuleView:
    return QosRuleView(type=kind, direction=direction, amount=amount, burst=burst)


def table(*rules: QosRuleView, can_limit: bool = True):
    port = views.port("a", "10.55.0.11", "n1-subnet", qos_policy=POLICY)
    view = views.host([views.network("n1", ports=[port])])
    view = msgspec.structs.replace(view, qos={POLICY: list(rules)})
    zones = {key: number for number, key in enumerate(zone_owners(view), 1)}
    made = build_plan(view, zones, "strato", False, can_limit=can_limit)
    (found,) = [one for one in made.ruleset if one.name == qos.table_name("strato")]
    return made, found


def lines(*rules: QosRuleView) -> list[str]:
    _, found = table(*rules)
    return [line for name, chain in found.chains.items() if "_" in name for line in chain]


@pytest.mark.parametrize(
    ("kind", "amount", "burst", "expected"),
    [
        ("bandwidth_limit", 8000, 4000, ["1000000 bytes/second burst 500000 bytes"]),
        ("bandwidth_limit", 8000, 0, ["1000000 bytes/second burst 800000 bytes"]),
        # a bucket (a second and the burst) has room for the largest frame of a guest
        ("bandwidth_limit", 8, 0, ["1000 bytes/second burst 64536 bytes"]),
        ("bandwidth_limit", 8000, 2**31 - 1, ["1000000 bytes/second burst 4294967295 bytes"]),
        ("bandwidth_limit", 0, 0, []),
        ("bandwidth_limit", 2**31 - 1, 0, []),  # more than a link or the kernel's counter
        ("packet_rate_limit", 1, 0, ["1000/second burst 800 packets"]),
        ("packet_rate_limit", 2, 5, ["2000/second burst 5000 packets"]),
        ("packet_rate_limit", 0, 0, []),
        ("packet_rate_limit", 2**31 - 1, 0, []),
    ],
)
def test_limits(kind: str, amount: int, burst: int, expected: list[str]) -> None:
    wanted = [f"limit rate over {text} drop" for text in expected]
    assert lines(rule(kind, amount, burst=burst)) == wanted


def test_marks_and_directions() -> None:
    _, found = table(rule("dscp_marking", 46), rule("bandwidth_limit", 8, "ingress"))
    assert found.sets.keys() == {"egress", "ingress"}
    assert found.chains["sent"][1] == "iifname vmap @egress"
    assert found.chains["received"][1] == "oifname vmap @ingress"
    assert lines(rule("dscp_marking", 46)) == [
        "ip daddr != 169.254.169.254 ip dscp set 46",  # the mark there proves who asks
        "ip6 daddr != fe80::a9fe:a9fe ip6 dscp set 46",
    ]


def test_a_policy_without_rules_makes_nothing() -> None:
    _, found = table()
    assert not found.sets and not found.chains


def test_a_kernel_that_cannot_is_said_and_harms_no_port() -> None:
    made, found = table(rule("bandwidth_limit", 8), can_limit=False)
    assert not found.chains
    assert made.broken == {POLICY: qos.CANNOT}
    assert [tap.port_id for tap in made.taps] == [views.uid("a")]


@pytest.mark.parametrize(
    "bad",
    [
        rule("bandwidth_limit", -1), rule("bandwidth_limit", 1, "any"), rule("dscp_marking", 64),
        rule("minimum_bandwidth", 1), rule("bandwidth_limit", 1, burst=-1),
    ],
)  # fmt: skip
def test_a_rule_that_no_host_can_enforce(bad: QosRuleView) -> None:
    made, found = table(bad)
    assert list(made.broken) == [POLICY] and not found.chains
