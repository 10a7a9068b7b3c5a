"""The person's clouds.yaml is written only where none is, and left as it was found."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from stratolith.deploy import files, personal
from stratolith.deploy.layout import Layout, locate
from stratolith.deploy.people import Person

BODY = "clouds:\n  stratolith: {}\n"


def person(home: Path) -> Person:
    home.mkdir(exist_ok=True)
    return Person(home, os.getuid(), os.getgid())


@pytest.fixture
def me(tmp_path: Path) -> Person:
    return person(tmp_path / "home")


def cloud(tmp_path: Path, name: str = "mine") -> Layout:
    return locate(str(tmp_path / name))


def write(layout: Layout, who: Person) -> Path:
    """As `up` does it."""
    path = personal.path_of(who)
    if personal.may_write(path, layout.state_dir):
        personal.write(layout, who, personal.marked(layout.state_dir, BODY))
    return path


def test_it_is_written_when_absent_ours_or_of_a_cloud_that_is_gone(
    me: Person, tmp_path: Path
) -> None:
    mine, other = cloud(tmp_path), cloud(tmp_path, "other")
    path = write(mine, me)
    assert path.stat().st_mode & 0o777 == 0o600
    assert personal.may_write(path, mine.state_dir)
    assert not personal.may_write(path, other.state_dir), "its cloud lives"
    shutil.rmtree(mine.state_dir)
    assert personal.may_write(path, other.state_dir), "its cloud is gone"


@pytest.mark.parametrize("made", ["", ".config", ".config/openstack"])
def test_directories_that_were_there_stay(me: Person, tmp_path: Path, made: str) -> None:
    (me.home / made).mkdir(parents=True, exist_ok=True)
    before = sorted(me.home.rglob("*"))
    mine = cloud(tmp_path)
    for _ in range(2):  # the second `up` must not forget what the first one made
        write(mine, me)
    personal.remove(mine, me)
    assert sorted(me.home.rglob("*")) == before


def test_a_second_cloud_takes_nothing_from_the_first(me: Person, tmp_path: Path) -> None:
    first, second = cloud(tmp_path, "first"), cloud(tmp_path, "second")
    text = write(first, me).read_text()
    second.state_dir.mkdir()
    assert write(second, me).read_text() == text
    personal.remove(second, me)
    assert personal.path_of(me).read_text() == text
    personal.remove(first, me)
    assert not (me.home / ".config").exists()


@pytest.mark.parametrize("change", ["at the end", "inside", "mark"])
def test_what_its_owner_changed_is_theirs(me: Person, tmp_path: Path, change: str) -> None:
    mine = cloud(tmp_path)
    path = write(mine, me)
    text = path.read_text()
    changed = {
        "at the end": text + "  work: {}\n",
        "inside": text.replace("stratolith: {}", "stratolith: {region_name: x}"),
        "mark": text.partition("\n")[2],
    }[change]
    path.write_text(changed)
    assert not personal.may_write(path, mine.state_dir)
    personal.remove(mine, me)
    shutil.rmtree(mine.state_dir)
    write(cloud(tmp_path, "next"), me)
    assert path.read_text() == changed


def test_a_foreign_file_and_a_link_stay(me: Person, tmp_path: Path) -> None:
    path, mine = personal.path_of(me), cloud(tmp_path)
    files.write(path, "clouds:\n  work: {}\n")
    assert not personal.may_write(path, mine.state_dir)
    path.unlink()
    elsewhere = tmp_path / "dotfiles.yaml"
    path.symlink_to(elsewhere)  # to nothing, yet
    write(mine, me)
    assert path.is_symlink() and not elsewhere.exists()
    elsewhere.write_text(personal.marked(mine.state_dir, BODY))
    personal.remove(mine, me)
    assert path.is_symlink() and elsewhere.exists()


def test_root_removes_what_somebody_made_with_sudo(me: Person, tmp_path: Path) -> None:
    mine = cloud(tmp_path)
    write(mine, me)
    personal.remove(mine, person(tmp_path / "root"))
    assert not (me.home / ".config").exists()
