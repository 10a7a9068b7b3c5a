"""A host with the driver ovn, and the central part of OVN, written from the same views."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

from stratolith.network.drivers.base import Applied, HostNetworkView
from stratolith.network.drivers.ovn import OvnNetworkDriver, central
from stratolith.network.drivers.ovn.driver import Settings
from stratolith.network.drivers.ovn.northbound import plan
from stratolith.network.drivers.ovn.northbound.plan import Placement
from stratolith.network.drivers.ovn.northbound.writer import Northbound

HOST = "h1"


class OvnHost:
    """A network driver: what the server writes centrally, it writes before each apply."""

    name = "ovn"

    def __init__(self, directory: Path, instance: str = "stratotest") -> None:
        self.directory = directory / "ovn"
        central.start(self.directory)
        self.northbound = Northbound(central.northbound_socket(self.directory))
        south = f"unix:{central.southbound_socket(self.directory)}"
        settings = Settings(southbound=south, host=HOST, datapath="netdev")
        self.driver = OvnNetworkDriver(directory, settings, instance)

    def check(self) -> list[str]:
        return self.driver.check()

    def planned(self, view: HostNetworkView) -> plan.Plan:
        named, groups = plan.groups_of(view)
        return plan.whole(named, groups, Placement(default=(HOST,)))

    def apply(self, view: HostNetworkView) -> Applied:
        self.northbound.write(self.planned(view).rows)
        applied = self.driver.apply(view)
        assert self.northbound.wait_for_hosts()
        self.wait_for_switch()
        return applied

    def wait_for_switch(self) -> None:
        """Until no packet is forwarded by flows of before."""
        self.ask_switch("revalidator/wait")

    def ask_switch(self, *command: str) -> str:
        """The answer of the switch's process."""
        control = self.driver._switch.control()
        line = ["ovs-appctl", "-t", str(control), *command]
        return subprocess.run(line, check=True, capture_output=True, text=True).stdout

    def keep_watch(
        self, stopping: threading.Event, repaired: Callable[[], None] = lambda: None
    ) -> None:
        self.driver.keep_watch(stopping, repaired)

    def remove_all(self) -> None:
        self.driver.remove_all()

    def close(self) -> None:
        self.driver.remove_all()
        self.northbound.close()
        central.stop(self.directory)
