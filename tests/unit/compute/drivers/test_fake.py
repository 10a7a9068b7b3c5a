"""The knobs of the fake hypervisor."""

from __future__ import annotations

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from stratolith.compute.drivers.base import DiskSpec, DriverError, GuestSpec, PowerState
from stratolith.compute.drivers.fake import FakeCapacity, FakeDriver


def spec(gigabytes: int = 1) -> GuestSpec:
    disk = DiskSpec(role="root", size_bytes=gigabytes << 30)
    return GuestSpec(id=str(uuid.uuid4()), name="g", vcpus=1, memory_mb=64, disks=[disk])


def running(driver: FakeDriver) -> GuestSpec:
    made = spec()
    driver.create(made)
    driver.start(made)
    return made


def test_delays_are_per_method() -> None:
    slept: list[float] = []
    driver = FakeDriver(sleep=slept.append)
    driver.delay("*", 0.5)
    driver.delay("start", 3.0)
    running(driver)
    assert slept == [0.5, 3.0]
    driver.heal()
    running(driver)
    assert slept == [0.5, 3.0]


def test_a_slow_guest_does_not_hold_up_others() -> None:
    all_are_slow = threading.Barrier(8, timeout=30)  # breaks unless eight wait at the same time

    def sleep(seconds: float) -> None:
        all_are_slow.wait()

    driver = FakeDriver(sleep=sleep)
    driver.delay("create", 0.3)
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(driver.create, [spec() for _ in range(8)]))
    assert len(driver.list_guests()) == 8


def test_a_failure_hits_one_guest_so_many_times() -> None:
    driver = FakeDriver()
    sick, well = spec(), spec()
    driver.fail("create", "no luck", guest_id=sick.id, times=2)
    driver.create(well)
    for _ in range(2):
        with pytest.raises(DriverError, match="no luck"):
            driver.create(sick)
    assert [state.id for state in driver.list_guests()] == [well.id]
    driver.create(sick)
    assert len(driver.list_guests()) == 2


def test_a_failure_afterwards_leaves_the_work_done() -> None:
    driver = FakeDriver()
    driver.fail("create", "the answer was lost", times=1, after=True)
    made = spec()
    with pytest.raises(DriverError, match="lost"):
        driver.create(made)
    assert driver.get_guest(made.id).power is PowerState.SHUTDOWN


def test_loss_of_power() -> None:
    driver = FakeDriver()
    up, down = running(driver), spec()
    driver.create(down)
    driver.lose_power()
    with pytest.raises(DriverError, match="no power"):
        driver.list_guests()
    with pytest.raises(DriverError, match="no power"):
        driver.destroy(up.id)
    driver.restore_power()
    assert driver.get_guest(up.id).power is PowerState.CRASHED
    assert "host went down" in driver.get_guest(up.id).detail
    assert driver.get_guest(down.id).power is PowerState.SHUTDOWN


def test_what_is_off_cannot_crash() -> None:
    driver = FakeDriver()
    made = spec()
    driver.create(made)
    driver.crash(made.id)
    assert driver.get_guest(made.id).power is PowerState.SHUTDOWN


def test_facts_follow_the_capacity_and_the_disks() -> None:
    driver = FakeDriver(capacity=FakeCapacity(vcpus=3, memory_mb=1000, disk_gb=50))
    made = spec(gigabytes=20)
    driver.create(made)
    facts = driver.facts()
    assert (facts.vcpus, facts.memory_mb, facts.disk_gb) == (3, 1000, 50)
    assert facts.disk_free_gb == 30
    driver.destroy(made.id)
    assert driver.facts().disk_free_gb == 50


def test_guests_outlive_the_process_in_the_state_file(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "guests.json"
    driver = FakeDriver(file)
    made = [running(driver) for _ in range(3)]
    driver.crash(made[0].id)
    driver.destroy(made[1].id)
    again = FakeDriver(file)
    assert again.list_guests() == driver.list_guests()
    fresh = running(again)
    pids = [state.pid for state in again.list_guests() if state.pid]
    assert len(pids) == len(set(pids)) == 2
    assert again.get_guest(fresh.id).pid is not None


def test_a_half_written_line_is_dropped(tmp_path: Path) -> None:
    file = tmp_path / "guests.json"
    made = running(FakeDriver(file))
    with open(file, "ab") as journal:
        journal.write(b'{"id":"x","guest":{"id"')
    again = FakeDriver(file)
    other = running(again)
    assert {state.id for state in FakeDriver(file).list_guests()} == {made.id, other.id}


def test_the_journal_is_compacted_when_it_is_read(tmp_path: Path) -> None:
    file = tmp_path / "guests.json"
    driver = FakeDriver(file)
    made = running(driver)
    for _ in range(600):
        driver.stop(made.id)
        driver.start(made)
    state = FakeDriver(file).list_guests()
    assert len(file.read_bytes().splitlines()) == 1
    assert FakeDriver(file).list_guests() == state


def test_what_is_written_grows_with_the_guests_and_no_faster(tmp_path: Path) -> None:
    driver = FakeDriver(tmp_path / "guests.json")
    written = []
    for _ in range(4):
        for _ in range(100):
            running(driver)
        written.append((tmp_path / "guests.json").stat().st_size)
    assert len(driver.list_guests()) == 400
    assert written[3] < 5 * written[0]
