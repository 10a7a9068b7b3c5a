"""IPv6 on the wire: advertisements of routers, DHCPv6, and packets between networks."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import struct
import subprocess
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import msgspec
import pytest

from stratolith.network.drivers.base import AddressPair, RuleView
from stratolith.network.drivers.linux.guard import link_local
from stratolith.network.drivers.linux.host_kernel import namespaces, netlink
from stratolith.network.drivers.linux.ipv6 import discovery
from stratolith.network.drivers.ovn.northbound import advertising
from stratolith.network.drivers.routing import RouteView
from tests.drivers.network import dhcp6_client, dhcp_client, dns_client, frames, views, views6
from tests.drivers.network.guests import PATIENCE, Guest, echo, serve_echo

pytestmark = pytest.mark.root

ONLY_LINUX = pytest.mark.parametrize("driver", ["linux"], indirect=True)


@pytest.fixture(params=["linux", "ovn"])
def driver(request):
    return request.getfixturevalue(request.param)


ONE, TWO = "2001:db8:1::", "2001:db8:2::"
TCP6 = RuleView(direction="ingress", ethertype="IPv6", protocol="tcp")
OPEN = [*views.EGRESS_ALL, TCP6]
SLAAC, STATELESS, STATEFUL = "slaac", "dhcpv6-stateless", "dhcpv6-stateful"


def addresses(machine: Guest) -> dict[str, str]:
    """The global IPv6 addresses of a guest that it may use, with where they come from."""
    shown = json.loads(machine.sh("ip -6 -j addr show dev eth0 scope global"))
    return {
        one["local"]: "made" if one.get("dynamic") else "set"
        for link in shown
        for one in link.get("addr_info", [])
        if "local" in one and not one.get("tentative")
    }


def until(condition: Callable[[], object], what: str) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.05)


def default_route(machine: Guest) -> dict[str, object]:
    routes = json.loads(machine.sh("ip -6 -j route show default"))
    return routes[0] if routes else {}


@contextlib.contextmanager
def serving(machine: Guest) -> Iterator[list[str]]:
    """A TCP echo server of the guest; the list fills with the addresses of its clients."""

    def listen() -> socket.socket:
        return socket.create_server(("::", 7), family=socket.AF_INET6)

    with serve_echo(namespaces.run_in(machine.name, listen)) as clients:
        yield clients


def test_guests_make_their_addresses_and_reach_another_network(driver, guest):
    a = views6.port("a", ("one-s", ONE), rules=OPEN)
    b = views6.port("b", ("two-s", TWO), rules=OPEN)
    servers = ["2001:db8:53::1", "2001:db8:53::2"]
    one = views6.network(
        "one", [views6.subnet("one-s", ONE, SLAAC, dns_nameservers=servers)], [a], mtu=1410
    )
    two = views6.network("two", [views6.subnet("two-s", TWO, STATELESS)], [b])
    assert not driver.apply(views.host([one, two], [views6.router("r", [one, two])])).errors
    started = time.monotonic()
    first, second = guest(a), guest(b)
    until(lambda: addresses(first) == {a.fixed_ips[0].ip_address: "made"}, "no address")
    print(f"address after {time.monotonic() - started:.1f} s")
    until(lambda: addresses(second) == {b.fixed_ips[0].ip_address: "made"}, "no address")
    assert default_route(first)["metrics"][0]["mtu"] == 1410
    assert str(default_route(first)["gateway"]).startswith("fe80::")
    with serving(second) as clients:
        assert first.reaches(b.fixed_ips[0].ip_address, 7)
        assert clients == [a.fixed_ips[0].ip_address]
    inside = namespaces.run_in(f"qdhcp-{views.uid('one')}", netlink.addresses)
    own = {address.text for address in inside if address.text.startswith("2001:")}
    assert own == {f"{ONE}2/64"}, "the DHCP server follows no advertisement"
    if driver.name == "linux":
        assert not driver.wait_for_change(0.1), "advertisements look like changes by others"


@pytest.mark.parametrize(
    ("mode", "flags", "prefix_flags", "named"),
    [(SLAAC, 0x00, 0xC0, True), (STATELESS, 0x40, 0xC0, False), (STATEFUL, 0xC0, 0x80, False)],
)
def test_what_is_advertised_in_each_mode(
    driver, guest, monkeypatch, mode, flags, prefix_flags, named
):
    monkeypatch.setattr(advertising, "INTERVAL", 4)  # of OVN, whose first one is late
    a = views6.port("a", ("s", ONE))
    subnet = views6.subnet("s", ONE, mode, dns_nameservers=["2001:db8:53::1"])
    net = views6.network("n", [subnet], [a], mtu=1400)
    assert not driver.apply(views.host([net], [views6.router("r", [net])])).errors
    machine = guest(a)
    message = advertisement(machine, named and driver.name == "ovn")
    if driver.name == "linux":
        assert message[5] & 0xC0 == flags
        assert int.from_bytes(message[6:8], "big") == 1800
    else:  # with the longest lifetime; where DHCPv6 gives addresses, guests ask it for all
        assert message[5] & 0x80 == flags & 0x80 and (message[5] or not flags)
        assert int.from_bytes(message[6:8], "big") == 0xFFFF
    options = options_of(message)
    assert options[3][3] & 0xC0 == prefix_flags
    assert options[5][4:] == (1400).to_bytes(4, "big")
    assert (25 in options) == named


@ONLY_LINUX
def test_the_daemon_of_a_router(driver, guest):
    """It runs only while there is something to advertise, and comes back when it ends."""
    subnets = [views6.subnet("s", ONE, SLAAC), views6.subnet("t", TWO, None)]
    a = views6.port("a", ("s", ONE))
    net = views6.network("n", subnets, [a])
    quiet = views6.network("n", [msgspec.structs.replace(subnets[0], ipv6_ra_mode=None)], [a])
    view = views.host([net], [views6.router("r", [net])])
    assert not driver.apply(view).errors
    dnsmasq = driver._dnsmasq
    pid = dnsmasq.pid(views.uid("r"))
    assert pid is not None
    assert not driver.apply(msgspec.structs.replace(view, generation=2)).errors
    assert dnsmasq.pid(views.uid("r")) == pid, "an unchanged view restarts nothing"
    os.kill(pid, signal.SIGKILL)
    until(lambda: driver.wait_for_change(0.1), "the end was not seen")
    assert not driver.apply(msgspec.structs.replace(view, generation=3)).errors
    assert dnsmasq.pid(views.uid("r")) not in (pid, None)
    machine = guest(a)
    until(lambda: addresses(machine) == {a.fixed_ips[0].ip_address: "made"}, "no address")
    assert not driver.apply(views.host([quiet], [views6.router("r", [quiet])])).errors
    assert dnsmasq.pid(views.uid("r")) is None


def test_addresses_by_dhcpv6(driver, guest):
    """By the MAC address, whatever client id the guest has; another guest's id helps nobody."""
    option = [("option6:domain-search", "lab"), ("bootfile-name", "four")]
    a = views6.port("a", ("s", f"{ONE}1:5"), ("s", f"{ONE}1:6"), rules=OPEN)
    b = views6.port("b", ("s", f"{ONE}1:7"), rules=OPEN, extra_dhcp_opts=option)
    net = views6.network("n", [views6.subnet("s", ONE, STATEFUL)], [a, b])
    assert not driver.apply(views.host([net], [views6.router("r", [net])])).errors
    first, second = guest(a), guest(b)
    for client in (dhcp6_client.duid(a.mac), dhcp6_client.duid(b.mac)):
        address, options = lease(first, client)
        assert address in (f"{ONE}1:5", f"{ONE}1:6"), client
        assert dhcp6_client.name_servers(options) == [f"{ONE}2"]
        assert b"openstacklocal" in options[24]
    address, options = lease(second, dhcp6_client.duid(b.mac))
    assert address == f"{ONE}1:7"
    assert b"lab" in options[24]
    assert addresses(second) == {}, "no address of its own making"
    # a network with the same address for another port, and none for the first
    moved = msgspec.structs.replace(a, fixed_ips=b.fixed_ips)
    net = views6.network("n", [views6.subnet("s", ONE, STATEFUL)], [moved])
    assert not driver.apply(views.host([net], [views6.router("r", [net])], generation=2)).errors
    assert lease(first, dhcp6_client.duid(a.mac))[0] == f"{ONE}1:7"


