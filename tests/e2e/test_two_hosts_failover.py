"""The machine of the server and of a router's active host dies: floating IPs answer again.

Guests are namespaces behind their taps, on the other machine.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.drivers.network.guests import Guest, echo
from tests.e2e.guests import User, wait
from tests.e2e.test_two_hosts import ADDRESSES, Machine
from tests.e2e.test_two_hosts import two as two
from tests.e2e.test_two_hosts_ovn import within

pytestmark = [pytest.mark.guest, pytest.mark.root, pytest.mark.timeout(300)]
OTHER = "second"


def made(admin: User, kind: str, **values: Any) -> dict[str, Any]:
    """A resource of the network service."""
    answer = admin.api.post("network", f"/v2.0/{kind}s", {kind: values})
    return dict(answer[kind])


class World:
    """An external network with a machine of the outside, and a guest behind a router.

    The router is made while the cloud has one host, which so becomes its active one: whoever
    starts first does, and stays so.
    """

    def __init__(self, admin: User) -> None:
        self.admin = admin
        outside = made(admin, "network", name="outside", **{"router:external": True})
        made(admin, "subnet", network_id=outside["id"], ip_version=4, cidr="10.88.0.0/24",
             enable_dhcp=False)  # fmt: skip
        inside = made(admin, "network", name="inside")
        self.outside, self.inside = outside, inside
        subnet = made(admin, "subnet", network_id=inside["id"], ip_version=4, cidr="10.77.0.0/24")
        gateway = {"network_id": outside["id"]}
        self.router = made(admin, "router", ha=True, external_gateway_info=gateway)
        body = {"subnet_id": subnet["id"]}
        path = f"/v2.0/routers/{self.router['id']}/add_router_interface"
        admin.api.call("PUT", "network", path, body)

    def add_ports(self) -> None:
        """Ports for the two guests on the other host."""
        self.client, self.server = self._port(self.outside), self._port(self.inside)
        values = {"floating_network_id": self.outside["id"], "port_id": self.server["id"]}
        self.floating = made(self.admin, "floatingip", **values)["floating_ip_address"]

    def _port(self, network: dict[str, Any]) -> dict[str, Any]:
        values = {
            "network_id": network["id"],
            "binding:host_id": OTHER,
            "device_owner": "compute:nova",
            "device_id": "of this test",
            "port_security_enabled": False,
        }
        return made(self.admin, "port", **values)

    def elected(self, **others: str) -> bool:
        """Whether the first host is the router's active one, and these are what they are."""
        path = f"/v2.0/routers/{self.router['id']}/l3-agents"
        agents = self.admin.api.get("network", path)["agents"]
        states = {agent["host"]: agent["ha_state"] for agent in agents}
        return states == {os.uname().nodename: "active", **others}

    def wired(self) -> bool:
        """Whether both ports are."""
        paths = [f"/v2.0/ports/{port['id']}" for port in (self.client, self.server)]
        shown = [self.admin.api.get("network", path)["port"]["status"] for path in paths]
        return shown == ["ACTIVE", "ACTIVE"]


@contextlib.contextmanager
def plugged(machine: Machine, port: dict[str, Any], gateway: str | None) -> Iterator[Guest]:
    guest = within(machine, lambda: Guest(f"tap{port['id'][:11]}", port["mac_address"]))
    try:
        guest.configure(f"{port['fixed_ips'][0]['ip_address']}/24", gateway)
        yield guest
    finally:
        guest.close()


def kill(machine: Machine) -> None:
    """As a loss of power: none of its processes runs, and nothing leaves it."""
    machine.sh("ip link set wire down")
    mark = f"{machine.cloud.state_dir}/".encode()
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if mark in path.read_bytes():
                os.kill(int(path.parent.name), signal.SIGKILL)


def test_a_floating_ip_answers_after_the_death_of_the_servers_host(
    two: tuple[Machine, Machine], tmp_path: Path
) -> None:
    first, second = two
    image = tmp_path / "empty.img"
    image.write_bytes(bytes(1 << 20))
    first.cloud.environment["STRATOLITH_HOSTS_LISTEN"] = ADDRESSES[0]
    first.cloud.up_real("--image", str(image))
    world = World(User(first.cloud, "admin"))
    wait(world.elected, 60, "the router on the first host")
    line = first.cloud.run("token", "create").stdout.strip().splitlines()[-1]
    second.cloud.run(*line.split()[1:], "--name", OTHER)
    world.add_ports()
    wait(lambda: world.elected(**{OTHER: "standby"}), 60, "the second host of the router")
    wait(world.wired, 60, "both ports")
    with (
        plugged(second, world.server, "10.77.0.1") as server,
        plugged(second, world.client, None) as client,
        server.serving(80),
        client.connect(world.floating, 80) as sock,
    ):
        assert echo(sock)
        kill(first)
        sock.settimeout(20)
        begun = time.monotonic()
        assert echo(sock)
        silent = time.monotonic() - begun
        print(f"silent for {silent:.1f} s")
        assert silent < 10, silent
        # a new connection, too, and by the router of the second host
        assert client.reaches(world.floating, 80)
        space = f"qrouter-{world.router['id']}"
        assert "10.77.0.1/24" in second.sh(f"ip netns exec {space} ip -o addr")
    first.sh("ip link set wire up")
