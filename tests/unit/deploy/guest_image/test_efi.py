"""What UEFI boots from: the unified kernel image and the FAT file system it lies in."""

import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from stratolith.deploy.guest_image import GuestImageError, efi, fat
from stratolith.deploy.guest_image.architectures import architecture
from stratolith.deploy.guest_image.uki import unified

CLUSTER = 2048


def stub(*, sections: int = 1, header_size: int = 0x400, magic: int = 0x20B) -> bytes:
    """A PE file as small as one can be, with `sections` pages of code and a symbol table."""
    head = bytearray(header_size)
    head[:2] = b"MZ"
    struct.pack_into("<I", head, 0x3C, 0x40)
    struct.pack_into("<4sHHIIIHH", head, 0x40, b"PE", 0xAA64, sections, 0, 0x9999, 7, 112, 0x206)
    struct.pack_into("<H", head, 0x58, magic)
    struct.pack_into("<II", head, 0x58 + 32, 0x1000, 0x200)  # alignments
    struct.pack_into("<II", head, 0x58 + 56, 0x1000 * (1 + sections), header_size)
    for n in range(sections):
        place = (0x200, 0x1000 * (1 + n), 0x200, header_size + 0x200 * n)
        struct.pack_into("<8sIIII", head, 0x58 + 112 + 40 * n, f".s{n}".encode(), *place)
    return bytes(head) + b"\xcc" * 0x200 * sections + b"symbols"


def sections_of(program: bytes) -> dict[str, tuple[int, bytes]]:
    """Name -> (address, content) of each section of a PE file."""
    (start,) = struct.unpack_from("<I", program, 0x3C)
    count, symbols, optional = struct.unpack_from("<H4xI4xH", program, start + 6)
    assert symbols == 0
    found = {}
    for n in range(count):
        name, size, address, raw_size, raw = struct.unpack_from(
            "<8sIIII", program, start + 24 + optional + 40 * n
        )
        assert raw % 0x200 == raw_size % 0x200 == address % 0x1000 == 0
        found[name.rstrip(b"\0").decode()] = (address, program[raw : raw + size])
    return found


def test_sections_are_added_behind_those_of_the_stub() -> None:
    kernel = b"k" * 5000
    program = unified(stub(), {".cmdline": b"quiet\0", ".linux": kernel, ".initrd": b"i"})
    found = sections_of(program)
    assert list(found) == [".s0", ".cmdline", ".linux", ".initrd"]
    assert found[".s0"][1] == b"\xcc" * 0x200
    assert found[".cmdline"][1] == b"quiet\0"
    assert found[".linux"][1] == kernel
    assert [address for address, _ in found.values()] == [0x1000, 0x2000, 0x3000, 0x5000]
    (size_of_image,) = struct.unpack_from("<I", program, 0x58 + 56)
    assert size_of_image == 0x6000
    assert b"symbols" not in program


def test_what_is_no_stub_is_refused() -> None:
    with pytest.raises(GuestImageError, match="no PE file"):
        unified(bytes(200), {".linux": b"k"})
    with pytest.raises(GuestImageError, match="no 64-bit PE file"):
        unified(stub(magic=0x10B), {".linux": b"k"})
    with pytest.raises(GuestImageError, match="room for 1 sections, not 2"):
        unified(stub(header_size=0x120), {".linux": b"k", ".initrd": b"i"})


