"""The supervisor goes on when its disk is full, read-only or gone, and without anything to spare.

The disks are real: small ones of their own, filled and taken away.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from stratolith.deploy.supervision import locks
from tests.unit.deploy.test_supervisor import STAND_IN, Cloud, wait_for

pytestmark = [
    pytest.mark.root,
    pytest.mark.skipif(os.geteuid() != 0, reason="mounts a small disk of its own"),
]
NOBODY = 65534


@pytest.fixture
def disk() -> Iterator[Path]:
    """A disk of 4 MiB, in a place that everybody may enter."""
    place = Path(tempfile.mkdtemp())
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "stltest", place], check=True)
    place.chmod(0o755)
    yield place
    subprocess.run(["umount", "--lazy", place], check=True)
    place.rmdir()


@pytest.fixture
def cloud(disk: Path) -> Iterator[Cloud]:
    found = Cloud(disk / "state")
    yield found
    found.end()


def fill(disk: Path) -> Path:
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(1 << 10))
        except OSError:
            return ballast


def kill(cloud: Cloud, role: str) -> int:
    pid = cloud.holder(role)
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: cloud.holder(role) != pid)
    return pid


def all_back(cloud: Cloud, supervisor: subprocess.Popen[bytes], seconds: float = 5.0) -> None:
    """Everything runs soon, and the files say so."""
    wait_for(lambda: cloud.holder("server") and cloud.holder("agent"), seconds)
    wait_for(lambda: is_told(cloud), seconds)
    assert supervisor.poll() is None
    assert cloud.holder("supervisor") == supervisor.pid


def is_told(cloud: Cloud) -> bool:
    try:
        state = json.loads((cloud.run_dir / "supervisor.json").read_text())
        told = {role: int((cloud.run_dir / f"{role}.pid").read_text()) for role in ROLES}
    except (OSError, ValueError):
        return False
    real = {role: cloud.holder(role) for role in ROLES}
    return told == real == {role: state["children"][role]["pid"] for role in ROLES}


ROLES = ("server", "agent")


def test_a_full_disk(cloud: Cloud, disk: Path) -> None:
    supervisor = cloud.start()
    cloud.wait_for_all()
    ballast = fill(disk)
    for role in ("server", "agent", "server"):
        if cloud.holder(role):
            kill(cloud, role)
        time.sleep(0.5)
    assert supervisor.poll() is None
    for name in ("server.pid", "supervisor.json"):
        assert (cloud.run_dir / name).read_text(), "an older one, but a whole one"
    ballast.unlink()
    all_back(cloud, supervisor)


def test_a_disk_that_was_full_for_long_is_used_at_once(cloud: Cloud, disk: Path) -> None:
    """The pauses between starts have grown meanwhile; nobody waits for their end."""
    supervisor = cloud.start()
    cloud.wait_for_all()
    ballast = fill(disk)
    (cloud.state_dir / "server-fails").symlink_to("/dev/null")  # needs no block
    kill(cloud, "server")
    time.sleep(6)
    (cloud.state_dir / "server-fails").unlink()
    ballast.unlink()
    all_back(cloud, supervisor)


def test_a_start_on_a_full_disk(cloud: Cloud, disk: Path) -> None:
    first = cloud.start()
    before = cloud.wait_for_all()
    ballast = fill(disk)
    first.kill()
    first.wait()
    second = cloud.start()
    wait_for(lambda: cloud.holder("supervisor") == second.pid)
    assert {role: cloud.holder(role) for role in ROLES} == {role: before[role] for role in ROLES}
    ballast.unlink()
    all_back(cloud, second)


def test_a_disk_that_became_read_only(cloud: Cloud, disk: Path) -> None:
    supervisor = cloud.start()
    cloud.wait_for_all()
    holders = {role: cloud.holder(role) for role in ROLES}
    for pid in holders.values():  # a stand-in holds its lock open for writing
        os.kill(pid or 0, signal.SIGSTOP)
    subprocess.run(["mount", "-o", "remount,ro", "--bind", disk, disk], check=False)
    for pid in holders.values():
        os.kill(pid or 0, signal.SIGKILL)
    time.sleep(2)
    assert supervisor.poll() is None
    subprocess.run(["umount", disk], check=False)
    all_back(cloud, supervisor)


def test_directories_that_are_gone(cloud: Cloud) -> None:
    supervisor = cloud.start()
    cloud.wait_for_all()
    shutil.rmtree(cloud.run_dir)
    shutil.rmtree(cloud.state_dir / "log")
    kill(cloud, "server")
    all_back(cloud, supervisor)
    away = cloud.state_dir.with_name("away")
    pid = cloud.holder("agent")
    cloud.state_dir.rename(away)
    os.kill(pid or 0, signal.SIGKILL)
    time.sleep(2)
    assert supervisor.poll() is None
    assert not cloud.state_dir.exists(), "nobody made an empty cloud in its place"
    away.rename(cloud.state_dir)
    all_back(cloud, supervisor, 10)


def test_no_descriptor_left(cloud: Cloud) -> None:
    supervisor = cloud.start()
    cloud.wait_for_all()
    old = resource.prlimit(supervisor.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(supervisor.pid, resource.RLIMIT_NOFILE, (3, old[1]))
    kill(cloud, "server")
    time.sleep(2)
    assert supervisor.poll() is None
    resource.prlimit(supervisor.pid, resource.RLIMIT_NOFILE, old)
    all_back(cloud, supervisor)
    kill(cloud, "agent")
    all_back(cloud, supervisor)
    supervisor.terminate()
    assert supervisor.wait(25) == 0
    assert [cloud.holder(role) for role in ROLES] == [None, None]


def test_no_process_to_spare(cloud: Cloud) -> None:
    for path in (cloud.state_dir, cloud.state_dir / "log"):
        os.chown(path, NOBODY, NOBODY)
    supervisor = cloud.start(user=NOBODY)
    cloud.wait_for_all()
    limit_processes(supervisor.pid, 0)
    kill(cloud, "server")
    time.sleep(1.5)
    assert cloud.holder("server") is None
    assert supervisor.poll() is None
    limit_processes(supervisor.pid, 100)
    all_back(cloud, supervisor, 12)


def limit_processes(pid: int, count: int) -> None:
    command = ["prlimit", "--pid", str(pid), f"--nproc={count}:"]
    subprocess.run(command, check=True, user=NOBODY)  # who may, without further rights


def test_a_program_that_is_gone_for_a_while(cloud: Cloud, tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    text = STAND_IN.read_text().replace(
        "Path(__file__).resolve().parents[3]", f'Path("{STAND_IN.resolve().parents[3]}")'
    )
    program.write_text(text)
    program.chmod(0o755)
    supervisor = cloud.start(program=program)
    cloud.wait_for_all()
    program.rename(tmp_path / "away.py")
    kill(cloud, "server")
    time.sleep(1)
    assert supervisor.poll() is None
    (tmp_path / "away.py").rename(program)
    all_back(cloud, supervisor)


def test_a_lock_whose_file_could_not_be_written_still_tells_its_holder(disk: Path) -> None:
    path = disk / "lock" / "server.lock"
    path.parent.mkdir()
    path.touch()
    ballast = fill(disk)
    held = locks.take_lock(str(path))
    assert held is not None
    assert locks.lock_holder(str(path)) == os.getpid()
    path_of_older = disk / "lock" / "agent.lock"
    ballast.unlink()
    path_of_older.write_text("1\n")  # what another process left there
    other = os.open(path_of_older, os.O_RDWR)
    os.close(held)
    os.close(other)
    assert locks.lock_holder(str(path_of_older)) is None
