"""What `stratolith image import` finds in files, what it unwraps and converts."""

from __future__ import annotations

import gzip
import io
import os
import platform
import shutil
import subprocess
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from stratolith.deploy import guest_image
from stratolith.deploy.errors import DeployError
from stratolith.deploy.guest_image import fat
from stratolith.deploy.guest_image.architectures import architecture
from stratolith.deploy.images import image_contents, image_files, image_import
from stratolith.deploy.images.image_contents import Search
from tests.unit.image import hostile

MIB = 1 << 20
needs_qemu = pytest.mark.skipif(shutil.which("qemu-img") is None, reason="qemu-img is missing")


def nothing(what: str, percent: float) -> None:
    assert what and 0 <= percent <= 100


def hints(*blocks: bytes) -> list[str]:
    search = Search()
    for block in blocks:
        search.feed(block)
    return image_contents.hints(search.result())


BOOTS = b"\xeb\x63" + hostile.mbr()[2:]
WINDOWS = b"\xeb\x63" + hostile.mbr(kind=7)[2:] + "bootmgr".encode("utf-16-le")
LINUX = BOOTS + b"cloud-init console=ttyS0 "


def test_a_good_disk_gets_no_hint() -> None:
    assert hints(LINUX) == []


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (bytes(MIB), "no boot sector"),
        (BOOTS + b"console=ttyS0", "no cloud-init"),
        (BOOTS + b"cloud-init", "no console=ttyS0"),
        (LINUX + b"70-persistent-net.rules", "network cards of another machine"),
        (WINDOWS + "cloudbase-init".encode("utf-16-le"), "without VirtIO"),
        (hostile.mbr(kind=0xEF) + b"BOOTX64 EFI ignition console=ttyS0", "UEFI only"),
    ],
)
def test_what_is_missing_is_told(data: bytes, text: str) -> None:
    told = hints(data)
    assert any(text in one for one in told), told


def test_windows_needs_no_serial_console() -> None:
    assert hints(WINDOWS + "cloudbase-init viostor.sys".encode("utf-16-le")) == []


@pytest.mark.parametrize("arch", guest_image.ARCHITECTURES)
def test_a_disk_for_another_processor_is_told(arch: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """On each kind of host the other one's disk gets a hint, unless its property is given."""
    name = {"arm64": "BOOTAA64.EFI", "amd64": "BOOTX64.EFI"}[arch]
    search = Search()
    search.feed(fat.file_system({f"EFI/BOOT/{name}": b"MZ"}, "ESP", 0))
    found = search.result()
    machine = architecture(arch).machine
    assert found.architectures == {machine}
    monkeypatch.setattr(platform, "machine", lambda: machine)
    assert not any("boots on" in one for one in image_contents.hints(found))
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    assert any(f"hw_architecture={machine} " in one for one in image_contents.hints(found))
    told = image_contents.hints(found, {"hw_architecture": machine})
    assert not any("boots on" in one for one in told)


@pytest.mark.parametrize("cut", range(1, 24, 3))
def test_a_name_across_two_blocks_is_seen(cut: int) -> None:
    at = LINUX.index(b"cloud-init") + cut
    assert hints(LINUX[:at], LINUX[at:]) == []


def test_hostile_and_missing_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DeployError, match="cannot be read"):
        image_files.unwrap(tmp_path / "none", tmp_path, nothing)
    (tmp_path / "empty").touch()
    with pytest.raises(DeployError, match="empty"):
        image_files.inspect(tmp_path / "empty")


def test_what_a_killed_import_left_goes_with_the_next(tmp_path: Path) -> None:
    dead = subprocess.Popen(["true"])
    dead.wait()
    for name in (f"image-import-{dead.pid}-abc", f"image-import-{os.getpid()}-def", "images"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "copy").write_bytes(b"private")
    image_import.sweep(tmp_path)
    assert sorted(os.listdir(tmp_path)) == [f"image-import-{os.getpid()}-def", "images"]


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("empty", "file is empty"),
        ("pipe", "is a pipe or a device, not a file"),
        ("folder", "is a directory, not a file"),
        ("/dev/zero", "is a pipe or a device, not a file"),
        ("nothing", "No such file"),
    ],
)
def test_what_is_no_file_is_told_before_anything_is_opened(
    tmp_path: Path, file: str, text: str
) -> None:
    (tmp_path / "empty").touch()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    with pytest.raises(DeployError, match=text):
        image_files.unwrap(tmp_path / file, tmp_path, nothing)


