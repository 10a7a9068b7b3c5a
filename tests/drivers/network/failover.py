"""A router on two hosts, for tests of elections: the hosts, their wires, the router of each."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

import msgspec

from stratolith.network.drivers.base import (
    Applied,
    ExternalNetworkView,
    FixedIpView,
    NetworkView,
    TunnelPeerView,
)
from stratolith.network.drivers.linux.host_kernel import namespaces
from stratolith.network.drivers.routing import (
    AdvertisedView,
    ElectionView,
    ExtraGatewayView,
    FloatingIpView,
    RouterPortView,
)
from tests.drivers.network import views
from tests.drivers.network.guests import Guest, echo
from tests.drivers.network.machines import Machine

WORLD, GATEWAY, FLOATING, INSIDE = "172.31.249.1", "172.31.249.10", "172.31.249.20", "10.55.0.11"
EXTERNAL = ExternalNetworkView(
    physical_network="public", bridge=views.EXTERNAL_BRIDGE, gateway_cidrs=[], nat=False
)
RULES = [*views.EGRESS_ALL, views.tcp_in(80)]


class Further(NamedTuple):
    """A further gateway of the router, in this network, with floating IPs of the guest."""

    network: NetworkView
    gateway: ExtraGatewayView
    floating_ips: list[FloatingIpView]


class Switch:
    """The wires of two hosts: ``lan`` for tunnels, ``ext`` for the external network."""

    def __init__(self) -> None:
        self.name = f"switch-{uuid4().hex[:8]}"
        namespaces.create(self.name)
        self.sh(
            "ip link add lan type bridge; ip link set lan up; "
            f"ip link add ext type bridge; ip link set ext up; ip addr add {WORLD}/24 dev ext"
        )

    def sh(self, script: str) -> str:
        def body() -> str:
            done = subprocess.run(["sh", "-ec", script], capture_output=True, text=True)
            assert done.returncode == 0, f"{script}: {done.stderr}"
            return done.stdout

        return namespaces.run_in(self.name, body)

    def plug(self, machine: Machine, key: str) -> None:
        machine.sh("ip link set lo up")
        for bridge in ("lan", "ext"):
            self.sh(
                f"ip link add {bridge}-{key} type veth peer name {bridge} netns {machine.name}; "
                f"ip link set {bridge}-{key} master {bridge} up"
            )
        machine.sh(f"ip addr add {machine.address}/24 dev lan; ip link set lan up")

    def cut(self, key: str, state: str) -> None:
        self.sh(f"ip link set lan-{key} {state}; ip link set ext-{key} {state}")


@contextlib.contextmanager
def two_hosts(folder: Path, *, watched: bool = True) -> Iterator[tuple[Switch, Machine, Machine]]:
    """Two hosts and their wires; ``watched``: whether agents look at changes there."""
    switch = Switch()
    a, b = Machine("a", folder), Machine("b", folder)
    for key, machine in (("a", a), ("b", b)):
        switch.plug(machine, key)
    stopping = threading.Event()
    watches = [
        threading.Thread(
            target=machine.run, args=(lambda m=machine: m.driver.keep_watch(stopping),)
        )
        for machine in (a, b)
        if watched
    ]
    for watch in watches:
        watch.start()
    try:
        yield switch, a, b
    finally:
        stopping.set()
        for watch in watches:
            watch.join()
        for machine in (a, b):
            machine.close()
        namespaces.remove(switch.name)


GUEST = views.port("guest", INSIDE, "n1-subnet", rules=RULES)
GUEST.fixed_ips.append(FixedIpView(subnet_id=views.uid("six"), ip_address="fd00:55::11"))
SIX = "fd00:55::1/64"


def tenant(here: bool, peer: Machine, router_mac: str) -> NetworkView:
    net = views.network("n1", ports=[GUEST] if here else [])
    ports = {views.uid(f"r-{views.uid('n1')}"): ""} | ({} if here else {GUEST.id: GUEST.mac})
    return msgspec.structs.replace(
        net,
        network_type="vxlan",
        segmentation_id=77,
        peers=[TunnelPeerView(address=peer.address, ports=ports)],
        moving={router_mac: ["10.55.0.1"]},
    )


def realise(
    mine: Machine,
    peer: Machine,
    number: int,
    guest_here: bool,
    fips: Sequence[str] = (FLOATING,),
    further: Sequence[Further] = (),
) -> Applied:
    """Router r on this host: its view as the control plane would compile it."""
    plain = views.network("n1")
    router = views.router("r", [plain], GATEWAY, dict.fromkeys(fips, INSIDE))
    # namespaces have one directory for both hosts: the router has an id for each
    interface = msgspec.structs.replace(
        router.interfaces[0],
        addresses=["10.55.0.1/24", SIX],
        advertised=[AdvertisedView(subnet_id=views.uid("six"), cidr="fd00:55::/64", mode="slaac")],
    )
    messages = msgspec.structs.replace(
        views.network("ha", cidr="169.254.192.0/18", gateway=False),
        network_type="vxlan",
        segmentation_id=99,
        peers=[
            TunnelPeerView(
                address=peer.address,
                ports={views.uid(f"ha{3 - number}"): views.mac_of(f"ha{3 - number}")},
            )
        ],
    )
    port = RouterPortView(
        port_id=views.uid(f"ha{number}"),
        network_id=messages.id,
        bridge=messages.bridge,
        mac=views.mac_of(f"ha{number}"),
        addresses=[f"169.254.192.{number}/18"],
    )
    router = msgspec.structs.replace(
        router,
        id=views.uid(f"r{number}"),
        interfaces=[interface],
        gateway_nexthops=[WORLD],
        election=ElectionView(port=port, number=7),
        extra_gateways=[each.gateway for each in further],
        floating_ips=[*router.floating_ips, *(f for each in further for f in each.floating_ips)],
    )
    networks = [tenant(guest_here, peer, interface.mac), messages, views.external_network()]
    networks += [each.network for each in further]
    applied = mine.apply(networks, [router], [EXTERNAL])
    with contextlib.suppress(AssertionError):
        mine.sh(f"ip link set ext master {views.EXTERNAL_BRIDGE} up")
    return applied


def wait(what: Callable[[], bool], seconds: float, text: str) -> float:
    start = time.monotonic()
    while not what():
        assert time.monotonic() - start < seconds, text
        time.sleep(0.05)
    return time.monotonic() - start


def inside(number: int, script: str) -> str:
    """The output of a command in the router's namespace of the host with this number."""

    def body() -> str:
        done = subprocess.run(["sh", "-ec", script], capture_output=True, text=True)
        assert done.returncode == 0, f"{script}: {done.stderr}"
        return done.stdout

    return namespaces.run_in(f"qrouter-{views.uid(f'r{number}')}", body)


