"""DHCP with a real dnsmasq: leases, options, changes, recovery."""

from __future__ import annotations

import os
import select
import signal
from pathlib import Path

import msgspec
import pytest

from stratolith.network.drivers.linux import LinuxNetworkDriver
from stratolith.network.drivers.linux.host_kernel import namespaces
from stratolith.network.drivers.routing import RouteView
from tests.drivers.network import views
from tests.drivers.network.dhcp_client import lease, static_routes

pytestmark = pytest.mark.root

HOST_ROUTE = RouteView(destination="192.168.7.0/24", nexthop="10.55.0.9")


def a_network(*ports, **fields):
    subnet = {"dns_nameservers": ["9.9.9.9", "1.1.1.1"], "host_routes": [HOST_ROUTE]}
    return views.network("n1", ports=list(ports), dhcp=True, mtu=1402, subnet=subnet, **fields)


def ask(guest, mac):
    return namespaces.run_in(guest.name, lambda: lease("eth0", mac))


def runs(pid: int) -> bool:
    """Whether the process still runs; a dead one that nobody asked after does not count."""
    try:
        return bool(Path(f"/proc/{pid}/cmdline").read_bytes())
    except OSError:
        return False


def test_lease_with_all_options(driver, guest):
    one = views.port("vm1", "10.55.0.21", "n1-subnet", extra_dhcp_opts=[("67", "boot.bin")])
    net = a_network(one, dhcp_lease_seconds=7200)
    applied = driver.apply(views.host([net], [views.router("r1", [net])]))
    assert applied.errors == {}
    address, options = ask(guest(one), one.mac)
    assert address == "10.55.0.21"
    assert options[1] == bytes([255, 255, 255, 0])
    assert options[3] == bytes([10, 55, 0, 1])
    assert options[6] == bytes([9, 9, 9, 9, 1, 1, 1, 1])
    assert options[12] == b"vm1"
    assert options[15] == b"openstacklocal"
    assert int.from_bytes(options[26], "big") == 1402
    assert int.from_bytes(options[51], "big") == 7200
    assert options[67].rstrip(b"\0") == b"boot.bin"
    assert static_routes(options[121]) == {
        "169.254.169.254/32": "10.55.0.1",
        "192.168.7.0/24": "10.55.0.9",
        "0.0.0.0/0": "10.55.0.1",
    }


def test_metadata_route_without_router(driver, guest):
    one = views.port("vm1", "10.55.0.21", "n1-subnet")
    assert not driver.apply(views.host([a_network(one, gateway=False)])).errors
    _, options = ask(guest(one), one.mac)
    assert static_routes(options[121])["169.254.169.254/32"] == "10.55.0.2"
    assert "0.0.0.0/0" not in static_routes(options[121])
    assert 3 not in options


def test_stranger_gets_nothing(driver, guest):
    one = views.port("vm1", "10.55.0.21", "n1-subnet", port_security=False)
    net = a_network(one)
    assert not driver.apply(views.host([net])).errors
    machine = guest(one)
    machine.sh("ip link set eth0 address fa:16:3e:99:99:99")
    with pytest.raises(TimeoutError):
        namespaces.run_in(machine.name, lambda: lease("eth0", "fa:16:3e:99:99:99", 0.7))


def test_new_reservation_needs_no_restart(driver, guest):
    one = views.port("vm1", "10.55.0.21", "n1-subnet")
    two = views.port("vm2", "10.55.0.22", "n1-subnet")
    driver.apply(views.host([a_network(one)]))
    before = driver._dnsmasq.pid(views.uid("n1"))
    assert not driver.apply(views.host([a_network(one, two)])).errors
    assert driver._dnsmasq.pid(views.uid("n1")) == before
    assert ask(guest(two), two.mac)[0] == "10.55.0.22"


def test_address_passed_on_to_another_port(driver, guest):
    """The old lease must not keep the address from its new owner."""
    one = views.port("vm1", "10.55.0.21", "n1-subnet")
    driver.apply(views.host([a_network(one)]))
    assert ask(guest(one), one.mac)[0] == "10.55.0.21"
    two = views.port("vm2", "10.55.0.21", "n1-subnet")
    assert not driver.apply(views.host([a_network(two)])).errors
    assert ask(guest(two), two.mac)[0] == "10.55.0.21"


def test_changed_mtu_restarts_and_is_served(driver, guest):
    one = views.port("vm1", "10.55.0.21", "n1-subnet")
    driver.apply(views.host([a_network(one)]))
    net = msgspec.structs.replace(a_network(one), mtu=1300)
    assert not driver.apply(views.host([net])).errors
    _, options = ask(guest(one), one.mac)
    assert int.from_bytes(options[26], "big") == 1300


def test_killed_server_comes_back(driver, guest):
    one = views.port("vm1", "10.55.0.21", "n1-subnet")
    view = views.host([a_network(one)])
    driver.apply(view)
    first = driver._dnsmasq.pid(views.uid("n1"))
    process = os.pidfd_open(first)
    os.kill(first, signal.SIGKILL)
    # its command line is gone a moment before its end is told
    assert select.select([process], [], [], 5)[0]
    os.close(process)
    assert not driver.apply(view).errors
    assert driver._dnsmasq.pid(views.uid("n1")) not in (None, first)
    assert ask(guest(one), one.mac)[0] == "10.55.0.21"


def test_a_new_agent_finds_the_server(driver, tmp_path):
    view = views.host([a_network(views.port("vm1", "10.55.0.21", "n1-subnet"))])
    driver.apply(view)
    pid = driver._dnsmasq.pid(views.uid("n1"))
    assert os.getpgid(pid) != os.getpgid(0)
    driver.close()
    successor = LinuxNetworkDriver(tmp_path, instance=driver.instance)
    assert not successor.apply(view).errors
    assert successor._dnsmasq.pid(views.uid("n1")) == pid
    successor.apply(views.host([], generation=2))
    assert successor._dnsmasq.processes.owners() == []
    assert not runs(pid)
    successor.close()


def test_bad_option_of_one_port_spares_the_others(driver, guest):
    bad = views.port("vm1", "10.55.0.21", "n1-subnet", extra_dhcp_opts=[("x\ny", "z")])
    good = views.port("vm2", "10.55.0.22", "n1-subnet")
    applied = driver.apply(views.host([a_network(bad, good)]))
    assert list(applied.errors) == [bad.id]
    assert ask(guest(good), good.mac)[0] == "10.55.0.22"