@needs_qemu
@pytest.mark.parametrize("kind", ["qcow2", "vmdk", "vhdx"])
def test_a_disk_that_was_cut_off_is_refused(tmp_path: Path, kind: str) -> None:
    raw, disk = tmp_path / "raw", tmp_path / "disk"
    raw.write_bytes(bytes(range(256)) * (4 << 12))
    command = ["qemu-img", "convert", "-f", "raw", "-O", kind, str(raw), str(disk)]
    subprocess.run(command, check=True)
    image_files.check(disk, image_files.inspect(disk), tmp_path)
    with disk.open("r+b") as file:
        file.truncate(disk.stat().st_size // 2)
    with pytest.raises(DeployError, match="is refused"):
        image_files.check(disk, image_files.inspect(disk), tmp_path)


def test_an_unknown_architecture_is_told() -> None:
    for name in ("hw_architecture", "architecture", "hw_emulation_architecture"):
        with pytest.raises(DeployError, match="no architecture 'pdp11'"):
            image_import._properties([f"{name}=pdp11"])
        assert image_import._properties([f"{name}=x86_64"]) == {name: "x86_64"}


@pytest.mark.parametrize("case", hostile.DANGEROUS[::2], ids=lambda case: case.name)
def test_danger_is_refused(tmp_path: Path, case: hostile.Case) -> None:
    (tmp_path / "file").write_bytes(case.data)
    with pytest.raises(DeployError, match="is refused"):
        image_files.inspect(tmp_path / "file")


@pytest.mark.parametrize("case", hostile.GOOD, ids=lambda case: case.name)
def test_each_format_is_found(tmp_path: Path, case: hostile.Case) -> None:
    (tmp_path / "file").write_bytes(case.data)
    found = image_files.inspect(tmp_path / "file")
    assert found.format == ("vhd" if "vhd" in case.name.split() else case.disk_format)
    assert found.size == len(case.data)
    assert (found.contents is not None) == (found.format == "raw")


def packed_zip(data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("../../disk.img", data)
    return out.getvalue()


def ova(*members: tuple[str, bytes], kind: bytes = tarfile.REGTYPE) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size, info.type = len(data) if kind == tarfile.REGTYPE else 0, kind
            info.linkname = "/etc/passwd" if kind != tarfile.REGTYPE else ""
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


@pytest.mark.parametrize(
    "wrap",
    [
        lambda data: data,
        gzip.compress,
        packed_zip,
        lambda data: gzip.compress(packed_zip(data)),
        lambda data: ova(("box.ovf", b"<xml/>"), ("disk.vmdk", data)),
        lambda data: ova(("box.ovf", b"<xml/>"), ("disk.vmdk.gz", gzip.compress(data))),
    ],
)
def test_wrapped_disks_are_unwrapped(tmp_path: Path, wrap: Callable[[bytes], bytes]) -> None:
    disk = hostile.vmdk()
    (tmp_path / "file").write_bytes(wrap(disk))
    folder = tmp_path / "folder"
    folder.mkdir()
    found = image_files.unwrap(tmp_path / "file", folder, nothing)
    assert found.read_bytes() == disk
    assert all(one.name.startswith("layer") for one in folder.iterdir())


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (ova(("box.ovf", b""), ("a.vmdk", b"a"), ("b.vmdk", b"b")), "2 disks"),
        (ova(("box.ovf", b"")), "0 disks"),
        (ova(("disk.vmdk", b"a")), "no .ovf"),
        (ova(("box.ovf", b""), ("../disk.vmdk", b"a")), "out of its directory"),
        (ova(("box.ovf", b""), ("/disk.vmdk", b"a")), "out of its directory"),
        (ova(("box.ovf", b""), ("disk.vmdk", b""), kind=tarfile.SYMTYPE), "no plain file"),
        (ova(("box.ovf", b""), ("disk.vmdk", b""), kind=tarfile.LNKTYPE), "no plain file"),
        (ova(("box.ovf", b""), ("disk.vmdk", b""), kind=tarfile.CHRTYPE), "no plain file"),
        (ova(("box.ovf", b""), ("disk.vmdk", b"a" * 9999))[:4000], "refused"),
        (gzip.compress(b"x" * 9999)[:30], "ends too early"),
        (gzip.compress(gzip.compress(gzip.compress(gzip.compress(b"x")))), "layers"),
    ],
)
def test_wrappings_that_cannot_be_trusted(tmp_path: Path, data: bytes, text: str) -> None:
    (tmp_path / "file").write_bytes(data)
    with pytest.raises(DeployError, match=text):
        image_files.unwrap(tmp_path / "file", tmp_path, nothing)


@needs_qemu
def test_a_compressed_disk_is_looked_into_and_converted(tmp_path: Path) -> None:
    raw, vmdk = tmp_path / "a.raw", tmp_path / "a.vmdk"
    raw.write_bytes(LINUX.ljust(4 * MIB, b"\0"))
    words = ["qemu-img", "convert", "-f", "raw", "-O", "vmdk", "-o", "subformat=streamOptimized"]
    subprocess.run([*words, str(raw), str(vmdk)], check=True)
    found = image_files.inspect(vmdk)
    assert (found.format, found.virtual_size, found.contents) == ("vmdk", 4 * MIB, None)
    seen = image_files.contents(vmdk, found, tmp_path, nothing)
    assert seen is not None and image_contents.hints(seen) == []
    image_files.convert(vmdk, found, tmp_path / "b.qcow2", "qcow2", nothing)
    assert image_files.inspect(tmp_path / "b.qcow2").format == "qcow2"
    with pytest.raises(DeployError, match="refused"):
        lie = image_files.Findings("qcow2", 1, 1, None)
        image_files.convert(raw, lie, tmp_path / "c", "raw", nothing)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["a.raw", "a.vmdk", "b.qcow2"]


def test_progress_is_for_terminals_only() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    quiet, loud = io.StringIO(), Terminal()
    for out in (quiet, loud):
        progress = image_import.Progress(out)
        sent = image_import._with_progress(iter([b"ab", b"cd"]), 4, progress)
        assert list(sent) == [b"ab", b"cd"]
        progress("Converting", 50.0)
        progress.end()
    assert quiet.getvalue() == ""
    assert "100 % Uploading\n" in loud.getvalue() and loud.getvalue().endswith("Converting\n")


@pytest.mark.parametrize("text", ["name", "=value"])
def test_a_property_has_a_name_and_a_value(text: str) -> None:
    with pytest.raises(DeployError, match="NAME=VALUE"):
        image_import._properties([text])


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("debian-12.4.qcow2", "debian-12.4"),
        ("box.ova", "box"),
        ("disk.raw.xz", "disk"),
        ("win.VHDX", "win"),
        ("plain", "plain"),
        (".gz", ".gz"),
    ],
)
def test_the_image_is_named_like_its_file(file: str, name: str) -> None:
    assert image_import._name(Path(file)) == name
