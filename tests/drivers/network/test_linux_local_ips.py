"""Local IPs with real packets: guests of one host reach an address as a port of this host."""

from __future__ import annotations

import subprocess

import msgspec
import pytest

from stratolith.network.drivers.base import LocalIpView, RuleView
from tests.drivers.network import views
from tests.drivers.network.guests import Guest, echo, ping

pytestmark = pytest.mark.root
LOCAL = "10.55.0.100"
ADDRESSES = {"a": "10.55.0.11", "b": "10.55.0.12", "owner": LOCAL}
ALL = [*views.EGRESS_ALL, RuleView(direction="ingress", ethertype="IPv4")]
SHORT = 0.7


def local_ip(to="10.55.0.12", passthrough=False, address=LOCAL, name="lip"):
    return LocalIpView(id=views.uid(name), address=address, fixed_ip=to, passthrough=passthrough)


def view(generation=1, *, only=("a", "b", "owner"), rules=None, **fields):
    """The guests a and b, and the address's owner; ``fields``: of the port b."""
    ports = []
    for name in only:
        own = fields if name == "b" else {}
        own = {"rules": (rules or {}).get(name, ALL), **own}
        ports.append(views.port(name, ADDRESSES[name], "n1-subnet", **own))
    return views.host([views.network("n1", ports=ports)], generation=generation)


def guests_of(guest, made):
    ports = {port.hostname: port for port in made.networks[0].ports}
    return {name: guest(port, f"{ADDRESSES[name]}/24") for name, port in ports.items()}


def applied(driver, made):
    result = driver.apply(made)
    assert result.errors == {}
    assert set(result.ports) == {port.id for port in made.networks[0].ports}


def reached(asking: Guest, guests, address=LOCAL, port=80) -> str:
    """Which guest answers there."""
    names = [name for name, server in guests.items() if server is not asking]
    with guests[names[0]].serving(port) as first, guests[names[1]].serving(port) as second:
        assert asking.reaches(address, port)
        return names[0] if first else names[1] if second else "neither"


def mac_for(guest: Guest, address=LOCAL) -> str:
    return guest.sh(f"ip neigh show {address}").split("lladdr ")[1].split()[0]


def test_guests_reach_the_associated_port(driver, guest):
    made = view(local_ips=[local_ip()])
    applied(driver, made)
    guests = guests_of(guest, made)
    a, b = guests["a"], guests["b"]
    assert reached(a, guests) == "b"
    assert mac_for(a) == b.mac
    assert ping(a, b"\x08", LOCAL), "the answer comes from the local IP"
    assert reached(a, guests, ADDRESSES["b"]) == "b", "its own address works as before"
    assert ping(a, b"\x08", ADDRESSES["b"])
    assert reached(guests["owner"], guests, ADDRESSES["b"]) == "b"


def test_the_port_itself_reaches_the_owner(driver, guest):
    made = view(local_ips=[local_ip()])
    applied(driver, made)
    guests = guests_of(guest, made)
    assert reached(guests["b"], guests) == "owner"


def test_without_an_association_the_owner_is_reached(driver, guest):
    applied(driver, view())
    guests = guests_of(guest, view())
    assert reached(guests["a"], guests) == "owner"
    applied(driver, view(2, local_ips=[local_ip()]))
    assert reached(guests["a"], guests, port=81) == "b", "also with the owner's MAC address known"
    applied(driver, view(3))
    guests["a"].sh("ip neigh flush all")
    assert reached(guests["a"], guests, port=82) == "owner"


def test_big_packets_of_udp(driver, guest):
    made = view(local_ips=[local_ip()])
    applied(driver, made)
    guests = guests_of(guest, made)
    for name in ("a", "b"):
        guests[name].sh("ip link set eth0 mtu 1450")
    with guests["b"].answering_udp(53):
        assert guests["a"].asks_udp(ADDRESSES["b"], 53, b"x" * 4000) == (ADDRESSES["b"], 4000)
        assert guests["a"].asks_udp(LOCAL, 53, b"x" * 4000) == (LOCAL, 4000)


def test_security_groups_see_the_real_addresses(driver, guest):
    from_a = [*views.EGRESS_ALL, views.tcp_in(22, [f"{ADDRESSES['a']}/32"])]
    made = view(local_ips=[local_ip()], rules={"b": from_a})
    applied(driver, made)
    guests = guests_of(guest, made)
    with guests["b"].serving(22), guests["b"].serving(23):
        assert guests["a"].reaches(LOCAL, 22)
        assert not guests["a"].reaches(LOCAL, 23, SHORT)
    to_b = [RuleView(direction="egress", ethertype="IPv4", remote_cidrs=["10.55.0.12/32"])]
    applied(driver, view(2, local_ips=[local_ip()], rules={"a": to_b}))
    with guests["b"].serving(24):
        assert guests["a"].reaches(LOCAL, 24), "the rule names the port's own address"
    to_local = [RuleView(direction="egress", ethertype="IPv4", remote_cidrs=[f"{LOCAL}/32"])]
    applied(driver, view(3, local_ips=[local_ip()], rules={"a": to_local}))
    with guests["b"].serving(25):
        assert not guests["a"].reaches(LOCAL, 25, SHORT)


