"""Packed images: every packing, damage, bombs."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import lzma
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from stratolith.kernel.disk_images import BadImage, NoRoom, decompression

MIB = 1 << 20
DATA = hashlib.shake_256(b"x").digest(MIB) + bytes(2 * MIB) + b"end"


def zipped(*parts: bytes, names: tuple[str, ...] = ("disk.raw", "other")) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in zip(names, parts, strict=False):
            archive.writestr(name, part)
    return out.getvalue()


PACKED: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "xz": lzma.compress,
    "bzip2": bz2.compress,
    "zip": zipped,
}


def unpack(tmp_path: Path, data: bytes, *, max_size: int = 1 << 40, reserve: int = 0) -> bytes:
    source, target = tmp_path / "packed", tmp_path / "unpacked"
    source.write_bytes(data)
    try:
        decompression.unpack(source, target, max_size=max_size, reserve=reserve)
    except (BadImage, NoRoom):
        assert os.listdir(tmp_path) == ["packed"]
        raise
    found = target.read_bytes()
    target.unlink()
    return found


@pytest.mark.parametrize("kind", PACKED)
def test_all_that_was_packed_comes_out(tmp_path: Path, kind: str) -> None:
    packed = PACKED[kind](DATA)
    (tmp_path / "file").write_bytes(packed)
    assert decompression.packing(tmp_path / "file") == kind
    (tmp_path / "file").unlink()
    assert unpack(tmp_path, packed) == DATA
    assert unpack(tmp_path, PACKED[kind](b"")) == b""
    if kind != "zip":
        assert unpack(tmp_path, packed + PACKED[kind](b"more")) == DATA + b"more"


def test_zeros_take_no_space(tmp_path: Path) -> None:
    (tmp_path / "packed").write_bytes(gzip.compress(bytes(64 * MIB) + b"end", 1))
    told: list[float] = []
    decompression.unpack(
        *(tmp_path / "packed", tmp_path / "disk"), max_size=1 << 40, reserve=0, progress=told.append
    )
    status = (tmp_path / "disk").stat()
    assert status.st_size == 64 * MIB + 3 and status.st_blocks * 512 < MIB
    assert told == sorted(told) and told


@pytest.mark.parametrize("kind", PACKED)
@pytest.mark.parametrize("cut", [0.1, 0.9])
def test_what_is_cut_or_damaged_is_refused(tmp_path: Path, kind: str, cut: float) -> None:
    packed = PACKED[kind](DATA)
    with pytest.raises(BadImage, match=kind):
        unpack(tmp_path, packed[: int(len(packed) * cut)])
    damaged = bytearray(packed)
    damaged[len(packed) // 2 : len(packed) // 2 + 64] = b"\xff" * 64
    with pytest.raises(BadImage):
        unpack(tmp_path, bytes(damaged))


@pytest.mark.parametrize("kind", PACKED)
def test_bombs_are_stopped(tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = PACKED[kind](bytes(40 * MIB))
    with pytest.raises(BadImage, match="unpacks to more than"):
        unpack(tmp_path, bomb, max_size=10 * MIB)
    monkeypatch.setattr(decompression, "_FREE", MIB)  # the true limit would take a second each
    if len(bomb) * 250 < 39 * MIB:
        with pytest.raises(BadImage, match="unpacks to more than"):
            unpack(tmp_path, bomb)
    with pytest.raises(NoRoom, match=str(tmp_path)):
        unpack(tmp_path, PACKED[kind](hashlib.shake_256(b"y").digest(MIB)), reserve=1 << 60)


def test_a_zip_holds_one_file_and_its_name_is_nothing(tmp_path: Path) -> None:
    assert unpack(tmp_path, zipped(b"data", names=("../../etc/passwd",))) == b"data"
    for bad in (zipped(b"a", b"b"), zipped(b"", names=("folder/",))):
        with pytest.raises(BadImage, match="zip"):
            unpack(tmp_path, bad)
