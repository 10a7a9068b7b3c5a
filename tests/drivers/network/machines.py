"""Machines for network tests: namespaces that each play a host with a driver of its own."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

import msgspec

from stratolith.network.drivers.base import (
    Applied,
    ExternalNetworkView,
    HostNetworkView,
    NetworkView,
    PortView,
    TunnelPeerView,
)
from stratolith.network.drivers.linux import LinuxNetworkDriver
from stratolith.network.drivers.linux.host_kernel import namespaces
from stratolith.network.drivers.routing import RouterView
from tests.drivers.network.guests import Guest

T = TypeVar("T")
ADDRESSES = {"a": "192.0.2.1", "b": "192.0.2.2"}


class Machine:
    """A host with a network of its own."""

    def __init__(self, key: str, folder: Path) -> None:
        self.name = f"{key}-{uuid4().hex[:8]}"
        self.address = ADDRESSES[key]
        namespaces.create(self.name)
        self.driver = LinuxNetworkDriver(folder / key, instance=f"stratotest{key}")
        self.guests: list[Guest] = []

    def run(self, work: Callable[[], T]) -> T:
        return namespaces.run_in(self.name, work)

    def sh(self, script: str) -> str:
        def body() -> str:
            done = subprocess.run(["sh", "-ec", script], capture_output=True, text=True)
            assert done.returncode == 0, f"{script}: {done.stderr}"
            return done.stdout

        return self.run(body)

    def apply(
        self,
        networks: list[NetworkView],
        routers: list[RouterView] | None = None,
        externals: list[ExternalNetworkView] | None = None,
    ) -> Applied:
        self.view = view = HostNetworkView(
            host=self.name,
            generation=1,
            networks=networks,
            routers=routers or [],
            externals=externals or [],
            tunnel_address=self.address,
        )
        applied = self.run(lambda: self.driver.apply(view))
        assert applied.errors == {}, applied.errors
        return applied

    def guest(self, port: PortView, configured: bool = True) -> Guest:
        guest = self.run(lambda: Guest(port.tap, port.mac))
        if configured:
            guest.configure(f"{port.fixed_ips[0].ip_address}/24")
        self.guests.append(guest)
        return guest

    def close(self) -> None:
        for guest in self.guests:
            guest.close()
        self.run(self.driver.remove_all)
        self.driver.close()
        namespaces.remove(self.name)


@contextlib.contextmanager
def two_machines(folder: Path) -> Iterator[tuple[Machine, Machine]]:
    """Two machines with a cable between them."""
    a, b = Machine("a", folder), Machine("b", folder)
    a.sh(
        f"ip link set lo up; ip link add wire type veth peer name wire netns {b.name}; "
        f"ip addr add {a.address}/24 dev wire; ip link set wire up"
    )
    b.sh(f"ip link set lo up; ip addr add {b.address}/24 dev wire; ip link set wire up")
    yield a, b
    for machine in (a, b):
        machine.close()


def part(network: NetworkView, number: int, peer: str, theirs: list[PortView]) -> NetworkView:
    """A network as one of two hosts has it; ``theirs``: its ports on the other one."""
    addresses = {port.id: [ip.ip_address for ip in port.fixed_ips] for port in theirs}
    macs = {port.id: port.mac for port in theirs}
    servers = {port.id: (port.server_id, port.project_id) for port in theirs if port.server_id}
    peers = [TunnelPeerView(address=peer, ports=macs, addresses=addresses, servers=servers)]
    return msgspec.structs.replace(
        network, network_type="vxlan", segmentation_id=number, peers=peers
    )
