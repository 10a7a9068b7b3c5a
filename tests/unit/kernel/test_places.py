"""One path, two mount namespaces: whose directory a process means."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from stratolith.kernel import places

needs_mounts = pytest.mark.skipif(os.geteuid() != 0, reason="makes a mount namespace")


@contextmanager
def process(*before: str) -> Iterator[int]:
    """The pid of a process that says when it runs, in a mount namespace of its own."""
    script = "; ".join([*before, "echo ready", "exec sleep 60"])
    words = ["unshare", "--mount", "--propagation", "private", "sh", "-ec", script]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as started:
        assert started.stdout is not None and started.stdout.readline() == b"ready\n"
        yield started.pid
        started.kill()


@pytest.fixture
def top(tmp_path: Path) -> Path:
    found = tmp_path / "state"
    (found / "guests" / "one").mkdir(parents=True)
    return found


@needs_mounts
def test_the_same_directory(top: Path) -> None:
    with process() as pid:
        assert places.is_same_place(pid, top / "guests" / "one", top)
        assert places.is_same_place(pid, top / "guests" / "gone" / "pid", top)
        shutil.rmtree(top / "guests")
        assert places.is_same_place(pid, top / "guests" / "one", top)
        shutil.rmtree(top)
        assert places.is_same_place(pid, top / "guests" / "one", top)
    assert not places.is_same_place(pid, top, top)


@needs_mounts
def test_another_one_under_the_same_path(top: Path) -> None:
    for over in (top, top.parent):
        with process(f"mount -t tmpfs x {over}", f"mkdir -p {top}/guests/one") as pid:
            assert not places.is_same_place(pid, top / "guests" / "one", top)
            assert not places.is_same_place(pid, top / "guests" / "gone", top)


@needs_mounts
def test_a_part_of_ours_in_a_room_of_its_own(top: Path) -> None:
    """As DHCP servers live: all is hidden but their own directory."""
    home = top / "guests" / "one"
    room = [
        f"exec 3<{home}", f"mount -t tmpfs x {top}", f"mkdir -p {home}",
        f"mount --no-canonicalize --bind /proc/$$/fd/3 {home}",
    ]  # fmt: skip
    with process(*room) as pid:
        assert places.is_same_place(pid, home, top)
        assert places.is_same_location(pid, home)
        shutil.rmtree(home)
        home.mkdir()
        assert not places.is_same_place(pid, home, top)
        assert places.is_same_location(pid, home)


@needs_mounts
def test_locations(top: Path) -> None:
    with process() as pid:
        assert places.is_same_location(pid, top / "gone")
    assert not places.is_same_location(pid, top)
    odd = top / "with space"
    odd.mkdir()
    with process(f"mount -t tmpfs x '{odd}'") as pid:
        assert places.is_same_location(pid, top)
        assert not places.is_same_location(pid, odd / "gone")