@ONLY_LINUX
@pytest.mark.parametrize("length", [56, 96])
def test_stateful_subnets_of_other_lengths(driver, guest, length):
    """dnsmasq takes no shorter ones: these are left out, and nothing else fails with them."""
    a = views6.port("a", ("s", f"{ONE}5"))
    subnet = views6.subnet("s", ONE, STATEFUL)
    subnet = msgspec.structs.replace(subnet, cidr=f"2001:db8:1::/{length}")
    net = views6.network("n", [subnet], [a])
    assert not driver.apply(views.host([net], [views6.router("r", [net])])).errors
    if length == 96:
        machine = guest(a)
        assert lease(machine, dhcp6_client.duid(a.mac))[0] == f"{ONE}5"
        assert options_of(advertisement(machine))[3][2:4] == bytes([96, 0x80])
    else:
        assert driver._dnsmasq.processes.owners() == []


def test_options_without_addresses(driver, guest):
    """Stateless DHCPv6 names servers; the address is the guest's own affair."""
    option = [("option6:domain-search", "lab")]
    a = views6.port("a", ("s", ONE), extra_dhcp_opts=option)
    b = views6.port("b", ("s", ONE))
    subnet = views6.subnet("s", ONE, STATELESS, dns_nameservers=["2001:db8:53::1"])
    net = views6.network("n", [subnet], [a, b])
    assert not driver.apply(views.host([net], [views6.router("r", [net])])).errors
    first, second = guest(a), guest(b)
    client = dhcp6_client.duid(a.mac)
    options = namespaces.run_in(first.name, lambda: dhcp6_client.information("eth0", client))
    assert dhcp6_client.name_servers(options) == ["2001:db8:53::1"]
    assert options[24] == b"\3lab\0"
    options = namespaces.run_in(second.name, lambda: dhcp6_client.information("eth0", client))
    assert b"openstacklocal" in options[24]
    assert lease(second, client)[0] == "", "an address of DHCPv6"
    until(lambda: addresses(first) == {a.fixed_ips[0].ip_address: "made"}, "no address")


