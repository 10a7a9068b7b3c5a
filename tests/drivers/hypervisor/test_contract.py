"""The contract of hypervisor drivers: what agents rely on, whatever runs the guests."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest

from stratolith.compute.drivers.base import DriverError, GuestNotFound, HypervisorDriver, PowerState
from stratolith.kernel import architecture
from tests.drivers.hypervisor.hosts import Host, new_vif, only, power


def test_the_life_of_a_guest(host: Host) -> None:
    spec = host.spec()
    host.driver.create(spec)
    assert only(host.driver).power is PowerState.SHUTDOWN
    assert only(host.driver).pid is None
    host.driver.start(spec)
    assert only(host.driver).power is PowerState.RUNNING
    assert only(host.driver).pid is not None
    host.driver.stop(spec.id)
    assert only(host.driver).power is PowerState.SHUTDOWN
    host.driver.start(spec)
    assert power(host.driver, spec.id) is PowerState.RUNNING
    host.driver.destroy(spec.id)
    assert host.driver.list_guests() == []


def test_everything_may_be_asked_twice(host: Host) -> None:
    spec = host.spec()
    host.driver.create(spec)
    host.driver.create(spec)
    host.driver.start(spec)
    pid = only(host.driver).pid
    host.driver.create(spec)
    host.driver.start(spec)
    assert only(host.driver).pid == pid
    host.driver.stop(spec.id)
    host.driver.stop(spec.id)
    assert only(host.driver).power is PowerState.SHUTDOWN
    host.driver.destroy(spec.id)
    host.driver.destroy(spec.id)
    host.driver.destroy(str(uuid.uuid4()))


@pytest.mark.parametrize(
    "act",
    [
        lambda driver, spec: driver.get_guest(spec.id),
        lambda driver, spec: driver.start(spec),
        lambda driver, spec: driver.stop(spec.id),
        lambda driver, spec: driver.reboot(spec.id, hard=True, spec=spec),
        lambda driver, spec: driver.pause(spec.id),
        lambda driver, spec: driver.unpause(spec.id),
        lambda driver, spec: driver.attach_interface(spec.id, new_vif(spec.id, 0)),
        lambda driver, spec: driver.detach_interface(spec.id, str(uuid.uuid4())),
        lambda driver, spec: driver.console_output(spec.id, 10),
    ],
    ids=["get", "start", "stop", "reboot", "pause", "unpause", "attach", "detach", "console"],
)
def test_a_guest_that_is_not_there(
    host: Host, act: Callable[[HypervisorDriver, object], object]
) -> None:
    spec = host.spec()
    with pytest.raises(GuestNotFound, match=spec.id):
        act(host.driver, spec)
    assert host.driver.list_guests() == []


def test_a_new_agent_finds_the_guests_of_the_old_one(host: Host) -> None:
    running, stopped, gone = host.spec(), host.spec(), host.spec()
    for spec in (running, stopped, gone):
        host.driver.create(spec)
    host.driver.start(running)
    host.driver.destroy(gone.id)
    before = sorted(host.driver.list_guests(), key=lambda state: state.id)
    host.restart_agent()
    assert sorted(host.driver.list_guests(), key=lambda state: state.id) == before
    host.driver.stop(running.id)
    assert power(host.driver, running.id) is PowerState.SHUTDOWN


def test_a_guest_that_dies_has_crashed(host: Host) -> None:
    spec = host.spec()
    host.driver.create(spec)
    host.driver.start(spec)
    host.crash(spec.id)
    assert only(host.driver).power is PowerState.CRASHED
    assert only(host.driver).detail
    host.restart_agent()
    assert only(host.driver).power is PowerState.CRASHED
    host.driver.start(spec)
    assert only(host.driver).power is PowerState.RUNNING
    assert only(host.driver).detail == ""


def test_stopping_what_crashed_makes_it_shut_down(host: Host) -> None:
    spec = host.spec()
    host.driver.create(spec)
    host.driver.start(spec)
    host.crash(spec.id)
    host.driver.stop(spec.id, graceful_seconds=5.0)
    assert only(host.driver).power is PowerState.SHUTDOWN


def test_a_guest_that_powers_itself_off_is_shut_down(host: Host) -> None:
    spec = host.spec()
    host.driver.create(spec)
    host.driver.start(spec)
    host.await_system(spec.id)
    host.power_off_inside(spec.id)
    assert only(host.driver).power is PowerState.SHUTDOWN
    host.restart_agent()
    assert only(host.driver).power is PowerState.SHUTDOWN
    host.driver.start(spec)
    host.crash(spec.id)
    assert only(host.driver).power is PowerState.CRASHED


def test_a_graceful_stop_lets_the_guest_end_by_itself(host: Host) -> None:
    spec = host.spec()
    host.driver.create(spec)
    host.driver.start(spec)
    host.await_system(spec.id)
    began = time.monotonic()
    host.driver.stop(spec.id, graceful_seconds=15.0)
    assert time.monotonic() - began < 10.0
    assert only(host.driver).power is PowerState.SHUTDOWN


def test_a_graceful_stop_ends_a_deaf_guest_by_force(host: Host) -> None:
    spec = host.spec()
    host.driver.create(spec)
    host.driver.start(spec)
    host.await_system(spec.id)
    host.make_deaf(spec.id)
    began = time.monotonic()
    host.driver.stop(spec.id, graceful_seconds=1.0)
    assert 1.0 <= time.monotonic() - began < 8.0
    assert only(host.driver).power is PowerState.SHUTDOWN


@pytest.mark.parametrize("hard", [False, True], ids=["soft", "hard"])
def test_reboot_ends_in_a_running_guest(host: Host, hard: bool) -> None:
    spec = host.spec()
    host.driver.create(spec)
    host.driver.start(spec)
    host.await_system(spec.id)
    pid = only(host.driver).pid
    host.driver.reboot(spec.id, hard=hard, spec=spec)
    assert only(host.driver).power is PowerState.RUNNING
    assert only(host.driver).pid != pid


def test_a_paused_guest_stays_paused_until_told(host: Host) -> None:
    spec = host.spec()
    host.driver.create(spec)
    host.driver.start(spec)
    pid = only(host.driver).pid
    for _ in range(2):
        host.driver.pause(spec.id)
        assert only(host.driver).power is PowerState.PAUSED
    host.restart_agent()
    assert only(host.driver).power is PowerState.PAUSED
    assert only(host.driver).pid == pid
    for _ in range(2):
        host.driver.unpause(spec.id)
        assert only(host.driver).power is PowerState.RUNNING
    host.driver.pause(spec.id)
    host.driver.start(spec)
    assert power(host.driver, spec.id) is PowerState.RUNNING
    assert only(host.driver).pid == pid


def test_a_paused_guest_can_be_ended(host: Host) -> None:
    spec = host.spec()
    host.driver.create(spec)
    host.driver.start(spec)
    host.driver.pause(spec.id)
    host.driver.reboot(spec.id, hard=True, spec=spec)
    assert only(host.driver).power is PowerState.RUNNING
    host.driver.pause(spec.id)
    host.driver.stop(spec.id)
    assert only(host.driver).power is PowerState.SHUTDOWN
    host.driver.start(spec)
    host.driver.pause(spec.id)
    host.driver.destroy(spec.id)
    assert host.driver.list_guests() == []


def test_what_is_off_cannot_be_paused(host: Host) -> None:
    spec = host.spec()
    host.driver.create(spec)
    for act in (host.driver.pause, host.driver.unpause):
        with pytest.raises(DriverError, match=spec.id):
            act(spec.id)
    assert only(host.driver).power is PowerState.SHUTDOWN


def test_reboot_starts_what_does_not_run(host: Host) -> None:
    spec = host.spec()
    host.driver.create(spec)
    host.driver.reboot(spec.id, hard=False, spec=spec)
    assert only(host.driver).power is PowerState.RUNNING


def test_a_failed_creation_leaves_nothing(host: Host) -> None:
    spec = host.spec()
    host.break_creation()
    with pytest.raises(DriverError):
        host.driver.create(spec)
    assert host.driver.list_guests() == []
    host.mend_creation()
    host.driver.create(spec)
    assert only(host.driver).power is PowerState.SHUTDOWN


def test_destroying_a_running_guest_ends_it(host: Host) -> None:
    spec, other = host.spec(), host.spec()
    for one in (spec, other):
        host.driver.create(one)
        host.driver.start(one)
    host.driver.destroy(spec.id)
    with pytest.raises(GuestNotFound):
        host.driver.get_guest(spec.id)
    assert only(host.driver).id == other.id
    assert only(host.driver).power is PowerState.RUNNING


def test_the_console_keeps_what_the_guest_said(host: Host) -> None:
    spec = host.spec()
    host.driver.create(spec)
    assert host.driver.console_output(spec.id, None) == ""
    host.driver.start(spec)
    host.await_system(spec.id)
    everything = host.driver.console_output(spec.id, None)
    assert len(everything.splitlines()) >= 2
    assert host.driver.console_output(spec.id, 2).strip() == "ready", "what follows the end counts"
    assert host.driver.console_output(spec.id, 1) == ""
    assert host.driver.console_output(spec.id, 0) == ""
    host.driver.stop(spec.id)
    host.restart_agent()
    assert host.driver.console_output(spec.id, None).startswith(everything)


def test_nics_come_and_go_while_the_guest_runs(host: Host) -> None:
    spec = host.spec(vifs=2)
    first, second = spec.vifs
    alone = msgspec.structs.replace(spec, vifs=[first])
    host.driver.create(alone)
    host.driver.start(alone)
    host.await_system(spec.id)
    assert only(host.driver).vifs == [first.port_id]
    for _ in range(2):
        host.driver.attach_interface(spec.id, second)
        assert set(only(host.driver).vifs) == {first.port_id, second.port_id}
    host.restart_agent()
    assert set(only(host.driver).vifs) == {first.port_id, second.port_id}
    for _ in range(2):
        host.driver.detach_interface(spec.id, first.port_id)
        assert only(host.driver).vifs == [second.port_id]
    host.driver.attach_interface(spec.id, first)
    assert set(only(host.driver).vifs) == {first.port_id, second.port_id}


def test_start_gives_the_guest_the_nics_of_the_spec(host: Host) -> None:
    spec = host.spec(vifs=2)
    host.driver.create(msgspec.structs.replace(spec, vifs=[]))
    assert only(host.driver).vifs == []
    host.driver.attach_interface(spec.id, spec.vifs[0])
    assert only(host.driver).vifs == [spec.vifs[0].port_id]
    host.driver.start(spec)
    assert set(only(host.driver).vifs) == {vif.port_id for vif in spec.vifs}


def test_many_at_once(host: Host) -> None:
    specs = [host.spec() for _ in range(6)]

    def bring_up(number: int) -> None:
        host.driver.create(specs[number % 6])
        host.driver.start(specs[number % 6])

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(bring_up, range(12)))
        found = host.driver.list_guests()
        assert {state.id for state in found} == {spec.id for spec in specs}
        assert {state.power for state in found} == {PowerState.RUNNING}
        assert len({state.pid for state in found}) == 6
        list(threads.map(lambda spec: host.driver.destroy(spec.id), specs))
    assert host.driver.list_guests() == []


@pytest.mark.parametrize(
    ("change", "words"),
    [({"arch": "s390x"}, "s390x"), ({"vcpus": 0}, "processor"), ({"memory_mb": 0}, "memory")],
)
def test_what_cannot_run_is_refused(host: Host, change: dict[str, object], words: str) -> None:
    spec = msgspec.structs.replace(host.spec(), **change)
    with pytest.raises(DriverError, match=words):
        host.driver.create(spec)
    assert host.driver.list_guests() == []


def test_facts_name_what_the_host_has(host: Host) -> None:
    facts = host.driver.facts()
    assert facts.vcpus >= 1
    assert facts.memory_mb > 100
    assert 0 <= facts.disk_free_gb <= facts.disk_gb
    assert facts.hypervisor_version >= 1_000_000
    assert facts.acceleration in ("kvm", "tcg", "none")
    assert facts.acceleration_detail.endswith(".")
    own = architecture.of_this_host()
    assert own in facts.architectures[:2]
    assert facts.cpu_info["arch"] == own
    assert set(facts.uefi) <= set(facts.architectures)
    assert {"arch", "model", "vendor", "features", "topology"} <= facts.cpu_info.keys()
