"""Who may set allowed address pairs with another's address does not get its packets."""

from __future__ import annotations

import contextlib
import json
import re
import select
import socket
import subprocess
import threading
import time
from collections.abc import Iterator

import msgspec
import pytest

from stratolith.network.drivers.base import AddressPair, FixedIpView
from stratolith.network.drivers.linux import LinuxNetworkDriver, names
from stratolith.network.drivers.linux.guard import link_local
from stratolith.network.drivers.linux.host_kernel import namespaces, neighbours
from stratolith.network.drivers.linux.host_kernel.netlink import links
from tests.drivers.network import frames, views
from tests.drivers.network.dhcp_client import lease
from tests.drivers.network.guests import PATIENCE, Guest
from tests.drivers.network.machines import part, two_machines
from tests.drivers.network.test_linux_metadata import ask, identity, serve, upstream
from tests.drivers.network.test_linux_spoofing import OPEN

__all__ = ["serve", "upstream"]  # fixtures

pytestmark = pytest.mark.root

FOUR, SIX = "10.55.0.11", "fd00::11"
VICTIM, ATTACKER = views.mac_of("victim"), views.mac_of("attacker")
ROUTER = f"qrouter-{views.uid('r1')}"
DHCP = f"qdhcp-{views.uid('n1')}"
HOWS = ["pair", "pair with the owner's MAC", "no port security"]


def a_port(name: str, four: str, *six: str, **fields):
    port = views.port(name, four, "n1-subnet", rules=OPEN, **fields)
    more = [FixedIpView(subnet_id=views.uid("six"), ip_address=text) for text in six]
    return msgspec.structs.replace(port, fixed_ips=[*port.fixed_ips, *more])


def pairs(*addresses: str, mac: str = ATTACKER) -> list[AddressPair]:
    return [AddressPair(ip_address=text, mac_address=mac) for text in addresses]


def a_view(*ports, router: bool = True, **fields):
    """A network with DHCP, and a router with an address of both families on it."""
    net = views.network("n1", ports=list(ports), dhcp=True)
    served = [host for host in net.dhcp_hosts if ":" not in host.ip_address]
    net = msgspec.structs.replace(net, dhcp_hosts=served)
    made = views.router("r1", [net], **fields)
    end = made.interfaces[0]
    end = msgspec.structs.replace(end, addresses=[*end.addresses, "fd00::1/64"])
    made = msgspec.structs.replace(made, interfaces=[end])
    return views.host([net], [made] if router else [])


def a_hostile_pair(how: str):
    fields = {"port_security": False}
    if how != "no port security":
        mac = VICTIM if "MAC" in how else ATTACKER
        fields = {"allowed_address_pairs": pairs(FOUR, SIX, mac=mac)}
    return a_port("victim", FOUR, SIX), a_port("attacker", "10.55.0.66", "fd00::66", **fields)


@contextlib.contextmanager
def forging(machine: Guest, how: str) -> Iterator[None]:
    """Claims the victim's addresses in every way, all the time."""
    mac = VICTIM if "MAC" in how else ATTACKER
    lies = []
    if how == "no port security":  # be in the place of its device, too
        lies.append(frames.arp(VICTIM, VICTIM, FOUR, FOUR))
    lies += [frames.arp(mac, mac, FOUR, FOUR, operation) for operation in (1, 2)]
    lies += [frames.arp(mac, mac, FOUR, f"10.55.0.{end}", 2) for end in (1, 2)]
    lies += [frames.discovery(mac, SIX, 136, SIX), frames.discovery(mac, SIX, 135, "fd00::1")]
    enough = threading.Event()

    def body() -> None:
        with namespaces.run_in(machine.name, frames.raw) as sock:
            while not enough.wait(0.01):
                for lie in lies:
                    sock.send(lie)

    thread = threading.Thread(target=body)
    thread.start()
    try:
        time.sleep(1.3)  # so long Linux keeps to what it learned
        yield
    finally:
        enough.set()
        thread.join()


def say(namespace: str, address: str, word: str) -> None:
    script = f"exec 3>/dev/udp/{address}/9; echo {word} >&3"
    namespaces.run_in(namespace, lambda: subprocess.run(["bash", "-c", script], check=True))