@ONLY_LINUX
@pytest.mark.parametrize("mode", [STATEFUL, STATELESS])
def test_any_option_of_dhcpv6(driver, guest, mode):
    option = [("option6:bootfile-url", "tftp://[2001:db8::9]/x")]
    a = views6.port("a", ("s", f"{ONE}1:5" if mode == STATEFUL else ONE), extra_dhcp_opts=option)
    net = views6.network("n", [views6.subnet("s", ONE, mode)], [a])
    assert not driver.apply(views.host([net], [views6.router("r", [net])])).errors
    client = dhcp6_client.duid(a.mac)
    options = namespaces.run_in(guest(a).name, lambda: dhcp6_client.information("eth0", client))
    assert options[59] == b"tftp://[2001:db8::9]/x"


def test_both_versions_on_one_network(driver, guest):
    """A v4 subnet with DHCP and a stateful v6 subnet: each reservation serves its own protocol."""
    a = views6.port("a", ("s4", "10.55.0.5"), ("s6", f"{ONE}1:5"), rules=OPEN)
    four = views.network("n", dhcp=True).subnets[0]
    four = msgspec.structs.replace(four, id=views.uid("s4"))
    net = views6.network("n", [four, views6.subnet("s6", ONE, STATEFUL)], [a])
    assert not driver.apply(views.host([net])).errors
    machine = guest(a)
    client = dhcp6_client.duid(a.mac)
    got = namespaces.run_in(machine.name, lambda: dhcp_client.lease("eth0", a.mac))
    assert got[0] == "10.55.0.5"
    assert lease(machine, client)[0] == f"{ONE}1:5"
    machine.sh("ip addr add 10.55.0.5/24 dev eth0")
    for version, address in ((4, "10.55.0.5"), (6, f"{ONE}1:5")):
        ask = partial(dns_client.address_of, "a.openstacklocal", "10.55.0.2", version=version)
        assert namespaces.run_in(machine.name, ask) == address


