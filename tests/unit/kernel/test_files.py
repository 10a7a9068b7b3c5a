"""Files that are there whole or not at all, and readable by those meant only."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from stratolith.kernel import files


@pytest.mark.parametrize("mode", [0o600, 0o644])
def test_what_a_killed_process_left_does_not_matter(tmp_path: Path, mode: int) -> None:
    path, part = tmp_path / "key", tmp_path / ".key.part"
    path.write_text("old")
    part.write_text("half of another, longer text")
    part.chmod(0o666)
    files.write(path, "new", mode=mode)
    assert path.read_text() == "new"
    assert path.stat().st_mode & 0o777 == mode
    assert os.listdir(tmp_path) == ["key"]


def test_a_link_in_the_place_of_the_part_is_not_followed(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text("mine")
    (tmp_path / ".key.part").symlink_to(other)
    files.write(tmp_path / "key", "secret")
    assert other.read_text() == "mine"
    assert not (tmp_path / "key").is_symlink()
    assert (tmp_path / "key").stat().st_mode & 0o777 == files.PRIVATE


def test_only_regular_files_of_a_limited_size_are_read(tmp_path: Path) -> None:
    path = tmp_path / "written"
    path.write_text("x" * files.MAX_BYTES)
    assert len(files.read(path)) == files.MAX_BYTES
    path.write_text("x" * (files.MAX_BYTES + 1))
    with pytest.raises(OSError, match="larger than 1048576 bytes"):
        files.read(path)
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "zero").symlink_to("/dev/zero")
    (tmp_path / "folder").mkdir()
    for name in ("fifo", "zero", "folder"):
        with pytest.raises(OSError, match=r"Not a regular file|Is a directory"):
            files.read(tmp_path / name)


def test_threads_write_the_same_file(tmp_path: Path) -> None:
    path = tmp_path / "key"
    texts = [str(number) * 10_000 for number in range(8)]

    def write_often(text: str) -> None:
        for _ in range(20):
            files.write(path, text)
            assert path.read_text() in texts

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write_often, texts))
    assert [entry.name for entry in tmp_path.iterdir()] == ["key"]
