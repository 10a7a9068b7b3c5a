"""Hosts under test: a driver, and what befalls its guests from outside."""

from __future__ import annotations

import os
import signal
import subprocess
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from stratolith.compute.drivers import choice
from stratolith.compute.drivers.base import (
    DiskSpec,
    GuestSpec,
    GuestState,
    HypervisorDriver,
    ImageRef,
    PowerState,
    VifSpec,
)
from stratolith.compute.drivers.fake import FakeDriver
from stratolith.compute.drivers.qemu.driver import QemuDriver
from stratolith.compute.settings import ComputeSettings
from stratolith.kernel import config
from tests.drivers.hypervisor import tiny_guest


def wait_until(check: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.02)


class Host(Protocol):
    """What the contract suite does to a host besides calling its driver."""

    @property
    def driver(self) -> HypervisorDriver: ...

    def spec(self, *, vifs: int = 0) -> GuestSpec:
        """A new guest this host can run."""

    def restart_agent(self) -> None:
        """Throw the driver away, as a killed agent does, and make a new one."""

    def await_system(self, guest_id: str) -> None:
        """Until the system in the guest is up."""

    def crash(self, guest_id: str) -> None: ...

    def power_off_inside(self, guest_id: str) -> None: ...

    def make_deaf(self, guest_id: str) -> None:
        """The system in the guest ignores the power button from now on."""

    def break_creation(self) -> None: ...

    def mend_creation(self) -> None: ...

    def close(self) -> None: ...


class FakeHost:
    """The fake driver with a state file, so that its guests outlive it."""

    def __init__(self, directory: Path) -> None:
        self._file = directory / "guests.json"
        self.driver: FakeDriver = FakeDriver(self._file)

    def spec(self, *, vifs: int = 0) -> GuestSpec:
        return new_spec([DiskSpec(role="root", size_bytes=1 << 20)], vifs, "")

    def restart_agent(self) -> None:
        self.driver = FakeDriver(self._file)

    def await_system(self, guest_id: str) -> None:
        self.driver.say(guest_id, "ready\n")

    def crash(self, guest_id: str) -> None:
        self.driver.crash(guest_id)

    def power_off_inside(self, guest_id: str) -> None:
        self.driver.power_off_guest(guest_id)

    def make_deaf(self, guest_id: str) -> None:
        self.driver.ignore_power_button(guest_id)

    def break_creation(self) -> None:
        self.driver.fail("create", "No space left on device")

    def mend_creation(self) -> None:
        self.driver.heal()

    def close(self) -> None:
        return


class ChosenHost(FakeHost):
    """The driver of the sample package, chosen by configuration as an agent does."""

    def __init__(self, directory: Path) -> None:
        cloud = {"state_dir": str(directory), "run_dir": str(directory / "run"), "fake": True}
        wished = {"cloud": cloud, "compute": {"driver": "sample"}}
        self._settings = config.load({"compute": ComputeSettings}, overrides=wished)
        self.restart_agent()

    def restart_agent(self) -> None:
        made = choice.make(self._settings, "here")
        assert made.name == "sample"
        assert isinstance(made, FakeDriver)
        self.driver = made


class QemuHost:
    """Real QEMU processes under TCG with the tiny guest, in a directory of the test."""

    def __init__(self, directory: Path, *, tap: str = "stltest") -> None:
        self.state_dir = directory / "state"
        self.image = directory / "tiny.raw"
        self.tap = tap
        tiny_guest.write_image(self.image)
        self._taps: list[str] = []
        self.restart_agent()

    driver: QemuDriver

    def restart_agent(self) -> None:
        self.driver = QemuDriver(
            self.state_dir, use="tcg", soft_reboot_seconds=10.0, unplug_seconds=5.0
        )

    def spec(self, *, vifs: int = 0) -> GuestSpec:
        image = ImageRef(image_id="tiny", path=str(self.image), format="raw")
        spec = new_spec([DiskSpec(role="root", size_bytes=0, source=image)], vifs, self.tap)
        for vif in spec.vifs:
            self.make_tap(vif.tap)
        return spec

    def make_tap(self, name: str) -> None:
        if name not in self._taps:
            subprocess.run(["ip", "tuntap", "add", "dev", name, "mode", "tap"], check=True)
            self._taps.append(name)

    def directory(self, guest_id: str) -> Path:
        return self.state_dir / "guests" / guest_id

    def pid(self, guest_id: str) -> int:
        pid = self.driver.get_guest(guest_id).pid
        assert pid is not None
        return pid

    def await_system(self, guest_id: str) -> None:
        log = self.directory(guest_id) / "console.log"
        wait_until(lambda: b"ready\r\n" in log.read_bytes())

    def crash(self, guest_id: str) -> None:
        os.kill(self.pid(guest_id), signal.SIGKILL)
        self._await_end(guest_id)

    def power_off_inside(self, guest_id: str) -> None:
        tiny_guest.type_letter(self.directory(guest_id), b"p")
        self._await_end(guest_id)

    def make_deaf(self, guest_id: str) -> None:
        tiny_guest.type_letter(self.directory(guest_id), b"d")
        # The echo comes before the deed; that of one more letter comes after it.
        tiny_guest.type_letter(self.directory(guest_id), b"k")

    def break_creation(self) -> None:
        self.image.rename(self.image.with_suffix(".away"))

    def mend_creation(self) -> None:
        self.image.with_suffix(".away").rename(self.image)

    def close(self) -> None:
        for guest in self.driver.list_guests():
            self.driver.destroy(guest.id)
        for name in self._taps:
            subprocess.run(["ip", "link", "delete", name], check=True)

    def _await_end(self, guest_id: str) -> None:
        wait_until(lambda: self.driver.get_guest(guest_id).pid is None)


def new_spec(disks: list[DiskSpec], vifs: int, tap: str) -> GuestSpec:
    guest_id = str(uuid.uuid4())
    return GuestSpec(
        id=guest_id,
        name="test",
        vcpus=1,
        memory_mb=32,
        arch="x86_64",  # whatever the host is: the tiny guest's instructions are of this one
        disks=disks,
        vifs=[new_vif(guest_id, number, tap) for number in range(vifs)],
        config_drive={"openstack/latest/meta_data.json": b'{"hostname": "test"}'},
    )


def new_vif(guest_id: str, number: int, tap: str = "stltest") -> VifSpec:
    return VifSpec(
        port_id=str(uuid.uuid5(uuid.UUID(guest_id), str(number))),
        mac=f"fa:16:3e:{guest_id[:2]}:{guest_id[2:4]}:{number:02x}",
        tap=f"{tap}{guest_id[:4]}{number}",
        mtu=1450,
    )


def power(driver: HypervisorDriver, guest_id: str) -> PowerState:
    return driver.get_guest(guest_id).power


def only(driver: HypervisorDriver) -> GuestState:
    """The single guest of a host."""
    [state] = driver.list_guests()
    return state
