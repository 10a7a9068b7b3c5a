"""Views with junk in them: what is wrong is left out alone, everybody else is served."""

from __future__ import annotations

import subprocess

import msgspec
import pytest

from stratolith.network.drivers.base import AddressPair, FixedIpView, RuleView
from stratolith.network.drivers.linux.filtering import culprits
from stratolith.network.drivers.linux.host_kernel import namespaces
from tests.drivers.network import views
from tests.drivers.network.dhcp_client import lease

pytestmark = pytest.mark.root

JUNK = ["", "junk", "fe80::%eth0", "10.0.0.0/99", '"; flush ruleset', "x\ny", "\0", "é", "a" * 300]


class Unseen(str):
    """A word that passes every check and becomes another one when it is written into a rule."""

    def __format__(self, spec: str) -> str:
        return f'{self!s}" nonsense "'


def bad_ports():
    mac = views.mac_of("pair")

    def port(number, **fields):
        return views.port(f"bad{number}", f"10.55.0.{100 + number}", "n1-subnet", **fields)

    made = []
    for number, word in enumerate(JUNK):
        rule = RuleView(direction="ingress", ethertype="IPv4", protocol=word or "x")
        remote = RuleView(direction="ingress", ethertype="IPv6", remote_cidrs=[word])
        fixed = FixedIpView(subnet_id="s", ip_address=word or "x")
        pair = AddressPair(ip_address=word or "x", mac_address=mac)
        of_mac = AddressPair(ip_address="10.0.0.1", mac_address=word)
        made += [
            port(number, rules=[rule]),
            port(number + 10, rules=[remote]),
            port(number + 20, allowed_address_pairs=[pair]),
            port(number + 30, allowed_address_pairs=[of_mac]),
            msgspec.structs.replace(port(number + 40), mac=word),
            msgspec.structs.replace(port(number + 50), fixed_ips=[fixed]),
        ]  # fmt: skip
    made.append(port(70, rules=[msgspec.structs.replace(views.tcp_in(9), port_range_max=5)]))
    made.append(port(71, rules=[views.tcp_in(70000)]))
    made.append(port(72, rules=[msgspec.structs.replace(views.tcp_in(300), protocol="icmp")]))
    return made


def test_every_bad_port_is_left_out_alone(driver, guest):
    good = views.port(
        "good", "10.55.0.13", "n1-subnet", rules=[*views.EGRESS_ALL, views.tcp_in(22)]
    )
    other = views.port("other", "10.55.0.14", "n1-subnet")
    bad = bad_ports()
    applied = driver.apply(views.host([views.network("n1", ports=[good, *bad, other])]))
    assert set(applied.errors) == {one.id for one in bad}
    assert applied.ports == [good.id, other.id]
    one, two = guest(good, "10.55.0.13/24"), guest(other, "10.55.0.14/24")
    with one.serving(22), one.serving(23):
        assert two.reaches("10.55.0.13", 22)
        assert not two.reaches("10.55.0.13", 23, 0.5)


def test_odd_words_for_dhcp_harm_no_neighbour(driver, guest):
    """Names and options of ports on one network, as a shared one has them."""
    good = views.port("good", "10.55.0.13", "n1-subnet")
    odd = [
        views.port(
            f"odd{number}", f"10.55.0.{100 + number}", "n1-subnet",
            extra_dhcp_opts=[(option, word) for option in ("mtu", "150", "nonsense", "option:x")],
        )
        for number, word in enumerate(JUNK)
    ]  # fmt: skip
    odd = [msgspec.structs.replace(one, hostname=word) for one, word in zip(odd, JUNK, strict=True)]
    applied = driver.apply(views.host([views.network("n1", ports=[good, *odd], dhcp=True)]))
    assert set(applied.errors) <= {one.id for one in odd}
    assert good.id in applied.ports
    one = guest(good)
    assert namespaces.run_in(one.name, lambda: lease("eth0", one.mac))[0] == "10.55.0.13"


def test_what_nft_refuses_is_found_and_left_out(driver, guest):
    good = [
        views.port(
            f"g{n}", f"10.55.0.{n}", "n1-subnet", rules=[*views.EGRESS_ALL, views.tcp_in(22)]
        )
        for n in range(10, 17)
    ]
    bad = [views.port(f"b{n}", f"10.55.0.{n}", "n1-subnet") for n in (31, 32)]
    assert not driver.apply(views.host([views.network("n1", ports=[*good, *bad])])).errors
    # the name says that they changed: taps are equal as words
    worse = [msgspec.structs.replace(one, tap=Unseen(one.tap), hostname="worse") for one in bad]
    ports = [*good[:3], worse[0], *good[3:], worse[1]]
    view = views.host([views.network("n1", ports=ports)])
    for _ in range(2):  # the second time it is known
        applied = driver.apply(view)
        assert set(applied.errors) == {one.id for one in bad}
        assert "nft" in applied.errors[bad[0].id]
        assert set(applied.ports) == {one.id for one in good}
        links = subprocess.run(["ip", "-o", "link"], capture_output=True, text=True).stdout
        assert all(one.tap not in links for one in bad)  # a tap without rules is an open door
    one, two = guest(good[0], "10.55.0.10/24"), guest(good[1], "10.55.0.11/24")
    with one.serving(22), one.serving(23):
        assert two.reaches("10.55.0.10", 22)
        assert not two.reaches("10.55.0.10", 23, 0.5)
    again = driver.apply(views.host([views.network("n1", ports=[*good, *bad])]))
    assert again.errors == {}
    assert len(again.ports) == 9


@pytest.mark.parametrize("bad", [{1}, {0, 6}, {2, 3, 4}, set(range(7)), set()])
def test_culprits_among_many(bad):
    ports = [str(number) for number in range(7)]

    def complaint(without: frozenset[str]) -> str | None:
        left = {str(number) for number in bad} - without
        return f"because of {sorted(left)}" if left else None

    assert set(culprits.find(ports, complaint)) == {str(number) for number in bad}


def test_two_that_only_collide():
    def complaint(without: frozenset[str]) -> str | None:
        return None if {"1", "5"} & without else "1 and 5"

    assert complaint(frozenset(culprits.find([str(n) for n in range(7)], complaint))) is None


def test_a_fault_of_no_port():
    assert culprits.find(["1", "2"], lambda _: "broken") == {}
