"""Several hosts with the driver ovn, each a network namespace, and OVN's central part in another.

Cables join them by a switch, at which tests look at the packets between the hosts. The hosts reach
the southbound database as in a cloud: by TLS, with certificates that the test signs.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

import msgspec

from stratolith.kernel import files
from stratolith.kernel.clock import utcnow
from stratolith.kernel.hosts.authority import Authority, sign_apart
from stratolith.network.drivers.base import (
    Applied,
    ExternalNetworkView,
    HostNetworkView,
    NetworkView,
    PortView,
    SouthboundView,
)
from stratolith.network.drivers.linux import inside
from stratolith.network.drivers.linux.host_kernel import namespaces
from stratolith.network.drivers.ovn import OvnNetworkDriver, central, southbound
from stratolith.network.drivers.ovn.credentials import Admitted
from stratolith.network.drivers.ovn.driver import Settings
from stratolith.network.drivers.ovn.northbound import plan
from stratolith.network.drivers.ovn.northbound.plan import Placement
from stratolith.network.drivers.ovn.northbound.writer import Northbound
from stratolith.network.drivers.ovn.southbound import Southbound
from stratolith.network.drivers.ovn.trust import Trust, mark
from tests.drivers.network import views
from tests.drivers.network.guests import Guest

T = TypeVar("T")
SERVER, PORT = "192.0.2.9", 6642
LIFETIME = timedelta(days=1)
EXTERNAL = ExternalNetworkView(
    physical_network="public", bridge=views.EXTERNAL_BRIDGE, gateway_cidrs=[], nat=False
)


class Space:
    """A network namespace."""

    def __init__(self, key: str) -> None:
        self.name = f"{key}-{uuid4().hex[:8]}"
        namespaces.create(self.name)
        self.sh("ip link set lo up")

    def run(self, work: Callable[[], T]) -> T:
        return namespaces.run_in(self.name, work)

    def sh(self, script: str) -> str:
        def body() -> str:
            done = subprocess.run(["sh", "-ec", script], capture_output=True, text=True)
            assert done.returncode == 0, f"{script}: {done.stderr}"
            return done.stdout

        return self.run(body)

    def switch(self, address: str) -> None:
        self.sh(f"ip link add sw type bridge; ip addr add {address} dev sw; ip link set sw up")
        self.run(lambda: inside.fill_in_checksums("sw"))

    def cable(self, other: Space, device: str) -> None:
        """From ``device`` of the other namespace to our switch."""
        end = f"{device[:4]}{other.name.split('-')[0]}"
        self.sh(
            f"ip link add {end} type veth peer name {device} netns {other.name}; "
            f"ip link set {end} master sw up"
        )
        other.sh(f"ip link set {device} up")


class Central(Space):
    """The server's machine: the databases, and the switch between the hosts."""

    def __init__(self, folder: Path) -> None:
        super().__init__("c")
        self.directory = folder / "ovn"
        self.switch(f"{SERVER}/24")
        self.authority = Authority.make("tests", utcnow())
        self.trust = Trust(self.directory)
        self.directory.mkdir(mode=0o700)
        files.write(self.trust.files.server, self.authority.sign_server(utcnow(), LIFETIME))
        self.run(lambda: central.start(self.directory))
        self.southbound = Southbound(central.southbound_socket(self.directory))
        self.northbound = Northbound(central.northbound_socket(self.directory))
        self.southbound.connect()
        assert self.southbound.db.wait_for(lambda: bool(self.southbound.db.tables["SB_Global"]), 20)
        assert self.southbound.open_doors([southbound.target(SERVER, PORT)])

    def admit(self, host: str, request: str) -> bytes:
        signed, apart = sign_apart(request, host, host, utcnow(), LIFETIME)
        self.trust.admit(host, apart)
        return msgspec.json.encode(Admitted(signed.pem, self.authority.pem, mark(apart)))

    def remove(self, host: str) -> None:
        """As when a host leaves the cloud."""
        assert self.trust.shut_out([host])
        self.southbound.connect()
        self.southbound.open_doors([southbound.target(SERVER, PORT)], again=True)
        hosts = self.trust.hosts()
        assert self.southbound.keep_hosts(hosts) == [host]

    def chassis(self) -> set[str]:
        return set(self.ask("--bare", "--columns=name", "list", "Chassis").split())

    def gateway(self) -> str:
        """The host that has the router's gateway."""
        wanted = ("--bare", "--columns=chassis", "find", "Port_Binding", "type=chassisredirect")
        uuid = self.ask(*wanted).strip()
        return self.ask("get", "Chassis", uuid, "name").strip().strip('"') if uuid else ""

    def ask(self, *arguments: str) -> str:
        database = f"--db=unix:{central.southbound_socket(self.directory)}"
        command = ["ovn-sbctl", database, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def close(self) -> None:
        self.northbound.close()
        self.southbound.close()
        central.stop(self.directory)
        namespaces.remove(self.name)


class Machine(Space):
    """A host: ``guest`` makes guests on it."""

    def __init__(self, key: str, number: int, folder: Path, cloud: Central) -> None:
        super().__init__(key)
        self.key, self.folder, self.cloud = key, folder / key, cloud
        self.address = f"192.0.2.{number}"
        cloud.cable(self, "wire")
        self.sh(f"ip addr add {self.address}/24 dev wire")
        self.guests: list[Guest] = []
        self.start()

    def start(self) -> None:
        if hasattr(self, "driver"):
            self.driver.close()
        settings = Settings(server=SERVER, host=self.key, datapath="netdev")
        self.driver = OvnNetworkDriver(self.folder, settings, instance="stratotest")
        self.driver.ask_admission = lambda request: self.cloud.admit(self.key, request)

    def apply(self, networks: Sequence[NetworkView], *, external: bool = False) -> Applied:
        view = HostNetworkView(
            host=self.key,
            generation=1,
            networks=[*networks, *([views.external_network()] if external else [])],
            externals=[EXTERNAL] if external else [],
            tunnel_address=self.address,
            southbound=SouthboundView(port=PORT, admitted=self.cloud.trust.mark_of(self.key)),
        )
        return self.run(lambda: self.driver.apply(view))

    def has_way(self) -> bool:
        """Whether tunnels have a way; the agent looks all the time."""
        self.run(self.driver._look)
        return self.driver._underlay.is_made(self.driver._switch)

    def guest(self, port: PortView, gateway: str = "") -> Guest:
        made = self.run(lambda: Guest(port.tap, port.mac))
        made.configure(f"{port.fixed_ips[0].ip_address}/24", gateway or None)
        self.guests.append(made)
        return made

    def die(self) -> None:
        """As by a power cut, as others see it."""
        self.sh("for device in wire ext; do ip link set $device down 2>/dev/null || true; done")
        for daemon in self.driver._switch.daemons:
            pid = daemon.pid()
            if pid is not None:
                subprocess.run(["kill", "-KILL", str(pid)], check=True)

    def close(self) -> None:
        for guest in self.guests:
            guest.close()
        self.run(self.driver.remove_all)
        self.driver.close()
        namespaces.remove(self.name)


def write(cloud: Central, view: HostNetworkView, places: Placement) -> None:
    """What the server writes: the view of all hosts together."""
    named, groups = plan.groups_of(view)
    wanted = plan.whole(named, groups, places)
    assert wanted.errors == {}
    cloud.northbound.write(wanted.rows)
