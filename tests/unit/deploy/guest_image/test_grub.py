"""GRUB's core image is put together from its files; none of them is run."""

import ast
import lzma
import struct
from pathlib import Path

import pytest

from stratolith.deploy import guest_image
from stratolith.deploy.guest_image import GuestImageError, bios, disk, grub
from stratolith.deploy.guest_image.architectures import architecture

MODULES = {
    "biosdisk": [], "part_msdos": [], "fshelp": [], "ext2": ["fshelp"], "boot": [],
    "mmap": ["boot"], "linux": ["mmap", "boot"], "unused": [],
}  # fmt: skip
KERNEL = b"code of the kernel".ljust(64, b"\x90")
UNPACKER = 0x90


@pytest.fixture
def unpacked(tmp_path: Path) -> Path:
    """Packages with files of GRUB's form."""
    folder = tmp_path / "packages/usr/lib/grub/i386-pc"
    folder.mkdir(parents=True)
    lines = [f"{name}: {' '.join(needs)}" for name, needs in MODULES.items()]
    (folder / "moddep.lst").write_text("\n".join(lines))
    for name in MODULES:
        (folder / f"{name}.mod").write_bytes(b"\x7fELF" + name.encode())
    (folder / "boot.img").write_bytes(b"\xeb\x63".ljust(512, b"\x01"))
    (folder / "diskboot.img").write_bytes(b"\x02" * 512)
    (folder / "lzma_decompress.img").write_bytes(bytes([UNPACKER]) * 2848)
    header = b"\x7fELF\x01\x01\x01".ljust(28, b"\0") + struct.pack("<IIIHHH", 52, 0, 0, 52, 32, 1)
    load = struct.pack("<8I", 1, 128, 0x9000, 0x9000, len(KERNEL), 4096, 7, 32)
    (folder / "kernel.img").write_bytes((header.ljust(52, b"\0") + load).ljust(128, b"\0") + KERNEL)
    return tmp_path / "packages"


def items(core: bytes) -> list[tuple[int, bytes]]:
    """What GRUB finds when it reads the image as its own code does."""
    packed, plain = struct.unpack_from("<II", core, 512 + 8)
    (sectors,) = struct.unpack_from("<H", core, 508)
    assert sectors * 512 >= len(core) - 512 > (sectors - 1) * 512
    data = core[512 + 2848 :][:packed]
    image = lzma.decompress(data, lzma.FORMAT_RAW, filters=[grub._FILTER])
    assert len(image) == plain and image.startswith(KERNEL + b"mimg")
    at, size = struct.unpack_from("<II", image, len(KERNEL) + 4)
    at, end, found = len(KERNEL) + at, len(KERNEL) + size, []
    while at < end:
        kind, length = struct.unpack_from("<II", image, at)
        found.append((kind, image[at + 8 : at + length].rstrip(b"\0")))
        at += length
    assert at == end == len(image)
    return found


def test_modules_come_after_what_they_need(unpacked: Path) -> None:
    folder = unpacked / "usr/lib/grub/i386-pc"
    core = grub.core_image(folder, "boot\n", "(hd0)/boot", ["ext2", "linux"])
    names = ["fshelp", "ext2", "boot", "mmap", "linux"]
    modules = [(0, b"\x7fELF" + name.encode()) for name in names]
    assert items(core) == [*modules, (2, b"boot\n"), (3, b"(hd0)/boot")]
    assert core[:508] == b"\x02" * 508 and core[512:520] == bytes([UNPACKER]) * 8


def test_the_guest_starts_again_when_its_kernel_panics(unpacked: Path, tmp_path: Path) -> None:
    raw = tmp_path / "disk.raw"
    raw.write_bytes(bytes(2 * disk.FIRST_SECTOR * disk.SECTOR))
    bios.install(unpacked, raw, architecture("amd64"))
    written = raw.read_bytes()
    assert written[:2] == b"\xeb\x63" and written[510:512] == b"\x55\xaa"
    (sectors,) = struct.unpack_from("<H", written, 512 + 508)
    core = written[512 : 512 + 512 * (sectors + 1)].rstrip(b"\0")
    packed = struct.unpack_from("<I", core, 512 + 8)[0]
    config = dict(items(written[512 : 512 + 512 + 2848 + packed]))[2].decode()
    assert "panic=5" in config.split() and "no_timer_check" in config.split()
    assert "console=ttyS0" in config.split()


@pytest.mark.parametrize("name", ["moddep.lst", "kernel.img", "diskboot.img", "ext2.mod"])
def test_what_is_missing_or_unknown_is_told(unpacked: Path, name: str) -> None:
    folder = unpacked / "usr/lib/grub/i386-pc"
    for harm in (lambda path: path.write_bytes(b"x"), Path.unlink):
        if name == "ext2.mod" and harm is not Path.unlink:
            continue
        harm(folder / name)
        with pytest.raises(GuestImageError, match="GRUB"):
            grub.core_image(folder, "", "", ["ext2"])


def test_no_program_of_the_packages_is_run() -> None:
    """They are of another release than this machine may be."""
    for path in Path(guest_image.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("run"):
                words = ast.unparse(node)
                assert "unpacked" not in words and "LD_LIBRARY_PATH" not in words, path
