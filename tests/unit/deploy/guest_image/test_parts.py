"""The readers and writers of binary formats from which the image is made."""

import json
import lzma
import random
import struct
import subprocess
from importlib import resources
from pathlib import Path

import pytest

from stratolith.deploy.guest_image import GuestImageError, cpio, elf, kernel
from stratolith.deploy.guest_image.architectures import architecture
from stratolith.deploy.guest_image.bios import write_boot_sector
from stratolith.deploy.guest_image.modules import ModuleTree
from stratolith.deploy.guest_image.tree import applets


def test_elf_needs_agree_with_the_dynamic_linker() -> None:
    program = Path("/bin/ls").resolve()
    found = elf.needs(program)
    listed = subprocess.run(["ldd", str(program)], capture_output=True, text=True, check=True)
    assert found.interpreter is not None
    assert found.interpreter in listed.stdout
    assert "libc.so.6" in found.libraries
    for name in found.libraries:
        assert name in listed.stdout


def test_elf_refuses_a_script(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("#!/bin/sh\n")
    with pytest.raises(GuestImageError, match="ELF"):
        elf.needs(tmp_path / "x")


def test_cpio_reads_back_with_the_real_cpio(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    (tree / "bin").mkdir(parents=True)
    (tree / "bin/tool").write_bytes(b"abcde")
    (tree / "bin/tool").chmod(0o755)
    (tree / "bin/sh").symlink_to("tool")
    packed = cpio.archive(tree)
    out = tmp_path / "out"
    out.mkdir()
    subprocess.run(["cpio", "-idm", "--quiet"], cwd=out, input=packed, check=True)
    assert (out / "bin/tool").read_bytes() == b"abcde"
    assert (out / "bin/tool").stat().st_mode & 0o777 == 0o755
    assert (out / "bin/sh").readlink() == Path("tool")


def make_module(depends: str, alias: str) -> bytes:
    return b"\x7fELF..\0license=GPL\0depends=%s\0alias=%s\0" % (depends.encode(), alias.encode())


@pytest.fixture
def modules(tmp_path: Path) -> ModuleTree:
    directory = tmp_path / "modules/6.1"
    directory.mkdir(parents=True)
    (directory / "net-core.ko").write_bytes(make_module("", ""))
    (directory / "virtio.ko").write_bytes(make_module("", ""))
    (directory / "virtio_net.ko").write_bytes(make_module("net-core,virtio", "virtio:d1"))
    (directory / "bond.ko.xz").write_bytes(lzma.compress(make_module("virtio_net", "")))
    return ModuleTree(tmp_path / "modules")


def test_modules_load_after_what_they_need(modules: ModuleTree) -> None:
    order = modules.load_order(["bond", "builtin-driver", "virtio-net"])
    assert order == ["net_core", "virtio", "virtio_net", "bond"]


def test_modprobe_tables(modules: ModuleTree, tmp_path: Path) -> None:
    modules.install(["bond"], tmp_path / "out")
    lines = (tmp_path / "out/modules.dep").read_text().splitlines()
    assert "bond.ko: virtio_net.ko virtio.ko net_core.ko" in lines
    assert (tmp_path / "out/modules.alias").read_text() == "alias virtio:d1 virtio_net\n"
    assert (tmp_path / "out/bond.ko").read_bytes() == make_module("virtio_net", "")


def test_module_tree_of_two_kernels_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    with pytest.raises(GuestImageError, match="one kernel"):
        ModuleTree(tmp_path)


def test_kernel_header_hint_changes_one_byte() -> None:
    header = bytearray(random.Random(1).randbytes(2048))
    header[0x202:0x208] = b"HdrS" + struct.pack("<H", 0x20F)
    header[0x234] = 1
    changed = kernel.load_in_place(bytes(header))
    assert [i for i in range(2048) if changed[i] != header[i]] == [0x234]
    assert changed[0x234] == 0


def test_kernel_of_another_kind_is_refused() -> None:
    with pytest.raises(GuestImageError, match="x86"):
        kernel.load_in_place(bytes(2048))


def test_applets_are_read_from_the_program() -> None:
    program = b"junk\0[\0[[\0acpid\0zcat\0\0more"
    assert applets(program) == ["[", "[[", "acpid", "zcat"]
    with pytest.raises(GuestImageError):
        applets(b"no list")


def test_partition_table_is_understood_by_others(tmp_path: Path) -> None:
    raw = tmp_path / "disk"
    with raw.open("wb") as file:
        file.truncate(8 << 20)
    write_boot_sector(raw, bytes(512), b"core")
    columns = ["partx", "--noheadings", "--raw", "--output", "NR,START,SECTORS,TYPE,FLAGS"]
    told = subprocess.run([*columns, str(raw)], capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["1", "2048", "14336", "0x83", "0x80"]
    assert raw.read_bytes()[512:516] == b"core"


def test_boot_loader_too_large_for_its_gap(tmp_path: Path) -> None:
    (tmp_path / "disk").write_bytes(bytes(4 << 20))
    with pytest.raises(GuestImageError, match="does not fit"):
        write_boot_sector(tmp_path / "disk", bytes(512), bytes(1 << 20))


@pytest.mark.parametrize("name", ["riscv64", "aarch64", ""])
def test_architectures_that_cannot_be_built(name: str) -> None:
    with pytest.raises(GuestImageError, match="no guest image"):
        architecture(name)


HARD = {
    "uuid": "1-2",
    "meta": {"hostname": 'x", "uuid": "evil', "a/b": "{[]}"},
    "hostname": "demo.novalocal",
    "admin_pass": 'q"\\u00e9\\n\tü',
    "public_keys": {"my key": "ssh-ed25519 AAA me\n", "two": "ssh-rsa B\nssh-rsa C\n"},
    "keys": [{"name": "k", "n": 1.5e3, "t": True, "z": None}, [], {}],
    "last": -1,
}


@pytest.mark.parametrize("ascii_only", [True, False])
@pytest.mark.parametrize("indent", [None, 2])
def test_guest_json_reader(ascii_only: bool, indent: int | None) -> None:
    """The guest's awk program, on values made to mislead a reader by pattern."""
    text = json.dumps(HARD, ensure_ascii=ascii_only, indent=indent)
    script = resources.files("stratolith.deploy.guest_image") / "rootfs/usr/libexec/guest/json.awk"
    done = subprocess.run(
        ["awk", "-f", str(script)], input=text, capture_output=True, text=True, check=True,
        env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    flat = dict(line.split("\t", 1) for line in done.stdout.splitlines())
    assert flat == {
        "/uuid": "1-2",
        "/meta/hostname": 'x", "uuid": "evil',
        "/meta/a/b": "{[]}",
        "/hostname": "demo.novalocal",
        "/admin_pass": 'q"\\\\u00e9\\\\n\tü',
        "/public_keys/my key": "ssh-ed25519 AAA me\\n",
        "/public_keys/two": "ssh-rsa B\\nssh-rsa C\\n",
        "/keys/0/name": "k",
        "/keys/0/n": "1500.0",
        "/keys/0/t": "true",
        "/keys/0/z": "null",
        "/last": "-1",
    }


def test_package_data_is_complete() -> None:
    """What the guest runs must be found where Python finds the package."""
    package = resources.files("stratolith.deploy.guest_image")
    for name in ("rootfs/etc/init.d/rcS", "rootfs/usr/libexec/guest/metadata", "initramfs/init"):
        text = (package / name).read_text()
        assert text.startswith("#!"), name
        check = ["sh", "-n"]
        assert subprocess.run(check, input=text, text=True, check=False).returncode == 0, name