def hearers(namespace: str, address: str, *machines: Guest) -> list[str]:
    """MAC addresses of the machines that get a datagram from the namespace, in their order."""
    ears = [namespaces.run_in(one.name, frames.raw) for one in machines]
    heard: list[str] = []
    try:
        say(namespace, address, "word")
        end = time.monotonic() + PATIENCE
        while (left := end - time.monotonic()) > 0:
            for ear in select.select(ears, [], [], left)[0]:
                data, (_, _, kind, *_) = ear.recvfrom(4000)
                if b"word" in data and kind != socket.PACKET_OUTGOING:
                    heard.append(machines[ears.index(ear)].mac)
                    end = min(end, time.monotonic() + 0.3)  # who else?
    finally:
        for ear in ears:
            ear.close()
    return heard


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("where", [ROUTER, DHCP], ids=["router", "dhcp"])
def test_packets_reach_who_owns_the_address(driver, guest, how, where):
    victim, attacker = a_hostile_pair(how)
    assert not driver.apply(a_view(victim, attacker)).errors
    good, bad = guest(victim, f"{FOUR}/24"), guest(attacker)
    good.sh(f"ip addr add {SIX}/64 dev eth0 nodad")
    bad.sh(f"ip addr add {FOUR}/24 dev eth0; ip addr add {SIX}/64 dev eth0 nodad")
    if "MAC" in how:
        bad.sh(f"ip link set eth0 address {VICTIM}")
    with forging(bad, how):
        for address in 2 * [FOUR, SIX] if where == ROUTER else 2 * [FOUR]:
            assert hearers(where, address, good, bad) == [VICTIM], address


@pytest.mark.parametrize("how", HOWS)
def test_an_owner_on_another_host_gets_its_packets(sandbox, tmp_path, how):
    victim, attacker = a_hostile_pair(how)
    view = a_view(attacker)
    with two_machines(tmp_path) as (a, b):
        a.apply([part(view.networks[0], 77, b.address, [victim])], view.routers)
        b.apply([part(views.network("n1", ports=[victim]), 77, a.address, [attacker])])
        bad, good = a.guest(attacker), b.guest(victim)
        good.sh(f"ip addr add {SIX}/64 dev eth0 nodad")
        if "MAC" in how:
            bad.sh(f"ip link set eth0 address {VICTIM}")
        with forging(bad, how):
            for address in 2 * [FOUR, SIX]:
                assert hearers(ROUTER, address, good, bad) == [VICTIM], address
        known = namespaces.run_in(ROUTER, neighbours.permanent).values()
        assert bytes.fromhex(VICTIM.replace(":", "")) in known
        # the DHCP server answers guests of its host only
        assert VICTIM not in a.run(lambda: entries(DHCP)).values()


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("way", ["router", "dhcp"])
def test_metadata_goes_to_who_owns_the_address(driver, guest, serve, how, way):
    victim, attacker = a_hostile_pair(how)
    serve(a_view(victim, attacker, router=way == "router"))
    good, bad = guest(victim, f"{FOUR}/24"), guest(attacker, f"{FOUR}/24")
    if "MAC" in how:
        bad.sh(f"ip link set eth0 address {VICTIM}")
    good.sh(f"ip route add 169.254.169.254/32 via 10.55.0.{1 if way == 'router' else 2}")
    for _ in range(3):
        # dnsmasq, too, writes down where it sends an answer
        namespaces.run_in(good.name, lambda: lease("eth0", VICTIM, broadcast=False))
        with forging(bad, how):
            for method in ("GET", "POST"):
                assert identity(ask(good, method=method)) == victim.server_id


def test_an_address_that_no_port_here_owns_moves(driver, guest):
    """VRRP: the address has a port that is nowhere, which keeps it from being given away."""
    mine = pairs("10.55.0.100", "fd00::100", mac=views.mac_of("one"))
    yours = pairs("10.55.0.100", "fd00::100", mac=views.mac_of("two"))
    one = a_port("one", FOUR, SIX, allowed_address_pairs=mine)
    two = a_port("two", "10.55.0.12", "fd00::12", allowed_address_pairs=yours)
    view = a_view(one, two, a_port("vip", "10.55.0.100", "fd00::100"))
    view.networks[0].ports.pop()  # of the network, not of this host
    assert not driver.apply(view).errors
    first, second = guest(one), guest(two)
    for machine, former in ((first, second), (second, first), (first, second)):
        former.sh("ip addr flush dev eth0")
        machine.sh("ip addr add 10.55.0.100/24 dev eth0; ip addr add fd00::100/64 dev eth0 nodad")
        time.sleep(1.3)
        frames.send(
            machine,
            frames.arp(machine.mac, machine.mac, "10.55.0.100", "10.55.0.100"),
            frames.discovery(machine.mac, "fd00::100", 136, "fd00::100"),
        )
        for address in ("10.55.0.100", "fd00::100"):
            assert hearers(ROUTER, address, first, second) == [machine.mac]


def entries(namespace: str) -> dict[str, str]:
    """Address -> MAC of the permanent entries on the namespace's one device."""
    said = namespaces.run_in(
        namespace,
        lambda: subprocess.check_output(["ip", "-j", "neigh", "show", "nud", "permanent"]),
    )
    return {one["dst"]: one["lladdr"] for one in json.loads(said)}


