"""OVA files: harmless ones pass, those that lead elsewhere are refused while they stream by."""

from __future__ import annotations

import io
import tarfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stratolith.image.exceptions import InvalidImageData
from stratolith.image.store.inspection import Inspection

Member = tuple[str, bytes, bytes]  # name, kind, content


def tar(*members: Member, format: int = tarfile.USTAR_FORMAT) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=format) as archive:
        for name, kind, content in members:
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd" if kind != tarfile.REGTYPE else ""
            info.size = len(content) if kind == tarfile.REGTYPE else 0
            info.mtime = 1.5 if format == tarfile.PAX_FORMAT else 1
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


def plain(name: str, content: bytes = b"x" * 700) -> Member:
    return name, tarfile.REGTYPE, content


def look(data: bytes, block: int = 1000, container: str = "ova") -> int | None:
    inspection = Inspection("vmdk", container, enforce=True)
    for at in range(0, len(data), block):
        inspection.feed(data[at : at + block])
    return inspection.verdict()


GOOD = [plain("box.ovf"), plain("box.mf"), plain("disks/box-disk1.vmdk", b"d" * 5000)]
HOSTILE = [
    ("path upwards", tar(plain("box.ovf"), plain("../../etc/cron.d/x"))),
    ("path upwards in the middle", tar(plain("a/../../x"))),
    ("absolute path", tar(plain("/etc/passwd"))),
    ("path of Windows", tar(plain("..\\x"))),
    ("control character", tar(plain("a\nb"))),
    ("symbolic link", tar(("disk.vmdk", tarfile.SYMTYPE, b""))),
    ("hard link", tar(("disk.vmdk", tarfile.LNKTYPE, b""))),
    ("device", tar(("disk.vmdk", tarfile.BLKTYPE, b""))),
    ("pipe", tar(("disk.vmdk", tarfile.FIFOTYPE, b""))),
    ("hidden long name", tar(plain("n" * 300), format=tarfile.GNU_FORMAT)),
    ("hidden name", tar(plain("n" * 300), format=tarfile.PAX_FORMAT)),
    ("many disks", tar(*(plain(f"{number}.vmdk", b"") for number in range(40)))),
    ("many members", tar(*(plain(f"{number}.txt", b"") for number in range(400)))),
    ("cut short", tar(*GOOD)[:7000]),
    ("a size that lies", tar(plain("box.ovf")).replace(b"00000001274", b"77777777777", 1)),
    ("damaged second header", tar(*GOOD)[:1536] + b"junk" * 200),
]


@pytest.mark.parametrize("block", [1, 512, 1000, 1 << 20])
def test_an_honest_appliance_passes(block: int) -> None:
    assert look(tar(*GOOD), block) is None
    assert look(tar(*GOOD, format=tarfile.GNU_FORMAT), block) is None
    assert look(tar(*GOOD, format=tarfile.PAX_FORMAT), block) is None


@pytest.mark.parametrize("case", HOSTILE, ids=lambda case: case[0])
@pytest.mark.parametrize("block", [100, 1 << 20])
def test_hostile_archives_are_refused(case: tuple[str, bytes], block: int) -> None:
    with pytest.raises(InvalidImageData, match="archive"):
        look(case[1], block)


def test_what_is_no_archive_is_opaque() -> None:
    assert look(b"no archive at all" * 100) is None
    assert look(b"") is None
    assert look(tar(plain("../x")), container="docker") is None


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 3000), st.binary(min_size=1, max_size=9)), max_size=4))
def test_damaged_archives_get_a_verdict(damage: list[tuple[int, bytes]]) -> None:
    data = bytearray(tar(*GOOD))
    for at, junk in damage:
        data[at : at + len(junk)] = junk
    try:
        assert look(bytes(data)) is None
    except InvalidImageData:
        return