def walk(disk: bytes) -> Iterator[tuple[str, bytes]]:
    """Path and content of each file of a FAT16 file system, read as its specification says."""
    sector, per_cluster, reserved, fats, entries = struct.unpack_from("<HBHBH", disk, 11)
    (fat_sectors,) = struct.unpack_from("<H", disk, 22)
    assert disk[510:512] == b"\x55\xaa"
    table = disk[reserved * sector : (reserved + fat_sectors) * sector]
    assert table == disk[(reserved + fat_sectors) * sector : (reserved + 2 * fat_sectors) * sector]
    root = (reserved + fats * fat_sectors) * sector
    data, size = root + entries * 32, sector * per_cluster

    def chain(first: int) -> bytes:
        out = b""
        while 2 <= first < 0xFFF8:
            out += disk[data + (first - 2) * size : data + (first - 1) * size]
            (first,) = struct.unpack_from("<H", table, 2 * first)
        return out

    def listing(content: bytes, path: str) -> Iterator[tuple[str, bytes]]:
        for n in range(0, len(content), 32):
            name, kind, first, length = struct.unpack_from("<11sB14xHI", content, n)
            if name[0] == 0:
                return
            text = name[:8].decode().strip() + "." + name[8:].decode().strip()
            text = text.rstrip(".")
            if kind == 0x10 and text:
                yield from listing(chain(first), f"{path}{text}/")
            elif kind == 0x20:
                yield f"{path}{text}", chain(first)[:length]

    yield from listing(disk[root:data], "")


FILES = {
    "EFI/BOOT/BOOTAA64.EFI": bytes(range(256)) * 40,
    "EFI/BOOT/EMPTY": b"",
    "EFI/ONE.TXT": b"1",
    "TOP": b"t" * CLUSTER,
}


def test_files_of_a_fat_file_system_are_found_again() -> None:
    made = fat.file_system(FILES, "LABEL", 2048)
    assert dict(walk(made)) == FILES
    assert made == fat.file_system(dict(reversed(FILES.items())), "LABEL", 2048)


def test_blkid_takes_it_for_fat16(tmp_path: Path) -> None:
    (tmp_path / "esp").write_bytes(fat.file_system(FILES, "LABEL", 2048))
    shown = subprocess.run(
        ["/sbin/blkid", "-p", "-o", "export", str(tmp_path / "esp")],
        capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    assert {"TYPE=vfat", "VERSION=FAT16", "LABEL_FATBOOT=LABEL"} <= set(shown)


@pytest.mark.parametrize("name", ["lower", "TOOLONGNAME", "A.LONG", "A/B.C.D", "", "A B"])
def test_names_that_are_not_8_3_are_refused(name: str) -> None:
    with pytest.raises(GuestImageError, match=r"no 8\.3 name"):
        fat.file_system({name: b""}, "LABEL", 0)


def test_more_than_fat16_holds_is_refused() -> None:
    with pytest.raises(GuestImageError, match="too much"):
        fat.file_system({"BIG": bytes(65509 * CLUSTER)}, "LABEL", 0)


def test_the_root_stands_behind_the_system_partition(tmp_path: Path) -> None:
    arm64 = architecture("arm64")
    unpacked = tmp_path / "packages"
    (unpacked / "boot").mkdir(parents=True)
    (unpacked / "boot/vmlinuz-6").write_bytes(b"kernel")
    with pytest.raises(GuestImageError, match="in none of the packages"):
        efi.system_partition(unpacked, b"initramfs", arm64)
    assert arm64.stub is not None
    (unpacked / arm64.stub).parent.mkdir(parents=True)
    (unpacked / arm64.stub).write_bytes(stub())
    partition = efi.system_partition(unpacked, b"initramfs", arm64)
    [(path, program)] = walk(partition)
    assert path == "EFI/BOOT/BOOTAA64.EFI"
    found = sections_of(program)
    assert found[".linux"][1] == b"kernel"
    assert found[".initrd"][1] == b"initramfs"
    assert b"console=ttyAMA0 panic=5\0" in found[".cmdline"][1]

    start, raw = efi.root_start(partition), tmp_path / "disk"
    raw.write_bytes(bytes(64 << 20))
    efi.install(raw, partition, start)
    columns = ["partx", "--noheadings", "--raw", "--output", "NR,START,SECTORS,TYPE"]
    told = subprocess.run([*columns, str(raw)], capture_output=True, text=True, check=True)
    rows = [line.split() for line in told.stdout.splitlines()]
    assert rows == [
        ["1", str(start), str((64 << 20) // 512 - start), "0x83"],
        ["2", "2048", str(len(partition) // 512), "0xef"],
    ]
    assert 2048 + len(partition) // 512 <= start
    assert raw.read_bytes()[1 << 20 : (1 << 20) + len(partition)] == partition
