"""Two machines change to driver ovn by one setting; guests are namespaces behind their taps."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import pytest

from stratolith.network.drivers.linux import inside
from stratolith.network.drivers.linux.host_kernel import namespaces
from tests.drivers.network import dhcp_client
from tests.drivers.network.guests import Guest, echo
from tests.e2e.guests import User, wait
from tests.e2e.test_two_hosts import ADDRESSES, CLONE_NEWNET, Machine, _libc
from tests.e2e.test_two_hosts import two as two

pytestmark = [pytest.mark.guest, pytest.mark.root, pytest.mark.timeout(300)]
T = TypeVar("T")


def within(machine: Machine, work: Callable[[], T]) -> T:
    """Run it in a thread that has the network of the machine."""

    def body() -> T:
        inside = os.open(f"/proc/{machine.holder.pid}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        try:
            assert _libc.setns(inside, CLONE_NEWNET) == 0
        finally:
            os.close(inside)
        return work()

    return namespaces.in_thread(body)


def ask_ovn(first: Machine, *arguments: str) -> str:
    database = f"--db=unix:{first.cloud.state_dir / 'ovn' / 'sb.sock'}"
    command = ["ovn-sbctl", database, "--bare", *arguments]
    return subprocess.run(command, capture_output=True, text=True).stdout.strip()


def chassis(first: Machine) -> set[str]:
    return set(ask_ovn(first, "--columns=name", "list", "Chassis").split())


def port_on(admin: User, network: str, host: str) -> dict[str, Any]:
    body = {
        "network_id": network,
        "binding:host_id": host,
        "device_owner": "compute:nova",
        "device_id": f"guest of {host}",
        "port_security_enabled": False,
    }
    port = admin.api.post("network", "/v2.0/ports", {"port": body})["port"]
    return dict(port)


class World:
    """A machine on the outer network of both hosts, ``ADDRESS``."""

    ADDRESS = "172.24.4.200"

    def __init__(self, machines: Collection[Machine]) -> None:
        self.name = f"world-{uuid4().hex[:8]}"
        namespaces.create(self.name)
        self.sh(
            f"ip link add sw type bridge; ip addr add {self.ADDRESS}/24 dev sw; ip link set sw up"
        )
        namespaces.run_in(self.name, lambda: inside.fill_in_checksums("sw"))
        for number, machine in enumerate(machines):
            self.sh(
                f"ip link add e{number} type veth peer name ext netns {machine.holder.pid}; "
                f"ip link set e{number} master sw up"
            )
            switch = machine.cloud.state_dir / "network" / "ovs" / "db.sock"
            machine.sh(f"ip link set ext up; ovs-vsctl --db=unix:{switch} add-port br-stl-ext ext")

    def sh(self, script: str) -> None:
        def body() -> None:
            subprocess.run(["sh", "-ec", script], check=True)

        namespaces.run_in(self.name, body)

    def connect(self, address: str) -> socket.socket:
        def body() -> socket.socket:
            return socket.create_connection((address, 80), 5)

        return namespaces.run_in(self.name, body)

    def datagrams(self, address: str) -> socket.socket:
        """For one flow of datagrams to port 53."""

        def body() -> socket.socket:
            sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            sock.connect((address, 53))
            sock.settimeout(0.2)
            return sock

        return namespaces.run_in(self.name, body)

    def close(self) -> None:
        self.sh("ip link del sw; for end in e0 e1; do ip link del $end || true; done")
        namespaces.remove(self.name)


class Cloud:
    """Two machines with a network between them, and a port on each; which are not plugged in."""

    def __init__(self, first: Machine, second: Machine) -> None:
        self.first, self.second, self.here = first, second, os.uname().nodename
        self.machines = {self.here: first, "second": second}
        self.admin = User(first.cloud, "admin")
        self.network, self.subnet = self.admin.network("both", "10.77.0.0/24")
        self.ports = {host: port_on(self.admin, self.network, host) for host in self.machines}

    def are_active(self) -> bool:
        listed = self.admin.api.get("network", f"/v2.0/ports?network_id={self.network}")["ports"]
        return all(p["status"] == "ACTIVE" for p in listed if p["device_owner"] == "compute:nova")

    def plugged(self, host: str) -> Guest:
        machine, port = self.machines[host], self.ports[host]
        guest = within(machine, lambda: Guest(f"tap{port['id'][:11]}", port["mac_address"]))
        mac = port["mac_address"]
        leased, options = namespaces.run_in(guest.name, lambda: dhcp_client.lease("eth0", mac))
        assert leased == self.address(host)
        guest.configure(f"{leased}/24", "10.77.0.1")
        hop = dhcp_client.static_routes(options[121])["169.254.169.254/32"]
        guest.sh(f"ip route add 169.254.169.254 via {hop}")
        return guest

    def address(self, host: str) -> str:
        return str(self.ports[host]["fixed_ips"][0]["ip_address"])

    def talk(self) -> None:
        """Guests on both hosts reach each other."""
        guests = {host: self.plugged(host) for host in self.machines}
        try:
            with guests["second"].serving(80):
                assert guests[self.here].reaches(self.address("second"), 80)
            # its host answers; no server has this port
            with guests["second"].connect("169.254.169.254", 80) as sock:
                sock.sendall(b"GET / HTTP/1.0\r\nHost: metadata\r\n\r\n")
                assert b"404" in sock.recv(1000)
        finally:
            for guest in guests.values():
                guest.close()

    def router_on_second(self) -> str:
        """Make a router there; returns the floating IP of the port on the first host."""
        api = self.admin.api
        outer = self.admin.named("network", "/v2.0/networks", "networks", "public")
        body = {"router": {"name": "r", "external_gateway_info": {"network_id": outer}}}
        router = api.post("network", "/v2.0/routers", body)["router"]["id"]
        owner = "device_owner=network:router_gateway"
        ends = api.get("network", f"/v2.0/ports?device_id={router}&{owner}")["ports"]
        self.gateway_port = ends[0]["id"]
        path = f"/v2.0/routers/{router}/add_router_interface"
        api.call("PUT", "network", path, {"subnet_id": self.subnet})
        agents = api.get("network", "/v2.0/agents?binary=neutron-l3-agent")["agents"]
        by_host = {agent["host"]: agent["id"] for agent in agents}
        former = f"/v2.0/agents/{by_host[self.here]}/l3-routers"
        api.call("DELETE", "network", f"{former}/{router}")
        wanted = f"/v2.0/agents/{by_host['second']}/l3-routers"
        api.call("POST", "network", wanted, {"router_id": router})
        port = self.ports[self.here]["id"]
        body = {"floatingip": {"floating_network_id": outer, "port_id": port}}
        made = api.post("network", "/v2.0/floatingips", body)["floatingip"]
        return str(made["floating_ip_address"])

    def gateway(self) -> str:
        """The host that has the router's gateway."""
        port = f"logical_port=cr-lrp-{self.gateway_port}"
        uuid = ask_ovn(self.first, "--columns=chassis", "find", "Port_Binding", port)
        return ask_ovn(self.first, "--columns=name", "list", "Chassis", uuid) if uuid else ""


