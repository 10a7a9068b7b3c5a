"""What `stratolith image import` finds in files, and the conversion."""

from __future__ import annotations

import io
import platform
import shutil
import subprocess
from pathlib import Path

import pytest

from stratolith.deploy import guest_image, image_import
from stratolith.deploy.errors import DeployError
from stratolith.deploy.guest_image import fat
from stratolith.deploy.guest_image.architectures import architecture

MIB = 1 << 20
needs_qemu = pytest.mark.skipif(shutil.which("qemu-img") is None, reason="qemu-img is missing")


def test_a_bare_disk_gets_hints(tmp_path: Path) -> None:
    file = tmp_path / "disk.raw"
    file.write_bytes(bytes(MIB))
    found = image_import.inspect(file)
    assert (found.format, found.size, found.virtual_size) == ("raw", MIB, MIB)
    assert any("no cloud-init found" in one for one in image_import.hints(found))
    assert any("no boot sector" in one for one in image_import.hints(found))


def test_a_name_across_two_blocks_is_seen(tmp_path: Path) -> None:
    file = tmp_path / "disk.raw"
    partition = b"\x80\0\x02\0\x83\0\0\0" + (1).to_bytes(4, "little") * 2
    boot = bytes(446) + partition + bytes(48) + b"\x55\xaa"
    before = bytes(image_import.BLOCK - len(boot) - 5)
    file.write_bytes(boot + before + b"cloud-init" + bytes(100))
    found = image_import.inspect(file)
    assert found.tools == {b"cloud-init"}
    assert image_import.hints(found) == []


@pytest.mark.parametrize("arch", guest_image.ARCHITECTURES)
def test_a_disk_for_another_processor_is_told(
    arch: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On each kind of host the other one's disk gets a hint, unless its property is given."""
    name = {"arm64": "BOOTAA64.EFI", "amd64": "BOOTX64.EFI"}[arch]
    file = tmp_path / "disk.raw"
    file.write_bytes(fat.file_system({f"EFI/BOOT/{name}": b"MZ"}, "ESP", 0))
    found = image_import.inspect(file)
    machine = architecture(arch).machine
    assert found.architectures == {machine}
    monkeypatch.setattr(platform, "machine", lambda: machine)
    assert not any("boots on" in one for one in image_import.hints(found))
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    assert any(f"hw_architecture={machine} " in one for one in image_import.hints(found))
    told = image_import.hints(found, {"hw_architecture": machine})
    assert not any("boots on" in one for one in told)


def test_hostile_and_missing_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DeployError, match="cannot be read"):
        image_import.inspect(tmp_path / "none")
    (tmp_path / "empty").touch()
    with pytest.raises(DeployError, match="empty"):
        image_import.inspect(tmp_path / "empty")


@needs_qemu
def test_a_backing_file_is_refused(tmp_path: Path) -> None:
    base, top = tmp_path / "base", tmp_path / "top"
    base.write_bytes(bytes(MIB))
    command = ["qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", str(base), str(top)]
    subprocess.run(command, check=True)
    with pytest.raises(DeployError, match="refused"):
        image_import.inspect(top)


@needs_qemu
def test_a_disk_is_converted_and_back(tmp_path: Path) -> None:
    raw, qcow2, back = tmp_path / "a.raw", tmp_path / "a.qcow2", tmp_path / "b.raw"
    raw.write_bytes(b"x" * MIB)
    image_import.convert(raw, "raw", qcow2, "qcow2")
    assert image_import.inspect(qcow2).format == "qcow2"
    image_import.convert(qcow2, "qcow2", back, "raw")
    assert back.read_bytes() == raw.read_bytes()
    with pytest.raises(DeployError, match="cannot be converted"):
        image_import.convert(raw, "qcow2", tmp_path / "c", "raw")


def test_progress_is_for_terminals_only() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    quiet, loud = io.StringIO(), Terminal()
    for out in (quiet, loud):
        assert list(image_import._with_progress(iter([b"ab", b"cd"]), 4, out)) == [b"ab", b"cd"]
    assert quiet.getvalue() == "" and "100 %" in loud.getvalue()


@pytest.mark.parametrize("text", ["name", "=value"])
def test_a_property_has_a_name_and_a_value(text: str) -> None:
    with pytest.raises(DeployError, match="NAME=VALUE"):
        image_import._properties([text])
