"""Stateless security groups: each packet needs a rule, and none is tracked."""

from __future__ import annotations

import msgspec
import pytest

from stratolith.network.drivers.base import FixedIpView, RuleView
from stratolith.network.drivers.linux.host_kernel import netlink
from tests.drivers.network import views
from tests.drivers.network.guests import PATIENCE, echo

pytestmark = pytest.mark.root

ONLY_LINUX = pytest.mark.parametrize("driver", ["linux"], indirect=True)


@pytest.fixture(params=["linux", "ovn"])
def driver(request):
    return request.getfixturevalue(request.param)


FOUR = {"a": "10.55.0.11", "b": "10.55.0.12", "c": "10.55.0.13"}
SIX = {"a": "fd55::11", "b": "fd55::12", "c": "fd55::13"}


def rule(direction, protocol="tcp", low=None, high=None, ethertype="IPv4"):
    return RuleView(
        direction=direction,
        ethertype=ethertype,
        protocol=protocol,
        port_range_min=low,
        port_range_max=low if high is None else high,
    )


OPEN = [rule("ingress", low=22)]
ANSWERS = [rule("egress", low=1024, high=65535)]  # from port 22 to the client's port
ALL = [*views.EGRESS_ALL, *(RuleView(direction="ingress", ethertype=k) for k in ("IPv4", "IPv6"))]


def port(name, rules, *, stateful):
    made = views.port(name, FOUR[name], "n1-subnet", rules=rules, stateful=stateful)
    six = FixedIpView(subnet_id=views.uid("six"), ip_address=SIX[name])
    return msgspec.structs.replace(made, fixed_ips=[*made.fixed_ips, six])


class Host:
    def __init__(self, driver, guest):
        self.driver, self.guest = driver, guest
        self.generation, self.guests = 0, {}

    def apply(self, *ports):
        self.generation += 1
        made = views.host([views.network("n1", ports=list(ports))], generation=self.generation)
        assert self.driver.apply(made).errors == {}
        for one in ports:
            name = one.hostname
            if name not in self.guests:
                self.guests[name] = self.guest(one, f"{FOUR[name]}/24")
                self.guests[name].sh(f"ip -6 addr add {SIX[name]}/64 dev eth0 nodad")
        return [self.guests[one.hostname] for one in ports]


@pytest.fixture
def host(driver, guest):
    return Host(driver, guest)


def tracked(driver, *addresses):
    """Whether any flow between the addresses is tracked."""
    if driver.name == "ovn":
        lines = driver.ask_switch("dpctl/dump-conntrack").splitlines()
        return any(all(f"src={address}," in line for address in addresses) for line in lines)
    return any(
        flow.source in addresses and flow.destination in addresses for flow in netlink.flows()
    )


def gets_in(a, b, address, port=24, seconds=PATIENCE):
    with b.serving(port, "::" if ":" in address else "0.0.0.0"):
        return a.reaches(address, port, seconds)


def test_answers_need_a_rule_of_their_own(host):
    a, b = host.apply(port("a", ALL, stateful=False), port("b", OPEN, stateful=False))
    with b.serving(22):
        assert not a.reaches(FOUR["b"], 22, 0.7), "the answer has no rule"
    a, b = host.apply(port("a", ALL, stateful=False), port("b", [*OPEN, *ANSWERS], stateful=False))
    with b.serving(22):
        assert a.reaches(FOUR["b"], 22)
    assert not tracked(host.driver, FOUR["a"], FOUR["b"])


@pytest.mark.parametrize("addresses", [FOUR, SIX], ids=["IPv4", "IPv6"])
def test_nothing_is_tracked(host, addresses):
    a, b = host.apply(port("a", ALL, stateful=False), port("b", ALL, stateful=False))
    assert gets_in(a, b, addresses["b"])
    assert not tracked(host.driver, addresses["a"], addresses["b"])
    a, b = host.apply(port("a", ALL, stateful=True), port("b", ALL, stateful=True))
    assert gets_in(a, b, addresses["b"], 25)
    assert tracked(host.driver, addresses["a"], addresses["b"])


def test_a_stateful_neighbour_keeps_its_connections(host):
    """b may only open connections; what a stateless port answers belongs to them."""
    a, b, c = host.apply(
        port("a", ALL, stateful=False),
        port("b", views.EGRESS_ALL, stateful=True),
        port("c", ALL, stateful=False),
    )
    with a.serving(22), b.serving(22):
        assert b.reaches(FOUR["a"], 22)
        assert not a.reaches(FOUR["b"], 22, 0.7)
        assert tracked(host.driver, FOUR["a"], FOUR["b"])
    assert gets_in(b, a, SIX["a"]) and not gets_in(a, b, SIX["b"], seconds=0.7)
    with a.serving(23):
        assert c.reaches(FOUR["a"], 23)
    assert not tracked(host.driver, FOUR["a"], FOUR["c"])


@ONLY_LINUX
def test_a_port_that_becomes_stateful_or_stateless(host):
    """No connection outlives the rules; an allowed one goes on."""
    rules = [*ALL, *ANSWERS]
    a, b = host.apply(port("a", ALL, stateful=True), port("b", rules, stateful=True))
    with b.serving(22), a.connect(FOUR["b"], 22) as sock:
        assert echo(sock)
        host.apply(port("a", ALL, stateful=True), port("b", rules, stateful=False))
        assert echo(sock), "b's rules allow each of its packets"
        host.apply(port("a", ALL, stateful=True), port("b", OPEN, stateful=False))
        sock.settimeout(0.7)
        with pytest.raises(OSError):
            echo(sock)
    host.apply(port("a", ALL, stateful=True), port("b", rules, stateful=False))
    with b.serving(22), a.connect(FOUR["b"], 22) as sock:
        assert echo(sock)
        host.apply(port("a", ALL, stateful=True), port("b", ANSWERS, stateful=True))
        sock.settimeout(0.7)
        with pytest.raises(OSError):
            echo(sock)


def test_a_stateless_port_cannot_forge_its_address(host):
    a, b = host.apply(port("a", ALL, stateful=False), port("b", ALL, stateful=True))
    with b.serving(22) as clients:
        assert a.reaches(FOUR["b"], 22)
        a.sh("ip addr del 10.55.0.11/24 dev eth0; ip addr add 10.55.0.66/24 dev eth0")
        assert not a.reaches(FOUR["b"], 22, 0.7)
    assert clients == [FOUR["a"]]