def test_a_route_and_the_outside(driver, guest):
    """The host outside the external network routes to a subnet; nothing is translated."""
    behind = AddressPair(ip_address="2001:db8:77::/64", mac_address=views.mac_of("a"))
    a = views6.port("a", ("s", ONE), rules=OPEN, allowed_address_pairs=[behind])
    net = views6.network("n", [views6.subnet("s", ONE, SLAAC)], [a])
    external = msgspec.structs.replace(
        views.EXTERNAL, gateway_cidrs=["172.31.249.1/24", "2001:db8:e::1/64"]
    )
    plain = views6.router("r", [net], gateway_ip="172.31.249.9")
    gateway = msgspec.structs.replace(
        plain.gateway, addresses=["172.31.249.9/24", "2001:db8:e::9/64"]
    )
    routed = msgspec.structs.replace(
        plain,
        gateway=gateway,
        gateway_nexthops=["172.31.249.1", "2001:db8:e::1"],
        routes=[RouteView(destination="2001:db8:77::/64", nexthop=a.fixed_ips[0].ip_address)],
    )
    view = msgspec.structs.replace(views.host([net], [routed], external=True), externals=[external])
    assert not driver.apply(view).errors
    machine = guest(a)
    until(lambda: addresses(machine), "no address")
    inside = a.fixed_ips[0].ip_address
    subprocess.run(["ip", "-6", "route", "add", f"{ONE}/64", "via", "2001:db8:e::9"], check=True)
    server = socket.create_server(("2001:db8:e::1", 7777), family=socket.AF_INET6)
    with serve_echo(server) as clients:
        assert machine.reaches("2001:db8:e::1", 7777)
        assert clients == [a.fixed_ips[0].ip_address]
    with serving(machine) as clients, socket.create_connection((inside, 7), 5) as sock:
        assert echo(sock)
        assert clients == ["2001:db8:e::1"]
    extra = "2001:db8:77::/64"
    subprocess.run(["ip", "-6", "route", "add", extra, "via", "2001:db8:e::9"], check=True)
    with namespaces.run_in(machine.name, frames.raw) as listening:
        with contextlib.suppress(OSError):
            socket.create_connection(("2001:db8:77::1", 7), 0.5)
        assert any(b"\x20\x01\x0d\xb8\x00\x77" in frame for frame in waiting(listening))


@ONLY_LINUX
def test_a_host_that_forwards_still_follows_its_own_uplink(driver):
    """Forwarding would stop that; both settings are as before when the last external is gone."""
    conf = Path("/proc/sys/net/ipv6/conf")
    subprocess.run("ip link add up0 type veth peer up1; ip link set up0 up", shell=True, check=True)
    external = msgspec.structs.replace(views.EXTERNAL, gateway_cidrs=["2001:db8:e::1/64"])
    view = msgspec.structs.replace(views.host(external=True), externals=[external])
    for generation in (1, 2):
        assert not driver.apply(msgspec.structs.replace(view, generation=generation)).errors
        assert (conf / "all/forwarding").read_text() == "1\n"
        assert (conf / "up0/accept_ra").read_text() == "2\n"
        assert (conf / views.EXTERNAL_BRIDGE / "accept_ra").read_text() == "0\n"
    assert not driver.apply(views.host(generation=3)).errors
    assert (conf / "all/forwarding").read_text() == "0\n"
    assert (conf / "up0/accept_ra").read_text() == "1\n"


@ONLY_LINUX
def test_a_moved_address_is_announced(driver, guest):
    a = views6.port("a", ("s", ONE))
    net = views6.network("n", [views6.subnet("s", ONE, None)], [a])
    assert not driver.apply(views.host([net])).errors
    machine = guest(a)
    router = views6.router("r", [net])
    with namespaces.run_in(machine.name, frames.raw) as listening:
        assert not driver.apply(views.host([net], [router], generation=2)).errors
        expected = discovery.frame(router.interfaces[0].mac, ONE, is_router=True)
        assert expected in waiting(listening)


def lease(machine: Guest, client: bytes) -> tuple[str, dict[int, bytes]]:
    return namespaces.run_in(machine.name, lambda: dhcp6_client.lease("eth0", client))


def waiting(listening: socket.socket, seconds: float = 0.5) -> list[bytes]:
    """The frames that have arrived or arrive soon."""
    listening.settimeout(seconds)
    found = []
    try:
        while True:
            found.append(listening.recv(4000))
    except TimeoutError:
        return found


def advertisement(machine: Guest, periodic: bool = False) -> bytes:
    """The next router advertisement, from its ICMPv6 type on; ``periodic``: one to all guests."""
    with namespaces.run_in(machine.name, frames.raw) as listening:
        question = struct.pack("!BBHI", 133, 0, 0, 0)
        frames.send(machine, frames.ip6(machine.mac, link_local(machine.mac), 58, question))
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            for frame in waiting(listening):
                of_router = frame[12:14] == b"\x86\xdd" and frame[20] == 58 and frame[54] == 134
                if of_router and (frame[0] == 0x33 or not periodic):
                    return frame[54:]
    raise TimeoutError("no advertisement")


def options_of(message: bytes) -> dict[int, bytes]:
    """Type -> the whole option, with type and length."""
    found, at = {}, 16
    while at < len(message):
        found[message[at]] = message[at : at + 8 * message[at + 1]]
        at += 8 * message[at + 1]
    return found
