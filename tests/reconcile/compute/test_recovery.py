"""Whatever is killed and whichever hints are lost, the cloud comes to rest as it should be.

The real rooms, the real control plane and the fake hypervisor; chance decides what users do,
what dies and which hints get lost, doubled or late. Afterwards one periodic pass must be
enough: nothing transitional, allocations, guests and ports exactly those of living servers.
"""

from __future__ import annotations

import random
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from stratolith.compute.agent.room import GuestRoom
from stratolith.compute.drivers.base import DriverError, PowerState
from stratolith.compute.drivers.fake import FakeDriver
from stratolith.compute.models import Server
from stratolith.compute.settings import ComputeSettings
from stratolith.kernel.agent.host import Host
from stratolith.kernel.agent.hub import AgentHub
from stratolith.kernel.agent.local import LocalTransport
from stratolith.kernel.agent.questions import QuestionRoom
from stratolith.kernel.operations import OPEN, Operation
from stratolith.network.agent import NetworkRoom
from stratolith.network.drivers.fake import FakeNetworkDriver
from tests.testcloud import Client, TestCloud

DISK = b"\x00" * 4096
HOST = "host1"


class LossyHub(AgentHub):
    """Loses one hint in four and doubles another."""

    chance = random.Random(0)

    def _take_hint(self, hint: str) -> None:
        fate = self.chance.random()
        _, view, _ = hint.split("\n", 2)
        if view and fate < 0.25:
            return
        super()._take_hint(hint)
        if fate > 0.75:
            super()._take_hint(hint)