def is_active(number: int) -> bool:
    return f"{GATEWAY}/24" in inside(number, "ip -o addr")


def started(a: Machine, b: Machine, further: Sequence[Further] = ()) -> Guest:
    """The router active on a, with its guest on b."""
    realise(a, b, 1, guest_here=False, further=further)
    wait(lambda: is_active(1), 15, "the only host becomes active")
    realise(b, a, 2, guest_here=True, further=further)
    guest = b.guest(GUEST)
    guest.sh("echo 0 > /proc/sys/net/ipv6/conf/eth0/accept_ra")
    guest.sh("ip route add default via 10.55.0.1; ip addr add fd00:55::11/64 dev eth0 nodad")
    return guest


def kill(machine: Machine, switch: Switch, key: str) -> None:
    """End the processes of a machine and cut its wires, as by a loss of power."""
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            words = (path / "cmdline").read_bytes()
            if b"keepalived" in words and str(machine.driver._directory).encode() in words:
                os.kill(int(path.name), signal.SIGKILL)
    switch.cut(key, "down")


def advertises(machine: Machine, number: int) -> bool:
    """Whether the host runs the daemon that advertises the router."""
    return machine.driver._dnsmasq.pid(views.uid(f"r{number}")) is not None


@contextlib.contextmanager
def connected(switch: Switch) -> Iterator[socket.socket]:
    with namespaces.run_in(
        switch.name, lambda: socket.create_connection((FLOATING, 80), 15)
    ) as sock:
        sock.settimeout(20)
        yield sock


def answers(switch: Switch, address: str = FLOATING) -> bool:
    def body() -> bool:
        with contextlib.suppress(OSError), socket.create_connection((address, 80), 1) as sock:
            return echo(sock)
        return False

    return namespaces.run_in(switch.name, body)