@pytest.mark.parametrize("stateless", [("a",), ("b",), ("a", "b")])
def test_stateless_groups(driver, guest, stateless):
    made = view(local_ips=[local_ip()])
    ports = [
        msgspec.structs.replace(port, stateful=port.hostname not in stateless)
        for port in made.networks[0].ports
    ]
    network = msgspec.structs.replace(made.networks[0], ports=ports)
    made = msgspec.structs.replace(made, networks=[network])
    applied(driver, made)
    guests = guests_of(guest, made)
    assert reached(guests["a"], guests) == "b"
    assert reached(guests["a"], guests, ADDRESSES["b"]) == "b"
    assert reached(guests["a"], guests, port=81) == "b"


def test_a_connection_ends_with_the_association(driver, guest):
    applied(driver, view(local_ips=[local_ip()]))
    guests = guests_of(guest, view())
    with guests["b"].serving(22), guests["a"].connect(LOCAL, 22) as sock:
        assert echo(sock)
        applied(driver, view(2, local_ips=[local_ip(), local_ip(address="10.55.0.101", name="2")]))
        assert echo(sock), "another association changes nothing for it"
        applied(driver, view(3))
        sock.settimeout(SHORT)
        with pytest.raises(OSError):
            echo(sock)


def test_two_local_ips_of_one_port(driver, guest):
    second = local_ip(address="10.55.0.101", name="2")
    made = view(only=("a", "b"), local_ips=[local_ip(), second])
    applied(driver, made)
    guests = guests_of(guest, made)
    with guests["b"].serving(80):
        assert guests["a"].reaches(LOCAL, 80)
        assert guests["a"].reaches("10.55.0.101", 80)
        assert not guests["a"].reaches("10.55.0.102", 80, SHORT)


def test_nothing_is_answered_for_a_port_that_is_down_or_has_lost_the_address(driver, guest):
    for generation, fields in enumerate(
        ({"admin_state_up": False}, {"is_prepared": True, "admin_state_up": False}), 1
    ):
        made = view(generation, local_ips=[local_ip()], **fields)
        assert driver.apply(made).errors == {}
    guests = guests_of(guest, view())
    with guests["owner"].serving(80) as clients:
        assert guests["a"].reaches(LOCAL, 80)
        applied(driver, view(3, local_ips=[local_ip(to="10.55.0.99")]))
        assert guests["a"].reaches(LOCAL, 80)
        assert len(clients) == 2


def test_a_guest_cannot_send_from_a_local_ip(driver, guest):
    made = view(only=("a", "b"), local_ips=[local_ip()])
    applied(driver, made)
    guests = guests_of(guest, made)
    for name in guests:
        guests[name].sh(f"ip addr add {LOCAL}/32 dev eth0")
    with guests["a"].serving(80), guests["b"].serving(80):
        for one, other in (("a", "b"), ("b", "a")):
            assert not guests[one].reaches_from(LOCAL, ADDRESSES[other], 80, SHORT)


def test_passthrough(driver, guest):
    """The guest has the address itself, and uses it only on this host."""
    made = view(local_ips=[local_ip(passthrough=True)])
    applied(driver, made)
    guests = guests_of(guest, made)
    guests["b"].sh(f"ip addr add {LOCAL}/32 dev eth0")
    assert reached(guests["a"], guests) == "b"
    assert mac_for(guests["a"]) == guests["b"].mac
    assert reached(guests["a"], guests, ADDRESSES["b"]) == "b"


def test_other_networks_have_the_same_addresses(driver, guest):
    n2 = [
        views.port(name, ADDRESSES[name[:-1]], "n2-subnet", rules=ALL) for name in ("a2", "owner2")
    ]
    made = view(local_ips=[local_ip()])
    networks = [*made.networks, views.network("n2", ports=n2)]
    assert driver.apply(msgspec.structs.replace(made, networks=networks)).errors == {}
    a, owner = (guest(port, f"{port.fixed_ips[0].ip_address}/24") for port in n2)
    with owner.serving(80):
        assert a.reaches(LOCAL, 80)
    assert mac_for(a) == owner.mac


def test_what_others_remove_is_repaired(driver, guest):
    made = view(local_ips=[local_ip()])
    applied(driver, made)
    guests = guests_of(guest, made)
    subprocess.run(["nft", "delete", "table", "netdev", "stratotest_local"], check=True)
    assert driver.wait_for_change(2)
    applied(driver, made)
    assert reached(guests["a"], guests) == "b"
    tap = made.networks[0].ports[0].tap
    guests["a"].unplug()
    subprocess.run(["ip", "link", "delete", tap], check=True)
    applied(driver, made)
    again = guest(made.networks[0].ports[0], "10.55.0.11/24")
    with guests["b"].serving(80):
        assert again.reaches(LOCAL, 80)
    assert mac_for(again) == guests["b"].mac


def test_nothing_is_left_at_the_end(driver):
    applied(driver, view(local_ips=[local_ip()]))
    driver.remove_all()
    left = subprocess.run(["nft", "list", "ruleset"], capture_output=True, text=True, check=True)
    assert "stratotest" not in left.stdout


def test_one_association_more_is_a_small_change(driver, monkeypatch):
    some = [local_ip(address=f"10.55.0.{n}", name=str(n)) for n in range(100, 200)]
    applied(driver, view(only=("a", "b"), local_ips=some))
    loaded = []
    run = subprocess.run

    def noting(command, *args, **options):
        if command[:2] == ["nft", "-f"]:
            loaded.append(options["input"])
        return run(command, *args, **options)

    monkeypatch.setattr(subprocess, "run", noting)
    more = [*some, local_ip(address="10.55.0.200", name="200")]
    applied(driver, view(2, only=("a", "b"), local_ips=more))
    assert loaded and sum(map(len, loaded)) < 3000, loaded
