"""Machines for network tests: namespaces that each play a host with a driver of its own."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

from stratolith.network.drivers.base import (
    Applied,
    ExternalNetworkView,
    HostNetworkView,
    NetworkView,
    PortView,
    RouterView,
)
from stratolith.network.drivers.linux import LinuxNetworkDriver
from stratolith.network.drivers.linux.host_kernel import namespaces
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
        view = HostNetworkView(
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

    def guest(self, port: PortView) -> Guest:
        found = self.run(lambda: Guest(port.tap, port.mac))
        found.configure(f"{port.fixed_ips[0].ip_address}/24")
        self.guests.append(found)
        return found

    def close(self) -> None:
        for guest in self.guests:
            guest.close()
        self.run(self.driver.remove_all)
        self.driver.close()
        namespaces.remove(self.name)