class Cloud:
    """A cloud whose agent and server can be killed."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.chance = random.Random(seed)
        LossyHub.chance = random.Random(seed + 1)
        self.cloud = TestCloud(folder)
        self.demo: Client = self.cloud.client("demo")
        self.image = self._image()
        self.driver = FakeDriver()
        self.network = FakeNetworkDriver()
        self.host: Host | None = None
        self.restart_server()
        self.start_agent()
        admin = self.cloud.client("admin")
        self.cloud.wait(lambda: admin.get("compute", "/os-hypervisors").json()["hypervisors"])

    def _image(self) -> str:
        admin = self.cloud.client("admin")
        body = {"name": "i", "disk_format": "raw", "container_format": "bare"}
        body["visibility"] = "public"
        image_id: str = admin.post("image", "/images", json=body).json()["id"]
        headers = {"Content-Type": "application/octet-stream"}
        admin.put("image", f"/images/{image_id}/file", content=DISK, headers=headers)
        return image_id

    # -- deaths --------------------------------------------------------------------------------

    def restart_server(self) -> None:
        """A new process: hints that were not told are lost, the epoch is another."""
        self.cloud.env.agents = LossyHub(self.cloud.env)
        if self.host is not None:
            self.host.transport = LocalTransport(self.cloud.env.agents)

    def start_agent(self) -> None:
        assert self.cloud.env.agents is not None
        mine = self.cloud.env.settings.of(ComputeSettings)
        guests = GuestRoom(self.driver, mine.guest_workers, None)
        rooms = [NetworkRoom(self.network), guests, QuestionRoom([guests])]
        self.host = Host(HOST, LocalTransport(self.cloud.env.agents), rooms)
        self.host.start()

    def kill_agent(self) -> None:
        """Nothing it kept in memory survives; its guests do."""
        assert self.host is not None
        self.host.stop()
        self.start_agent()

    # -- what users and fate do ------------------------------------------------------------------

    def servers(self) -> list[str]:
        return [s["id"] for s in self.demo.get("compute", "/servers").json()["servers"]]

    def one(self) -> str | None:
        found = self.servers()
        return self.chance.choice(sorted(found)) if found else None

    def do(self, step: str) -> None:
        if step == "create":
            count = self.chance.randint(1, 3)
            server = {"name": "s", "imageRef": self.image, "flavorRef": "42"}
            body = {"server": {**server, "min_count": count}}
            self.demo.post("compute", "/servers", json=body)
        elif step == "restart server":
            self.restart_server()
        elif step == "kill agent":
            self.kill_agent()
        elif step == "wait":
            time.sleep(0.05)
        elif step == "power loss":
            self.driver.lose_power()
            time.sleep(0.02)
            self.driver.restore_power()
        else:
            server_id = self.one()
            if server_id is not None:
                self._to_server(step, server_id)

    def _to_server(self, step: str, server_id: str) -> None:
        path = f"/servers/{server_id}"
        if step == "delete":
            self.demo.delete("compute", path)
        elif step in ("os-stop", "os-start"):
            self.demo.post("compute", f"{path}/action", json={step: None})
        elif step in ("SOFT", "HARD"):
            self.demo.post("compute", f"{path}/action", json={"reboot": {"type": step}})
        elif step == "rebuild":
            body = {"rebuild": {"imageRef": self.image}}
            self.demo.post("compute", f"{path}/action", json=body)
        elif step == "attach":
            self.demo.post("compute", f"{path}/os-interface", json={})
        else:
            self._to_guest(step, server_id)

    def _to_guest(self, step: str, server_id: str) -> None:
        try:
            if step == "crash":
                self.driver.crash(server_id)
            else:
                self.driver.power_off_guest(server_id)
        except DriverError:
            pass  # there is no guest yet, or none any more

    # -- afterwards ------------------------------------------------------------------------------

    def settle(self) -> str:
        """A periodic pass now and then until nothing is wrong; gives what is still wrong."""
        end = time.monotonic() + 20
        wrong = "not looked"
        while time.monotonic() < end:
            assert self.host is not None
            for room in self.host.rooms:
                self.host.poke(room)
            self.cloud.settle()
            for _ in range(20):
                wrong = self.wrong()
                if not wrong:
                    return ""
                time.sleep(0.02)
        return wrong

    def wrong(self) -> str:
        with self.cloud.env.db.read() as session:
            rows = list(session.scalars(select(Server).where(Server.deleted_at.is_(None))))
            still = session.scalars(select(Operation).where(Operation.state.in_(OPEN))).first()
        if still is not None:
            return f"operation {still.kind} is open"
        for row in rows:
            if row.task_state or row.vm_state == "building" or row.delete_requested_at:
                return f"server {row.id} is {row.vm_state}/{row.task_state}"
        guests = {guest.id: guest for guest in self.driver.list_guests()}
        placed = {row.id: row for row in rows if row.host}
        if set(guests) != {i for i, row in placed.items() if row.launched_at}:
            return f"guests {sorted(guests)} are not the servers {sorted(placed)}"
        for server_id, guest in guests.items():
            wanted = placed[server_id].desired_power
            is_on = guest.power is PowerState.RUNNING
            if is_on is not (wanted == "running") and not placed[server_id].has_error:
                return f"guest {server_id} is {guest.power}, wanted {wanted}"
        return self._leaks(set(placed))

    def _leaks(self, servers: set[str]) -> str:
        admin = self.cloud.client("admin")
        provider = admin.get("placement", "/resource_providers").json()["resource_providers"][0]
        held = admin.get("placement", f"/resource_providers/{provider['uuid']}/allocations").json()
        if set(held["allocations"]) != servers:
            return f"allocations {sorted(held['allocations'])} are not those of {sorted(servers)}"
        ports: list[dict[str, Any]] = admin.get("network", "/ports").json()["ports"]
        owners = {p["device_id"] for p in ports if p["device_owner"].startswith("compute:")}
        return f"ports of {sorted(owners - servers)} are left" if owners - servers else ""

    def close(self) -> None:
        if self.host is not None:
            self.host.stop()
        self.cloud.close()


STEPS = st.sampled_from(
    [
        "create",
        "create",
        "delete",
        "os-stop",
        "os-start",
        "SOFT",
        "HARD",
        "rebuild",
        "attach",
        "crash",
        "off",
        "kill agent",
        "restart server",
        "power loss",
        "wait",
    ]
)


@pytest.mark.slow
@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    print_blob=True,
    phases=(Phase.reuse, Phase.generate),  # each wrong example takes 20 s: no shrinking
)
@given(st.lists(STEPS, min_size=4, max_size=14), st.integers(0, 1 << 16))
def test_it_comes_to_rest(steps: list[str], seed: int) -> None:
    with tempfile.TemporaryDirectory(prefix="stratolith-recovery-") as folder:
        cloud = Cloud(Path(folder) / "cloud", seed)
        try:
            for step in ["create", *steps]:
                cloud.do(step)
            assert cloud.settle() == ""
        finally:
            cloud.close()
