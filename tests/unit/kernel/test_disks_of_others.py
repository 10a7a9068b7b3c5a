"""A disk that is somebody else's stays as it is, whatever is asked about it and however it ends."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from stratolith.deploy.guest_image import disk, judging
from stratolith.deploy.images import image_files
from stratolith.kernel.disk_images import NoRoom, conversion, leash

MIB = 1 << 20
STRANGER = 1234  # the uid and gid of the disk's owner
pytestmark = [
    pytest.mark.root,
    pytest.mark.skipif(shutil.which("qemu-img") is None, reason="qemu-img is missing"),
]
MODES = (0o600, 0o640, 0o644, 0o400)


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """The disk in a directory that only its owner may enter, with a second name."""
    folder = tmp_path / "home"
    folder.mkdir(mode=0o700)
    path = folder / "disk"
    conversion.layer(path, 8 * MIB)
    os.link(path, folder / "other-name")
    os.chown(path, STRANGER, STRANGER)
    return path


def facts(path: Path) -> tuple[object, ...]:
    found = path.stat()
    return (
        found.st_uid, found.st_gid, found.st_mode, found.st_nlink, found.st_size,
        found.st_mtime_ns, found.st_ctime_ns, path.read_bytes(), sorted(os.listdir(path.parent)),
    )  # fmt: skip


def work(path: Path, room: Path) -> Iterator[object]:
    """Everything that `image import` and `up --image` do with a file of the operator."""
    yield judging.judge(path, room)
    found = image_files.inspect(path)
    yield image_files.check(path, found, room)
    target = room / "converted"
    yield image_files.convert(path, found, target, "raw", lambda *_: None)
    yield image_files.contents(path, found, room, lambda *_: None)
    disk.to_qcow2(path, room / "alternate", ["compat=1.1"], compress=True, source_format="qcow2")
    unwrapped = image_files.unwrap(path, room, lambda *_: None)
    yield unwrapped
    yield image_files.check(unwrapped, found, room)


@pytest.mark.parametrize("mode", MODES, ids=oct)
def test_nothing_changes_the_disk(tmp_path: Path, own: Path, mode: int) -> None:
    own.chmod(mode)
    room = tmp_path / "room"
    room.mkdir()
    before = facts(own)
    for number, _ in enumerate(work(own, room)):
        assert facts(own) == before, number
    assert set(os.listdir(room)) <= {"converted", "alternate", "copy"}


PROGRAM = """
import sys
from pathlib import Path
from stratolith.kernel.disk_images import conversion
source, target = map(Path, sys.argv[1:])
{}
"""
CALLS = {
    "check": "conversion.check(source, 'qcow2', folder=target.parent)",
    "convert": "conversion.convert(source, 'qcow2', target, 'raw')",
}


@pytest.fixture
def tools() -> Iterator[Path]:
    """A directory with a tool that stands still, where the user of the leash can write and run."""
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o777)
        slow = folder / "prlimit"
        slow.write_text(f"#!/bin/sh\necho $$ > {folder}/started\nexec sleep 60\n")
        slow.chmod(0o755)
        yield folder


@pytest.mark.parametrize("mode", MODES[:3], ids=oct)
@pytest.mark.parametrize("call", CALLS)
def test_a_sudden_end_changes_nothing(
    tmp_path: Path, tools: Path, own: Path, call: str, mode: int
) -> None:
    """The process is killed while its tool stands still, in the middle of the work."""
    own.chmod(mode)
    room, started = tmp_path / "room", tools / "started"
    room.mkdir()
    before = facts(own)
    path = f"leash._PATH = '{tools}:' + leash._PATH"
    text = f"from stratolith.kernel.disk_images import leash\n{path}"
    words = [sys.executable, "-c", text + PROGRAM.format(CALLS[call]), str(own), str(room / "out")]
    process = subprocess.Popen(words)
    try:
        while not (started.exists() and started.read_text().endswith("\n")):
            assert process.poll() is None, "it ended before its tool was started"
            assert facts(own) == before
            time.sleep(0.01)
        assert facts(own) == before
    finally:
        process.kill()
        process.wait()
    os.kill(int(started.read_text()), signal.SIGKILL)
    assert facts(own) == before
    left = [path for path in room.rglob("*") if path.is_file()]
    assert left == [], "a copy of the disk is left behind"


def test_a_disk_of_ours_is_shared_for_reading_and_not_copied(tmp_path: Path) -> None:
    path = tmp_path / "disk"
    conversion.layer(path, 8 * MIB)
    path.chmod(0o640)
    number = path.stat().st_ino
    conversion.check(path, "qcow2", is_ours=True)
    found = path.stat()
    assert (found.st_uid, found.st_gid, found.st_mode & 0o777) == (0, leash.USER, 0o640)
    assert (found.st_ino, found.st_nlink) == (number, 1)
    assert os.listdir(tmp_path) == ["disk"]


def test_a_copy_needs_room_and_keeps_holes(tmp_path: Path, own: Path) -> None:
    own.chmod(0o600)
    with pytest.raises(NoRoom, match=f"under {tmp_path}"):
        conversion.copy(own, tmp_path / "refused", reserve=1 << 60)
    large = tmp_path / "large"
    with large.open("wb") as file:
        file.truncate(1 << 30)
        file.seek(300 * MIB)
        file.write(b"x" * 5000)
    large.chmod(0o600)
    conversion.copy(large, tmp_path / "copied")
    copied = tmp_path / "copied"
    assert copied.stat().st_size == 1 << 30 and copied.stat().st_blocks * 512 < MIB
    with copied.open("rb") as file:
        file.seek(300 * MIB)
        assert file.read(5001) == b"x" * 5000 + b"\0"
