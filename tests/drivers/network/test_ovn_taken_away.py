"""What others take away from a host with the driver ovn comes back with the next pass."""

from __future__ import annotations

import subprocess
import sys
import time

import msgspec
import pytest

from stratolith.network.drivers.base import RuleView
from stratolith.network.drivers.linux import names
from stratolith.network.drivers.linux.host_kernel import netlink, nft
from stratolith.network.drivers.linux.host_kernel.processes import command_line
from stratolith.network.drivers.ovn.daemons import Daemon
from tests.drivers.network import views
from tests.drivers.network.guests import ping

pytestmark = pytest.mark.root
PING = RuleView(direction="ingress", ethertype="IPv4", protocol="icmp")


def a_network():
    ports = [
        views.port(name, address, "n1-subnet", rules=[*views.EGRESS_ALL, PING])
        for name, address in (("a", "10.55.0.11"), ("b", "10.55.0.12"))
    ]
    return ports, views.network("n1", ports=ports)


def ask_database(ovn, *command: str) -> str:
    socket = ovn.directory.parent / "network" / "ovs" / "db.sock"
    line = ["ovs-vsctl", f"--db=unix:{socket}", *command]
    return subprocess.run(line, check=True, capture_output=True, text=True).stdout.strip()


def test_a_port_on_another_bridge(ovn, guest):
    (a, b), network = a_network()
    view = views.host([network], external=True)
    ovn.apply(view)
    first = guest(a, "10.55.0.11/24")
    guest(b, "10.55.0.12/24")
    assert ping(first, b"\x08", "10.55.0.12")
    ask_database(ovn, "del-port", b.tap, "--", "add-port", views.EXTERNAL_BRIDGE, b.tap)
    assert ovn.apply(view).errors == {}
    assert ask_database(ovn, "port-to-br", b.tap) == "br-stl-int"
    assert ping(first, b"\x08", "10.55.0.12")


def test_the_external_bridge(ovn):
    _, network = a_network()
    view = views.host([network], external=True)
    ovn.apply(view)
    tables = nft.listing("ip stratotest_nat")
    nft.remove(["ip stratotest_nat"])
    subprocess.run(["ip", "link", "del", views.EXTERNAL_BRIDGE], check=True)
    assert ovn.apply(view).errors == {}
    assert nft.listing("ip stratotest_nat") == tables
    assert netlink.link(views.EXTERNAL_BRIDGE).mac == names.bridge_mac(views.EXTERNAL_BRIDGE)


def test_the_way_to_the_external_network(ovn):
    """Its connection of bridges, of which OVN's controller makes the two ends."""
    _, network = a_network()
    router = views.router("r1", [network], "172.31.249.10")
    view = views.host([network], [router], external=True)
    ovn.apply(view)
    listed = ("list-ports", views.EXTERNAL_BRIDGE)
    (end,) = ask_database(ovn, *listed).split()
    ask_database(ovn, "del-port", end, "--", "add-port", "br-stl-int", end)
    directory = ovn.directory.parent / "network" / "ovs"
    control = f"unix:{directory / views.EXTERNAL_BRIDGE}.mgmt"
    flow = "priority=65535,actions=drop"
    subprocess.run(["ovs-ofctl", "add-flow", control, flow], check=True)
    assert ovn.apply(view).errors == {}
    deadline = time.monotonic() + 10
    while ask_database(ovn, *listed).split() != [end]:  # the controller makes it in its own time
        assert time.monotonic() < deadline
        time.sleep(0.05)
    line = ["ovs-ofctl", "dump-flows", control]
    flows = subprocess.run(line, check=True, capture_output=True, text=True).stdout
    assert "drop" not in flows and "NORMAL" in flows


def test_the_card_of_a_physical_network(ovn):
    """Another bridge got it: every pass would be told that tunnels need it."""
    subprocess.run(
        ["ip", "link", "add", "nic9", "type", "veth", "peer", "name", "far9"], check=True
    )
    try:
        _, network = a_network()
        network = msgspec.structs.replace(
            network, network_type="flat", physical_network="physnet9", uplink="nic9"
        )
        view = views.host([network], external=True)
        assert ovn.apply(view).errors == {}
        bridge = ask_database(ovn, "port-to-br", "nic9")
        ask_database(ovn, "del-port", "nic9", "--", "add-port", views.EXTERNAL_BRIDGE, "nic9")
        assert ovn.apply(view).errors == {}
        assert ask_database(ovn, "port-to-br", "nic9") == bridge
    finally:
        subprocess.run(["ip", "link", "del", "nic9"], check=True)


def test_pid_files(ovn):
    _, network = a_network()
    view = views.host([network], external=True)
    ovn.apply(view)
    daemons = ovn.driver._switch.daemons
    pids = [daemon.pid() for daemon in daemons]
    for daemon in daemons:
        daemon.pid_file.unlink()
    assert ovn.apply(view).errors == {}
    assert [daemon.pid() for daemon in daemons] == pids
    assert all(daemon.pid_file.exists() for daemon in daemons)


def test_others_that_name_a_pid_file_are_not_ours(tmp_path):
    """They would be ended with the driver."""
    daemon = Daemon(name="switch", directory=tmp_path, program="ovs-vswitchd")
    word = f"--pidfile={daemon.pid_file}"
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)", word]) as other:
        daemon.pid_file.write_text(str(other.pid))
        while word not in command_line(other.pid):  # it begins
            assert other.poll() is None
        assert daemon.pid() is None
        daemon.stop()
        assert other.poll() is None
        other.kill()