ENDS = {"10.55.0.2": views.mac_of("n1-dhcp"), "10.55.0.1": views.mac_of(f"r1-{views.uid('n1')}")}
IN_ROUTER, IN_DHCP = {"10.55.0.2": ENDS["10.55.0.2"]}, {"10.55.0.1": ENDS["10.55.0.1"]}


def test_entries_follow_their_ports(driver, tmp_path):
    port = a_port("victim", FOUR, SIX)

    def check(wanted: dict[str, str], *ports) -> None:
        assert not driver.apply(a_view(*ports)).errors
        # the router has IPv6, so it also answers metadata at link-local addresses
        own = {link_local(port.mac): port.mac for port in ports}
        assert entries(ROUTER) == wanted | own | IN_ROUTER
        assert entries(DHCP) == {a: mac for a, mac in wanted.items() if ":" not in a} | IN_DHCP

    check({})
    check({FOUR: VICTIM, SIX: VICTIM}, port)
    moved = msgspec.structs.replace(port, mac=ATTACKER)
    check({FOUR: ATTACKER, SIX: ATTACKER}, moved)
    check({"10.55.0.12": VICTIM}, a_port("victim", "10.55.0.12"))
    off = msgspec.structs.replace(port, port_security=False, admin_state_up=False)
    check({FOUR: VICTIM, SIX: VICTIM}, off)
    places = subprocess.check_output(["bridge", "fdb", "show", "brport", port.tap], text=True)
    assert [line for line in places.splitlines() if "sticky" in line] == [
        f"{VICTIM} sticky master {a_view().networks[0].bridge} static"
    ]
    # what its own port says of it: another MAC answers for this address
    says = msgspec.structs.replace(port, allowed_address_pairs=pairs(FOUR, "10.55.0.0/24"))
    check({SIX: VICTIM}, says)
    # beyond what the devices have on their wire
    check({}, a_port("victim", "10.99.0.1", "fd01::1"))
    check({FOUR: VICTIM, SIX: VICTIM}, port)
    driver.close()
    again = LinuxNetworkDriver(tmp_path, instance=driver.instance)
    assert not again.apply(a_view()).errors
    again.close()
    assert (entries(ROUTER), entries(DHCP)) == (IN_ROUTER, IN_DHCP)


def test_a_claimed_address_is_its_ports_own_at_once(driver, guest):
    """Learned before, from somebody else, and then a port of that address appears."""
    attacker = a_port("attacker", "10.55.0.66", allowed_address_pairs=pairs(FOUR))
    assert not driver.apply(a_view(attacker)).errors
    bad = guest(attacker, f"{FOUR}/24")
    assert hearers(ROUTER, FOUR, bad) == [ATTACKER]
    victim = a_port("victim", FOUR)
    assert not driver.apply(a_view(attacker, victim)).errors
    assert hearers(ROUTER, FOUR, guest(victim, f"{FOUR}/24"), bad) == [VICTIM]
    assert not driver.apply(a_view(attacker)).errors
    assert hearers(ROUTER, FOUR, bad) == [ATTACKER], "nobody's again"


def test_one_address_in_two_networks_of_a_router(driver, guest):
    """Each device has the owners of its own network."""
    one = views.port("one", FOUR, "n1-subnet", rules=OPEN)
    two = views.port("two", FOUR, "n2-subnet", rules=OPEN)
    n1 = views.network("n1", ports=[one])
    n2 = views.network("n2", cidr="10.55.0.0/25", ports=[two])
    assert not driver.apply(views.host([n1, n2], [views.router("r1", [n1, n2])])).errors
    said = namespaces.run_in(
        ROUTER, lambda: subprocess.check_output(["ip", "neigh", "show", FOUR], text=True)
    )
    found = re.findall(r"dev (\S+) lladdr (\S+) PERMANENT", said)
    ends = [names.inner_interface(views.uid(f"r1-{net.id}")) for net in (n1, n2)]
    assert sorted(found) == sorted(zip(ends, (one.mac, two.mac), strict=True))


def test_thousands_of_entries(sandbox, monkeypatch):
    """More than tables may hold of what is learned (gc_thresh3: 1,024), without a process."""
    subprocess.run(["ip", "link", "add", "d0", "type", "bridge"], check=True)
    subprocess.run(["ip", "link", "set", "d0", "up"], check=True)
    index = links()["d0"].index
    wanted = {
        (index, bytes([10, 55, high, low])): bytes([2, 0, 0, 0, high, low])
        for high in range(12)
        for low in range(256)
    }
    monkeypatch.setattr(subprocess, "Popen", None)
    neighbours.settle(wanted)
    assert neighbours.permanent() == wanted
    neighbours.settle({})
    assert neighbours.permanent() == {}
