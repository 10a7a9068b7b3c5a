"""The supervisor with real processes: starts, restarts, adopts, stops; small in memory."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from stratolith.deploy.supervision import locks, processes, supervisor, supervisor_files

STAND_IN = Path(__file__).with_name("stand_in.py")
SOURCES = Path(supervisor.__file__).parents[3]


class Cloud:
    """A state directory whose roles are stand-ins."""

    def __init__(self, state_dir: Path) -> None:
        self.state_dir = state_dir
        self.run_dir = state_dir / "run"
        (state_dir / "log").mkdir(parents=True)
        self.started: list[subprocess.Popen[bytes]] = []

    def start(self, program: Path = STAND_IN, user: int | None = None) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-S", "-m", "stratolith.deploy.supervision.supervisor"]
        command += ["--state-dir", str(self.state_dir), "--run-dir", str(self.run_dir)]
        command += ["--config", "unused", "--python", str(program), "server", "agent"]
        env = {**os.environ, "PYTHONPATH": str(SOURCES)}
        with (self.state_dir / "log" / "supervisor.log").open("ab") as log:
            process = subprocess.Popen(
                command, env=env, stderr=log, start_new_session=True, user=user
            )
        self.started.append(process)
        return process

    def holder(self, role: str) -> int | None:
        return locks.lock_holder(str(self.state_dir / "lock" / f"{role}.lock"))

    def wait_for_all(self) -> dict[str, int]:
        roles = ("supervisor", "server", "agent")
        # a child writes itself down after it took its lock
        wait_for(
            lambda: all(self.holder(role) for role in roles) and all(map(self.is_set_up, roles[1:]))
        )
        return {role: self.holder(role) or 0 for role in roles}

    def is_set_up(self, role: str) -> bool:
        return (self.state_dir / f"{role}-starts").exists() and self.holder(role) in self.starts(
            role
        )

    def starts(self, role: str) -> list[int]:
        return [int(line) for line in (self.state_dir / f"{role}-starts").read_text().split()]

    def end(self) -> None:
        for role in ("supervisor", "server", "agent"):
            pid = self.holder(role)
            if pid:
                processes.stop(pid, 3)
        for process in self.started:
            process.wait(10)


def wait_for(is_true: Callable[[], object], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < deadline, "did not become true in time"
        time.sleep(0.02)


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Cloud]:
    found = Cloud(tmp_path / "state")
    yield found
    found.end()


def test_starts_the_roles_and_writes_their_pids(cloud: Cloud) -> None:
    process = cloud.start()
    pids = cloud.wait_for_all()
    wait_for((cloud.run_dir / "agent.pid").exists)
    assert int((cloud.run_dir / "server.pid").read_text()) == pids["server"]
    assert int((cloud.run_dir / "agent.pid").read_text()) == pids["agent"]
    assert pids["supervisor"] == process.pid
    state = json.loads((cloud.run_dir / "supervisor.json").read_text())
    assert state["children"]["server"]["pid"] == pids["server"]


@pytest.mark.parametrize("role", ["server", "agent"])
def test_a_killed_child_is_replaced_and_the_other_stays(cloud: Cloud, role: str) -> None:
    cloud.start()
    before = cloud.wait_for_all()
    os.kill(before[role], signal.SIGKILL)
    wait_for(lambda: cloud.holder(role) not in (None, before[role]))
    other = "agent" if role == "server" else "server"
    assert cloud.holder(other) == before[other]


def test_a_new_supervisor_adopts_the_children_of_a_killed_one(cloud: Cloud) -> None:
    first = cloud.start()
    before = cloud.wait_for_all()
    first.kill()
    first.wait()
    cloud.start()
    after = cloud.wait_for_all()
    assert after["supervisor"] != before["supervisor"]
    assert (after["server"], after["agent"]) == (before["server"], before["agent"])
    # An adopted child is watched like an own one.
    os.kill(before["agent"], signal.SIGKILL)
    wait_for(lambda: cloud.holder("agent") not in (None, before["agent"]))
    assert cloud.starts("server") == [before["server"]]


def test_everything_killed_comes_back_with_the_next_supervisor(cloud: Cloud) -> None:
    first = cloud.start()
    before = cloud.wait_for_all()
    for role in ("supervisor", "agent", "server"):
        os.kill(before[role], signal.SIGKILL)
    first.wait()
    cloud.start()
    after = cloud.wait_for_all()
    assert not set(before.values()) & set(after.values())


def test_a_second_supervisor_gives_way(cloud: Cloud) -> None:
    cloud.start()
    before = cloud.wait_for_all()
    assert cloud.start().wait(10) == 0
    assert cloud.wait_for_all() == before


def test_term_stops_everything(cloud: Cloud) -> None:
    process = cloud.start()
    before = cloud.wait_for_all()
    process.terminate()
    assert process.wait(15) == 0
    assert [cloud.holder(role) for role in before] == [None, None, None]
    assert not (cloud.run_dir / "server.pid").exists()


def test_a_deaf_child_is_killed(cloud: Cloud) -> None:
    (cloud.state_dir / "agent-is-deaf").touch()
    cloud.start()
    pids = cloud.wait_for_all()
    begun = time.monotonic()
    processes.stop(pids["agent"], 0.5)
    assert 0.4 < time.monotonic() - begun < 5
    wait_for(lambda: cloud.holder("agent") not in (None, pids["agent"]))


def test_hup_restarts_the_children(cloud: Cloud) -> None:
    process = cloud.start()
    before = cloud.wait_for_all()
    process.send_signal(signal.SIGHUP)
    wait_for(lambda: len(cloud.starts("server")) == 2 and len(cloud.starts("agent")) == 2)
    after = cloud.wait_for_all()
    assert after["supervisor"] == before["supervisor"]


def test_a_child_that_cannot_start_is_retried_with_growing_pauses(cloud: Cloud) -> None:
    (cloud.state_dir / "agent-fails").touch()
    cloud.start()
    wait_for(lambda: cloud.holder("server"))
    time.sleep(1.5)
    state = json.loads((cloud.run_dir / "supervisor.json").read_text())["children"]["agent"]
    assert 2 <= state["restarts"] <= 4, "0.25 s, 0.5 s, 1 s apart, not in a tight loop"
    assert state["last_exit"] == 1
    assert "the test wants it so" in (cloud.state_dir / "log" / "agent.out").read_text()
    (cloud.state_dir / "agent-fails").unlink()
    cloud.wait_for_all()


def test_it_is_small(cloud: Cloud) -> None:
    cloud.start()
    pids = cloud.wait_for_all()
    assert processes.proportional_kib(pids["supervisor"]) < 16 * 1024


def test_a_log_over_its_limit_is_moved_and_writers_go_on(tmp_path: Path) -> None:
    log = tmp_path / "server.out"
    with log.open("a") as writer:
        writer.write("old\n" * 100)
        writer.flush()
        supervisor_files.cap(str(log), 1000)
        assert log.read_text() == "old\n" * 100, "under the limit nothing happens"
        supervisor_files.cap(str(log), 100)
        writer.write("new\n")
    assert log.read_text() == "new\n"
    assert (tmp_path / "server.out.1").read_text() == "old\n" * 100


def test_a_lock_tells_its_holder_and_goes_with_it(tmp_path: Path) -> None:
    path = str(tmp_path / "lock" / "server.lock")
    assert locks.lock_holder(path) is None
    held = locks.take_lock(path)
    assert held is not None
    assert locks.take_lock(path) is None
    assert locks.lock_holder(path) == os.getpid()
    os.close(held)
    assert locks.lock_holder(path) is None
