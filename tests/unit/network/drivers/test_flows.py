"""Which ports' flows are checked after a change: those that may have lost their permission."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from stratolith.network.drivers.base import RuleView
from stratolith.network.drivers.linux.host_kernel.conntrack import ports_to_check
from stratolith.network.drivers.linux.objects import PortFlows
from tests.drivers.network import views

WEB, SSH, DNS = views.tcp_in(80), views.tcp_in(22), views.tcp_in(53)
OF_GROUP = RuleView(direction="ingress", ethertype="IPv4", remote_cidrs=[], remote_group="g")
PORT = PortFlows(
    port_id="p",
    zone=1,
    addresses=("10.0.0.3",),
    filtered=True,
    admin_state_up=True,
    rules=(WEB, OF_GROUP),
)


@pytest.mark.parametrize(
    ("changes", "checked"),
    [
        ({}, False),
        ({"rules": (SSH, WEB, OF_GROUP)}, False),
        ({"rules": (WEB, SSH, OF_GROUP, DNS)}, False),
        ({"rules": (WEB,)}, True),
        ({"rules": (SSH, OF_GROUP)}, True),
        ({"rules": ()}, True),
        ({"rules": (WEB, OF_GROUP, SSH), "admin_state_up": False}, True),
        ({"rules": (WEB, OF_GROUP, SSH), "addresses": ("10.0.0.4",)}, True),
        ({"filtered": False}, True),
    ],
)
def test_flows_are_checked_unless_a_port_only_got_rules(
    changes: dict[str, Any], checked: bool
) -> None:
    now = msgspec.structs.replace(PORT, **changes)
    assert bool(ports_to_check({"p": PORT}, {"p": now}, set())) is checked


def test_flows_are_checked_when_a_group_of_a_rule_lost_an_address() -> None:
    now = msgspec.structs.replace(PORT, rules=(WEB, OF_GROUP, SSH))
    assert ports_to_check({"p": PORT}, {"p": now}, {"g"}) == [now]
    assert ports_to_check({"p": PORT}, {"p": now}, {"other"}) == []


def test_a_new_port_has_no_flows() -> None:
    assert ports_to_check({}, {"p": PORT}, {"g"}) == []
