"""Rules that name an address group, with real packets of both IP versions."""

from __future__ import annotations

import subprocess

import msgspec
import pytest

from stratolith.network.drivers.base import FixedIpView, RuleView
from tests.drivers.network import views
from tests.drivers.network.guests import PATIENCE, echo
from tests.drivers.network.test_linux_small_changes import table

pytestmark = pytest.mark.root


@pytest.fixture(params=["linux", "ovn"])
def driver(request):
    return request.getfixturevalue(request.param)


FROM_GROUP = [
    RuleView(direction="ingress", ethertype=kind, remote_cidrs=[], address_group="ag")
    for kind in ("IPv4", "IPv6")
]
FOUR, SIX = ("10.55.0.11", "10.55.0.12"), ("fd55::11", "fd55::12")


def ports():
    made = []
    for number, name in enumerate(("a", "b")):
        rules = [*views.EGRESS_ALL, *(FROM_GROUP if name == "b" else [])]
        port = views.port(name, FOUR[number], "n1-subnet", rules=rules)
        six = FixedIpView(subnet_id=views.uid("six"), ip_address=SIX[number])
        made.append(msgspec.structs.replace(port, fixed_ips=[*port.fixed_ips, six]))
    return made


def view(generation, *addresses):
    made = views.host([views.network("n1", ports=ports())], generation=generation)
    return msgspec.structs.replace(made, address_groups={"ag": sorted(addresses)})


def two_guests(guest):
    guests = [guest(port, f"{FOUR[n]}/24") for n, port in enumerate(ports())]
    for n, one in enumerate(guests):
        one.sh(f"ip -6 addr add {SIX[n]}/64 dev eth0 nodad")
    return guests


def gets_in(a, b, address, port, expected):
    """Whether b answers a; for what is expected, a busy machine gets more time."""
    with b.serving(port, "::" if ":" in address else "0.0.0.0"):
        return a.reaches(address, port, PATIENCE if expected else 0.7)


@pytest.mark.parametrize(
    ("addresses", "four", "six"),
    [
        ((), False, False),
        (("10.55.0.11/32",), True, False),
        (("10.55.0.99/32", "fd55::11/128"), False, True),
        (("10.0.0.0/8", "10.55.0.0/24", "fd55::/64", "fd55::10/124"), True, True),  # overlapping
        (("10.55.0.0/25", "10.55.0.128/25"), True, False),  # neighbours
        (("0.0.0.0/0",), True, False),
        (("::/0",), False, True),
    ],
)
def test_only_addresses_of_the_group_get_in(driver, guest, addresses, four, six):
    assert driver.apply(view(1, *addresses)).errors == {}
    a, b = two_guests(guest)
    assert gets_in(a, b, FOUR[1], 22, four) == four
    assert gets_in(a, b, SIX[1], 23, six) == six


def test_a_changed_group_is_changed_in_place(driver, guest):
    """The tables are not made anew, and what the group loses is ended at once."""
    assert driver.apply(view(1, "192.0.2.1/32", "198.51.100.0/24")).errors == {}
    a, b = two_guests(guest)
    before = table()
    steps = [
        (("10.55.0.11/32", "192.0.2.1/32", "198.51.100.0/24"), True),
        (("192.0.2.1/32", "198.51.100.0/24"), False),
        (("192.0.2.1/32", "198.51.100.0/24", "10.55.0.0/28"), True),
        (("192.0.2.1/32", "198.51.100.0/24", "10.55.0.0/27"), True),
        (("198.51.100.0/24", "10.55.0.0/29"), False),
        (("198.51.100.0/24", "10.55.0.8/29", "10.55.0.0/29"), True),
    ]
    for generation, (addresses, open_) in enumerate(steps, 2):
        assert driver.apply(view(generation, *addresses)).errors == {}
        assert gets_in(a, b, FOUR[1], 100 + generation, open_) == open_, addresses
    assert table() == before
    with b.serving(22), a.connect(FOUR[1], 22) as sock:
        assert echo(sock)
        assert driver.apply(view(20, "10.55.0.11/32", "192.0.2.0/24")).errors == {}
        assert echo(sock), "the address is still in the group"
        assert driver.apply(view(21, "192.0.2.0/24")).errors == {}
        sock.settimeout(0.7)
        with pytest.raises(OSError):
            echo(sock)


@pytest.mark.parametrize("driver", ["linux"], indirect=True)
def test_one_address_more_of_many_is_one_element(driver, monkeypatch):
    """Of a group with 500 addresses and 500 blocks."""
    many = [f"10.{n // 250}.{n % 250}.1/32" for n in range(500)]
    many += [f"172.{16 + n // 250}.{n % 250}.0/25" for n in range(500)]
    assert driver.apply(view(1, *many)).errors == {}
    loaded = []
    run = subprocess.run

    def noting(command, *args, **options):
        if command[:2] == ["nft", "-f"]:
            loaded.append(options["input"])
        return run(command, *args, **options)

    monkeypatch.setattr(subprocess, "run", noting)
    for generation, address in enumerate(("10.99.0.1/32", "172.30.0.0/25", "fd00::/64"), 2):
        loaded.clear()
        many.append(address)
        assert driver.apply(view(generation, *many)).errors == {}
        assert len(loaded) == 1 and len(loaded[0]) < 2000, loaded