def die(machine: Machine) -> None:
    """As by a power cut, as others see it."""
    machine.sh("ip link set wire down; ip link set ext down")
    pids = [pid for role, pid in machine.cloud.pids().items() if role == "supervisor"]
    pids += machine.cloud.pids().values()
    folder = machine.cloud.state_dir / "network" / "ovs"
    pids += [int(path.read_text()) for path in folder.glob("*.pid")]
    for pid in dict.fromkeys(pids):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def test_one_setting_moves_two_hosts_to_ovn(two: tuple[Machine, Machine], tmp_path: Path) -> None:
    first, second = two
    image = tmp_path / "empty.img"
    image.write_bytes(bytes(1 << 20))
    first.cloud.environment["STRATOLITH_HOSTS_LISTEN"] = ADDRESSES[0]
    first.cloud.up_real("--image", str(image))
    line = first.cloud.run("token", "create").stdout.strip().splitlines()[-1]
    second.cloud.run(*line.split()[1:], "--name", "second")
    cloud = Cloud(first, second)
    wait(cloud.are_active, 60, "ports of driver linux")
    cloud.talk()

    first.cloud.environment["STRATOLITH_NETWORK_DRIVER"] = "ovn"
    first.cloud.up_real()
    wait(lambda: chassis(first) == {cloud.here, "second"}, 60, "both hosts are in OVN")
    wait(cloud.are_active, 60, "ports of driver ovn")
    devices = second.sh("ip -o link")
    assert "br-stl-int" in devices and "brq" not in devices
    assert "works" in second.cloud.run("status").stdout
    cloud.talk()
    tap = f"tap{cloud.ports['second']['id'][:11]}"
    assert "mtu 1442" in second.sh(f"ip link show {tap}"), "what fits into its tunnels"

    floating, world = cloud.router_on_second(), World([first, second])
    guest = cloud.plugged(cloud.here)
    try:
        wait(lambda: cloud.gateway() == "second", 15, "the gateway is where its router is")
        the_gateway_moves(cloud, world, guest, floating)
    finally:
        guest.close()
        world.close()

    for port in cloud.ports.values():
        cloud.admin.api.call("DELETE", "network", f"/v2.0/ports/{port['id']}")
    second.cloud.run("leave")
    wait(lambda: chassis(first) == {cloud.here}, 10, "the host that left is not in OVN")
    assert not list((first.cloud.state_dir / "ovn" / "hosts").glob("*.pem"))


@contextlib.contextmanager
def sending_back(guest: Guest) -> Iterator[None]:
    """The guest answers datagrams at port 53."""

    def body() -> socket.socket:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind(("0.0.0.0", 53))
        return sock

    server, is_over = namespaces.run_in(guest.name, body), threading.Event()
    server.settimeout(0.1)

    def answer() -> None:
        while not is_over.is_set():
            with contextlib.suppress(OSError):
                data, client = server.recvfrom(100)
                server.sendto(data, client)

    thread = threading.Thread(target=answer)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()
        server.close()


def is_answered(flow: socket.socket, seconds: float) -> bool:
    """Whether a datagram of the flow, sent again and again, is answered in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        mark = os.urandom(8)
        with contextlib.suppress(OSError):
            flow.send(mark)
            if flow.recv(100) == mark:
                return True
    return False


def the_gateway_moves(cloud: Cloud, world: World, guest: Guest, floating: str) -> None:
    with (
        guest.serving(80),
        world.connect(floating) as sock,
        sending_back(guest),
        world.datagrams(floating) as flow,
    ):
        assert echo(sock) and is_answered(flow, 1)
        die(cloud.second)
        died = time.monotonic()
        assert is_answered(flow, 10)
        print(f"answered {time.monotonic() - died:.1f} s after the host died")
        sock.settimeout(20)  # TCP waits longer and longer between its attempts
        assert echo(sock)
        assert cloud.gateway() == cloud.here
        # it is back, and one host has the gateway
        cloud.second.sh("ip link set wire up; ip link set ext up")
        cloud.second.cloud.run("up")
        wait(cloud.are_active, 60, "its ports")
        time.sleep(3)
        assert echo(sock)
        assert cloud.gateway() in cloud.machines
