"""Programs that parse a stranger's data run on the leash, whoever calls them."""

from __future__ import annotations

import ast
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import stratolith
from stratolith.compute.drivers.base import Blank, DiskSpec, GuestSpec, ImageRef
from stratolith.compute.drivers.qemu import disks
from stratolith.kernel.disk_images import conversion, leash

SOURCE = Path(stratolith.__file__).parent
TOOLS = {
    "qemu-img", "qemu-io", "qemu-nbd", "qemu-storage-daemon", "nbdcopy", "nbdinfo", "virt-sysprep",
    "guestfish", "mkfs", "mkfs.ext4", "mkfs.ext3", "mkfs.xfs", "mkfs.vfat", "mke2fs", "mkswap",
    "debugfs", "e2fsck", "resize2fs", "tune2fs", "dumpe2fs", "blkid", "losetup", "mount", "fdisk",
    "sfdisk", "parted", "kpartx", "tar", "unzip", "bsdtar", "xz", "gzip", "zstd", "bzip2", "file",
    "isoinfo", "xorriso", "genisoimage",
}  # fmt: skip
# What works on nothing but what we made ourselves: the builder of our own guest image.
OWN = {"deploy/guest_image/disk.py": {"mke2fs", "debugfs"}}
STARTERS = {"subprocess", "pty", "stratolith.compute.drivers.qemu.programs"}
START_CALLS = {"system", "popen", "posix_spawn", "posix_spawnp", "execv", "execve", "execvp"}


def commands(tree: ast.AST) -> Iterator[str]:
    """The first words of lists and tuples: what may become a command line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.List | ast.Tuple) and node.elts:
            first = node.elts[0]
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield first.value.rpartition("/")[2]


def imported(tree: ast.AST) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {one.name for one in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{one.name}" for one in node.names}
    return found


def starts_programs(tree: ast.AST) -> bool:
    called = {one.attr for one in ast.walk(tree) if isinstance(one, ast.Attribute)}
    return bool(imported(tree) & STARTERS or called & START_CALLS)


@pytest.mark.parametrize("path", sorted(SOURCE.rglob("*.py")), ids=lambda one: one.stem)
def test_no_module_starts_such_a_program_itself(path: Path) -> None:
    name = path.relative_to(SOURCE).as_posix()
    tree = ast.parse(path.read_text())
    used = TOOLS & set(commands(tree)) - OWN.get(name, set())
    if used and name != "kernel/disk_images/leash.py":
        assert not starts_programs(tree), f"{name} starts {used} without the leash"


STARTED: list[list[str]] = []


def record(event: str, arguments: tuple[object, ...]) -> None:
    if event == "subprocess.Popen":
        words = arguments[1]
        assert isinstance(words, list | tuple)
        STARTED.append([os.fsdecode(one) for one in words])


@pytest.fixture(scope="module", autouse=True)
def _recorded() -> None:
    sys.addaudithook(record)


def image(folder: Path) -> Path:
    path = folder / "image"
    conversion.layer(path, 1 << 20)
    return path


def guest(path: Path) -> GuestSpec:
    root = ImageRef(image_id="i", path=str(path), format="qcow2")
    return GuestSpec(
        id="11111111-1111-4111-8111-111111111111", name="guest", vcpus=1, memory_mb=64, vifs=[],
        disks=[
            DiskSpec(role="root", size_bytes=4 << 20, source=root),
            DiskSpec(role="ephemeral", size_bytes=16 << 20, source=Blank(format="ext4")),
            DiskSpec(role="swap", size_bytes=1 << 20, source=Blank(format="swap")),
        ],
    )  # fmt: skip


@pytest.mark.skipif(shutil.which("qemu-img") is None, reason="qemu-img is missing")
def test_every_tool_a_guest_and_an_image_need_is_on_the_leash(tmp_path: Path) -> None:
    STARTED.clear()
    path = image(tmp_path)
    folder = tmp_path / "guest"
    folder.mkdir(mode=0o700)
    disks.make(guest(path), folder)
    conversion.convert(path, "qcow2", tmp_path / "raw", "raw", reserve=0)
    tools = {}
    for words in STARTED:
        at = next((n for n, word in enumerate(words) if word.rpartition("/")[2] in TOOLS), None)
        if at is not None:
            tools[" ".join(words[at : at + 2])] = words[:at]
    assert {"qemu-img create", "qemu-img check", "qemu-img convert", "mkfs.ext4 -q"} <= set(tools)
    for tool, before in tools.items():
        assert before[-6:-1] and any(one.startswith("--as=") for one in before), tool
        if os.geteuid() == 0:
            assert f"--reuid={leash.USER}" in before and "--bounding-set=-all" in before, tool
    assert all(one.stat().st_uid == os.geteuid() for one in folder.iterdir())
    assert sorted(one.name for one in folder.iterdir()) == [
        "disk0-root.qcow2", "disk1-ephemeral.raw", "disk2-swap.raw"
    ]  # fmt: skip


@pytest.mark.root
def test_a_program_on_the_leash_has_nothing(tmp_path: Path) -> None:
    with leash.lent(tmp_path) as place:
        limits = leash.Limits(file_size=0)
        said = leash.run(["cat", "/proc/self/status"], place, limits)
        devices = leash.run(["cat", "/proc/net/dev"], place, limits)
    facts = dict(line.split(":", 1) for line in said.splitlines())
    assert facts["Uid"].split() == [str(leash.USER)] * 4
    assert {int(facts[name], 16) for name in ("CapPrm", "CapEff", "CapBnd", "CapInh")} == {0}
    assert facts["NoNewPrivs"].strip() == "1"
    assert [line.split(":")[0].strip() for line in devices.splitlines()[2:]] == ["lo"]


def test_what_is_left_in_place_of_a_result_is_not_taken(tmp_path: Path) -> None:
    """A program that was taken over may leave a link to somebody else's file."""
    secret = tmp_path / "secret"
    secret.write_text("of root")
    secret.chmod(0o600)
    for kind in ("symbolic", "hard", "pipe", "folder"):
        made = tmp_path / kind
        match kind:
            case "symbolic":
                made.symlink_to(secret)
            case "hard":
                os.link(secret, made)
            case "pipe":
                os.mkfifo(made)
            case _:
                made.mkdir()
        with pytest.raises(leash.BadImage):
            leash.reclaim(made)
    assert secret.stat().st_mode & 0o777 == 0o600
