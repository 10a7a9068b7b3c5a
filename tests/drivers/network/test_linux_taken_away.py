"""Whatever the driver makes is taken away, one by one: it notices, and all is back."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import threading
from collections.abc import Iterator

import msgspec
import pytest

from stratolith.kernel.agent.client import Unreachable
from stratolith.kernel.agent.host import Conditions
from stratolith.network.agent import NetworkRoom
from stratolith.network.drivers.linux.host_kernel import namespaces
from stratolith.network.drivers.linux.inventory import Made
from tests.drivers.network import views
from tests.drivers.network.dhcp_client import lease
from tests.drivers.network.guests import PATIENCE, Guest, echo

pytestmark = pytest.mark.root

RULES = [*views.EGRESS_ALL, views.tcp_in(22)]


def sh(script: str, namespace: str = "") -> str:
    def body() -> str:
        done = subprocess.run(["/bin/sh", "-ec", script], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return namespaces.run_in(namespace, body) if namespace else body()


def take_away(driver, one: Made) -> None:
    key, _, value = one.name.partition(" ")
    if one.kind in ("bridge", "tap", "veth"):
        sh(f"ip link del {one.name}", one.namespace)
    elif one.kind == "namespace":
        sh(f"ip netns del {one.name}")
    elif one.kind == "table":
        sh(f"nft delete table {one.name}", one.namespace)
    elif one.kind == "address":
        sh(f"ip addr del {one.name}", one.namespace)
    elif one.kind == "route":
        sh(f"ip route del {one.name}", one.namespace)
    elif one.kind == "neighbour":
        sh(f"ip neigh del {one.name}", one.namespace)
    elif one.kind == "place":
        sh(f"bridge fdb del {one.name} master")
    elif one.kind == "setting":
        other = "0" if value != "0" else "1"
        sh(f"echo {other} > /proc/sys/{key}", one.namespace)
    else:
        assert one.kind == "dhcp-server"
        os.kill(driver._dnsmasq.pid(one.name), 9)


def a_cloud():
    ports = [
        views.port(name, f"10.55.0.{number}", "n1-subnet", rules=RULES)
        for name, number in (("a", 11), ("b", 12))
    ]
    n1 = views.network("n1", ports=ports, dhcp=True)
    router = views.router("r1", [n1], "172.31.249.10", {"172.31.249.20": "10.55.0.12"})
    return views.host([n1], [router], external=True)


def kinds(inventory: list[Made]) -> set[str]:
    return {one.kind for one in inventory}


def test_each_object_is_missed_and_comes_back(driver):
    view = a_cloud()
    assert not driver.apply(view).errors
    everything = driver.inventory()
    assert kinds(everything) == {
        "bridge", "tap", "veth", "namespace", "table", "address", "route", "setting",
        "dhcp-server", "neighbour", "place",
    }  # fmt: skip
    a, b = view.networks[0].ports
    for one in everything:
        # an arp setting tells nobody that it changed; the next full look finds it
        silent = one.kind == "setting" and "forward" not in one.name
        settle(driver, view)
        take_away(driver, one)
        assert driver.wait_for_change(0.3 if silent else PATIENCE) or silent, one
        if silent:
            driver._memory.last_deep = float("-inf")
        assert not driver.apply(view).errors, one
        assert driver.inventory() == everything
        first, second = Guest(a.tap, a.mac), Guest(b.tap, b.mac)
        first.configure("10.55.0.11/24")
        second.configure("10.55.0.12/24", "10.55.0.1")
        with second.serving(22), second.serving(23):
            assert first.reaches("10.55.0.12", 22), one
            assert not first.reaches("10.55.0.12", 23, 0.3), one
        assert is_known(one), one
        asked = namespaces.run_in(first.name, lambda: lease("eth0", first.mac))  # noqa: B023
        assert asked[0] == "10.55.0.11", one
        with second.serving(22):
            assert reaches_from_outside("172.31.249.20", 22), one
        first.close()
        second.close()


def test_what_the_kernel_makes_for_addresses_comes_back(driver):
    """It does so once: routes to their networks, and link-local addresses."""
    view = a_cloud()
    assert not driver.apply(view).errors
    space = f"qrouter-{view.routers[0].id}"
    device = sh("ip -br link | grep -o '^qr-[^@]*'", space).strip()

    def kernel_made() -> list[str]:
        inside = sh("ip -o route; ip -o -6 route; ip -o addr", space)
        outside = sh(f"ip route show dev {views.EXTERNAL_BRIDGE}")
        lines = (inside + outside).replace(" nodad", "").splitlines()
        return sorted(line.split(" valid_lft")[0] for line in lines)

    before = kernel_made()
    sh(f"ip route flush dev {device}; ip -6 addr flush dev {device}", space)
    sh(f"ip route flush dev {views.EXTERNAL_BRIDGE}")
    assert kernel_made() != before
    driver._memory.last_deep = float("-inf")
    assert not driver.apply(view).errors
    assert kernel_made() == before


OPTIONS = ["learning off", "flood off", "mcast_flood off", "bcast_flood off", "isolated on",
           "neigh_suppress on", "guard on", "locked on", "state 0", "hairpin on"]  # fmt: skip


def test_options_of_bridges_and_their_ports(driver):
    view = a_cloud()
    assert not driver.apply(view).errors
    network = view.networks[0]
    a, b = network.ports
    first, second = Guest(a.tap, a.mac), Guest(b.tap, b.mac)
    first.configure("10.55.0.11/24")
    second.configure("10.55.0.12/24", "10.55.0.1")
    server = sh("ip -br link | grep -o '^sd-[^@]*'").strip()

    def options() -> str:
        ports = [sh(f"bridge -d link show dev {name}") for name in (a.tap, b.tap, server)]
        shown = sh(f"ip -d link show {network.bridge} | grep -oE '(stp_state|snooping) .'")
        return "".join(ports) + shown

    settle(driver, view)
    before = options()
    for number, option in enumerate(OPTIONS):
        sh(f"bridge link set dev {(a.tap, b.tap, server)[number % 3]} {option}")
    sh(f"ip link set {network.bridge} type bridge stp_state 1 mcast_snooping 1")
    assert options() != before
    driver._memory.last_deep = float("-inf")
    assert not driver.apply(view).errors
    assert options() == before
    with second.serving(22):
        assert first.reaches("10.55.0.12", 22)
        assert reaches_from_outside("172.31.249.20", 22)
    assert all(is_known(one) for one in driver.inventory())
    first.close()
    second.close()


def is_known(one: Made) -> bool:
    """Whether the kernel has the entry, as it was; of other kinds their use tells."""
    if one.kind == "neighbour":
        address, _, mac, _, device = one.name.split()
        return f"{mac} PERMANENT" in sh(f"ip neigh show {address} dev {device}", one.namespace)
    if one.kind == "place":
        mac, _, device = one.name.split()
        return f"{mac} sticky" in sh(f"bridge fdb show brport {device}")
    return True


def settle(driver, view) -> None:
    """What guests do to their taps, and the kernel by itself, is heard too; let it pass."""
    for _ in range(20):
        if not driver.wait_for_change(0.3):
            return
        assert not driver.apply(view).errors
    raise AssertionError("it never comes to rest")


def reaches_from_outside(address: str, port: int) -> bool:
    try:
        with socket.create_connection((address, port), 3) as sock:
            return echo(sock)
    except OSError:
        return False


FOREIGN = [
    "ip link add foreign0 type bridge; ip link set foreign0 up",
    "ip addr add 10.99.0.1/24 dev foreign0",
    "nft add table inet foreign; nft add chain inet foreign x; nft delete table inet foreign",
    "ip link del foreign0",
]  # fmt: skip


def test_what_others_do_disturbs_nobody(driver):
    view = a_cloud()
    driver.apply(view)
    settle(driver, view)
    for script in FOREIGN:
        sh(script)
        assert not driver.wait_for_change(0.5), script


class Cloud:
    """What a room needs of its host and of the control plane, which may be away."""

    name = "h1"

    def __init__(self, room: NetworkRoom, view) -> None:
        self.transport, self.conditions = self, Conditions()
        self.room, self.raw, self.gone = room, msgspec.json.encode(view), False

    def view(self, *_: object) -> bytes:
        if self.gone:
            raise Unreachable("no control plane")
        return self.raw

    def report(self, *_: object) -> None:
        pass

    def poke(self, *_: object) -> None:
        threading.Thread(target=self.sync).start()

    def sync(self) -> None:
        with contextlib.suppress(Unreachable):
            self.room.sync(None)


@pytest.fixture
def room(driver) -> Iterator[NetworkRoom]:
    made = NetworkRoom(driver)
    made.host = Cloud(made, a_cloud())  # type: ignore[assignment]
    yield made
    made.stop()


@pytest.mark.parametrize("away", [False, True], ids=["control plane", "none"])
def test_filters_are_back_by_themselves(driver, room, guest, away):
    room.sync(None)
    room.start()
    a, b = a_cloud().networks[0].ports
    first, second = guest(a, "10.55.0.11/24"), guest(b, "10.55.0.12/24")
    with second.serving(23):
        assert not first.reaches("10.55.0.12", 23, 0.3)
        room.host.gone = away  # type: ignore[attr-defined]
        sh("nft flush ruleset")
        end = threading.Event()
        for _ in range(40):
            if "inet stratotest" in sh("nft list tables"):
                break
            end.wait(0.1)
        assert not first.reaches("10.55.0.12", 23, 0.3)
