"""The leash on qemu-img, and what a conversion may touch."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from stratolith.kernel.disk_images import BadImage, NoRoom, conversion, leash
from stratolith.kernel.disk_images.leash import Limits
from tests.unit.image import hostile

MIB = 1 << 20
LIMITS = Limits(file_size=MIB, seconds=5.0)
pytestmark = pytest.mark.skipif(shutil.which("qemu-img") is None, reason="qemu-img is missing")


@pytest.mark.parametrize(
    ("words", "limits", "text"),
    [
        (["sleep", "20"], Limits(file_size=0, seconds=0.2), "did not end"),
        (["sh", "-c", "while :; do :; done"], Limits(file_size=0, cpu_seconds=1), "failed"),
        (["dd", "if=/dev/zero", "of=x", "bs=1M", "count=2"], LIMITS, "failed"),
        (["dd", "if=/dev/zero", "of=/dev/null", "bs=3G", "count=1"], LIMITS, "memory"),
        (["qemu-img", "info", "none"], LIMITS, "Could not open"),
    ],
)
def test_programs_end_at_their_limits(
    tmp_path: Path, words: list[str], limits: Limits, text: str
) -> None:
    leash.surrender(tmp_path)
    with pytest.raises(BadImage, match=text):
        leash.run(words, tmp_path, limits)


@pytest.mark.root
def test_root_gives_away_what_it_is(tmp_path: Path) -> None:
    leash.surrender(tmp_path)
    assert leash.run(["id", "-u"], tmp_path, LIMITS).strip() == str(leash.USER)
    assert leash.run(["id", "-G"], tmp_path, LIMITS).strip() == str(leash.USER)
    links = leash.run(["ip", "-o", "link"], tmp_path, LIMITS).splitlines()
    assert len(links) == 1 and " lo: " in links[0]
    with pytest.raises(BadImage, match="Permission denied"):
        leash.run(["cat", "/etc/shadow"], tmp_path, LIMITS)


@pytest.mark.parametrize(
    "data",
    [
        hostile.qcow2(backing=b"SECRET", cluster_bits=16),
        hostile.flat_descriptor("SECRET"),
        hostile.vmdk(sectors=0, extent='RW 2048 FLAT "SECRET" 0', create_type="monolithicFlat"),
    ],
)
def test_no_other_file_is_read_even_if_inspection_failed(tmp_path: Path, data: bytes) -> None:
    secret, source = tmp_path / "SECRET", tmp_path / "image"
    secret.write_bytes(b"secret word " * (MIB // 12))
    secret.chmod(0o600)
    source.write_bytes(data.replace(b"SECRET", str(secret).encode()[:200]))
    target = tmp_path / "target"
    kind = "qcow2" if data.startswith(b"QFI") else "vmdk"
    try:
        conversion.convert(source, kind, target, "raw", reserve=0)
    except BadImage:
        assert not target.exists()
    else:
        assert b"secret word" not in target.read_bytes()
    assert sorted(os.listdir(tmp_path))[:2] == ["SECRET", "image"]
    assert source.stat().st_uid == os.geteuid()


def test_progress_is_told_and_room_is_needed(tmp_path: Path) -> None:
    raw, target = tmp_path / "disk", tmp_path / "target"
    raw.write_bytes(b"x" * (4 * MIB))
    with pytest.raises(NoRoom, match=f"under {tmp_path}: it may take 4 MiB"):
        conversion.convert(raw, "raw", target, "raw", reserve=1 << 60)
    assert os.listdir(tmp_path) == ["disk"]
    told: list[float] = []
    conversion.convert(raw, "raw", target, "vmdk", progress=told.append)
    assert told and told == sorted(told) and told[-1] == 100.0
    info = subprocess.run(["qemu-img", "info", str(target)], capture_output=True, text=True)
    assert "file format: vmdk" in info.stdout


def test_a_format_that_is_not_what_it_was_called(tmp_path: Path) -> None:
    raw = tmp_path / "disk"
    raw.write_bytes(b"x" * MIB)
    with pytest.raises(BadImage, match="qemu-img failed"):
        conversion.convert(raw, "qcow2", tmp_path / "target", "raw")
    with pytest.raises(BadImage, match="cannot be converted"):
        conversion.convert(raw, "aki", tmp_path / "target", "raw")
    assert os.listdir(tmp_path) == ["disk"]
