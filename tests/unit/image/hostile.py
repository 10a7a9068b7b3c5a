"""Image data that lies or is dangerous, made byte by byte; no outside tool is needed.

Each function makes a good header unless it is told otherwise; DANGEROUS is the corpus of what no
cloud may accept, LIES what is refused while disk_format is enforced.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

MIB = 1 << 20


class Case(NamedTuple):
    name: str
    disk_format: str
    data: bytes


def qcow2(
    *,
    virtual_size: int = 4 * MIB,
    backing: bytes = b"",
    features: int = 0,
    version: int = 3,
    length: int = 256 << 10,
    cluster_bits: int = 16,
    encryption: int = 0,
    l1_entries: int = 1,
    l1_at: int = 3 << 16,
    refcounts_at: int = 1 << 16,
    snapshots: int = 0,
) -> bytes:
    """A QCOW2 header with empty tables. Source of the layout: QEMU's docs/interop/qcow2.txt."""
    header = struct.pack(
        ">4sIQIIQIIQQIIQ",
        b"QFI\xfb",
        version,
        512 if backing else 0,
        len(backing),
        cluster_bits,
        virtual_size,
        encryption,
        l1_entries,
        l1_at,
        refcounts_at,
        1,
        snapshots,
        2 << 16 if snapshots else 0,
    )
    header += struct.pack(">QQQII", features, 0, 0, 4, 104)
    found = bytearray(header.ljust(length, b"\0"))
    found[512 : 512 + len(backing)] = backing
    return bytes(found)


SPARSE = 'RW 8192 SPARSE "disk.vmdk"'


def vmdk(
    *,
    create_type: str = "monolithicSparse",
    extent: str = SPARSE,
    sectors: int = 8192,
    grain: int = 128,
    more: str = "",
    parent: str = "ffffffff",
    at_end: bool = False,
    footer: bytes = b"",
) -> bytes:
    """A sparse VMDK with its descriptor. Source: VMware Virtual Disk Format 1.1."""
    descriptor = (
        f"# Disk DescriptorFile\nversion=1\nCID=fffffffe\nparentCID={parent}\n{more}"
        f'createType="{create_type}"\n\n# Extent description\n{extent}\n\n#DDB\n'
    ).encode()
    directory = (1 << 64) - 1 if at_end else 26
    values = (3, sectors, grain, 1, 20, 512, 21, directory, 128)
    header = struct.pack("<4sIIQQQQIQQQ", b"KDMV", 1, *values)
    found = header.ljust(512, b"\0") + descriptor.ljust(20 * 512, b"\0")
    return found.ljust(64 << 10, b"\0") + footer


def flat_descriptor(path: str) -> bytes:
    """A VMDK that is only text and names its data."""
    return (
        "# Disk DescriptorFile\nversion=1\nCID=fffffffe\nparentCID=ffffffff\n"
        f'createType="monolithicFlat"\n\nRW 8192 FLAT "{path}" 0\n'
    ).encode()


def vhd(
    *, size: int = 4 * MIB, kind: int = 3, header_at: int = 512, length: int = 64 << 10
) -> bytes:
    """The copy of the footer that begins a dynamic VHD. Source: Microsoft's VHD specification."""
    values = (2, 0x10000, header_at, 0, b"tst ", 0x10000, b"Wi2k", size, size, 0, kind)
    return struct.pack(">8sIIQI4sI4sQQII", b"conectix", *values).ljust(length, b"\0")


def fixed_vhd(*, size: int = 1 * MIB, told: int | None = None) -> bytes:
    """A disk of zeros, and the footer that makes it a fixed VHD of ``told`` bytes."""
    footer = vhd(size=size if told is None else told, kind=2, header_at=(1 << 64) - 1, length=512)
    return bytes(size) + footer


def vdi(
    *,
    size: int = 4 * MIB,
    kind: int = 1,
    parent: bytes = bytes(16),
    map_at: int = 512,
    data_at: int = 1024,
    blocks: int = 4,
    used: int = 0,
    block: int = MIB,
) -> bytes:
    """A VDI without data. Source of the layout: QEMU's block/vdi.c."""
    found = bytearray(64 << 10)
    found[:40] = b"<<< Oracle VM VirtualBox Disk Image >>>\n"
    found[0x40:0x50] = struct.pack("<IIII", 0xBEDA107F, 0x10001, 400, kind)
    found[340:348] = struct.pack("<II", map_at, data_at)
    found[368:392] = struct.pack("<QIIII", size, block, 0, blocks, used)
    found[424:440] = parent
    return bytes(found)


def _guid(text: str) -> bytes:
    first, second, third, rest = text.split("-", 3)
    packed = struct.pack("<IHH", int(first, 16), int(second, 16), int(third, 16))
    return packed + bytes.fromhex(rest.replace("-", ""))


def vhdx(*, size: int = 4 * MIB, parent: bool = False, length: int = 3 * MIB) -> bytes:
    """Region and metadata tables of a VHDX. Source: Microsoft's MS-VHDX."""
    found = bytearray(length)
    found[:8] = b"vhdxfile"
    found[192 << 10 : (192 << 10) + 16] = struct.pack("<4sIII", b"regi", 0, 1, 0)
    region = _guid("8B7CA206-4790-4B9A-B8FE-575F050F886E") + struct.pack("<QII", MIB, MIB, 1)
    found[(192 << 10) + 16 : (192 << 10) + 48] = region
    items = [_guid("2FA54224-CD1B-4876-B211-5DBED83BF4B8") + struct.pack("<IIII", 65536, 8, 6, 0)]
    if parent:
        locator = _guid("A8D35F2D-B30B-454D-ABF7-D3D84834AB0C")
        items.append(locator + struct.pack("<IIII", 65600, 20, 4, 0))
    table = struct.pack("<8sHH20x", b"metadata", 0, len(items)) + b"".join(items)
    found[MIB : MIB + len(table)] = table
    found[MIB + 65536 : MIB + 65544] = struct.pack("<Q", size)
    return bytes(found)


def ploop(*, sectors: int = 8192, entries: int = 4, tracks: int = 2048) -> bytes:
    """The header of an empty ploop disk. Source: QEMU's docs/interop/parallels.txt."""
    values = (2, 16, 8, tracks, entries, sectors, 0, 0)
    return struct.pack("<16sIIIIIQII", b"WithouFreSpacExt", *values).ljust(64 << 10, b"\0")


def iso() -> bytes:
    """The descriptors of an empty ISO 9660 file system."""
    found = bytearray(64 << 10)
    found[0x8000:0x8006] = b"\x01CD001"
    found[0x8006] = 1
    found[0x8050:0x8058] = struct.pack("<I", 32) + struct.pack(">I", 32)
    found[0x8080:0x8084] = struct.pack("<H", 2048) + struct.pack(">H", 2048)
    found[0x8800:0x8806] = b"\xffCD001"
    return bytes(found)


def qcow2_inside_iso() -> bytes:
    """Two formats at once: a QCOW2 header in the unused beginning of an ISO."""
    found = bytearray(iso())
    found[:4096] = qcow2()[:4096]
    return bytes(found)


def mbr(*, boot_flag: int = 0x80, kind: int = 0x83) -> bytes:
    """A disk with one partition."""
    entry = struct.pack("<B3sB3sII", boot_flag, b"\0\2\0", kind, b"\0\3\0", 1, 100)
    return (bytes(446) + entry + bytes(48) + b"\x55\xaa").ljust(64 << 10, b"\0")


ABSURD = (1 << 63) - 512
GOOD = [
    Case("qcow2", "qcow2", qcow2()),
    Case("vmdk", "vmdk", vmdk()),
    Case("dynamic vhd", "vhd", vhd()),
    Case("fixed vhd", "vhd", fixed_vhd()),
    Case("vdi", "vdi", vdi()),
    Case("vhdx", "vhdx", vhdx()),
    Case("ploop", "ploop", ploop()),
    Case("iso", "iso", iso()),
    Case("disk with partitions", "raw", mbr()),
    Case("disk with a GPT", "raw", mbr(boot_flag=0, kind=0xEE)),
    Case("fixed vhd as raw", "raw", fixed_vhd()),
]
DANGEROUS = [
    Case("backing file", "qcow2", qcow2(backing=b"/etc/passwd")),
    Case("backing file by protocol", "qcow2", qcow2(backing=b"nbd://127.0.0.1/x")),
    Case("backing file in JSON", "qcow2", qcow2(backing=b'json:{"driver":"file"}')),
    Case("backing file said to be raw", "raw", qcow2(backing=b"/etc/passwd")),
    Case("backing file said to be an ISO", "iso", qcow2(backing=b"/etc/passwd")),
    Case("backing file in an old header", "qcow2", qcow2(backing=b"/etc/passwd", version=2)),
    Case("external data file", "qcow2", qcow2(features=1 << 2)),
    Case("unknown feature", "qcow2", qcow2(features=1 << 5)),
    Case("unknown feature at the end", "qcow2", qcow2(features=1 << 63)),
    Case("first qcow", "qcow2", qcow2(version=1)),
    Case("qcow of the future", "qcow2", qcow2(version=4)),
    Case("encrypted qcow2", "qcow2", qcow2(encryption=1)),
    Case("qcow2 with LUKS", "qcow2", qcow2(encryption=2)),
    Case("impossible size", "qcow2", qcow2(virtual_size=(1 << 64) - 512)),
    Case("absurd size", "qcow2", qcow2(virtual_size=ABSURD, l1_entries=1 << 20)),
    Case("L1 table too large", "qcow2", qcow2(l1_entries=1 << 31)),
    Case("L1 table too small", "qcow2", qcow2(virtual_size=1 << 40)),
    Case("L1 table outside", "qcow2", qcow2(l1_at=1 << 40)),
    Case("L1 table askew", "qcow2", qcow2(l1_at=(3 << 16) + 8)),
    Case("no reference counts", "qcow2", qcow2(refcounts_at=0)),
    Case("tiny clusters", "qcow2", qcow2(cluster_bits=1)),
    Case("huge clusters", "qcow2", qcow2(cluster_bits=63)),
    Case("many snapshots", "qcow2", qcow2(snapshots=1 << 24)),
    Case("foreign extent", "vmdk", vmdk(extent='RW 8192 FLAT "/etc/passwd" 0')),
    Case("neighbour's extent", "vmdk", vmdk(extent='RW 8192 FLAT "other" 0')),
    Case("extent up the tree", "vmdk", vmdk(extent='RW 8192 SPARSE "../../x"')),
    Case("extent by protocol", "vmdk", vmdk(extent='RW 8192 SPARSE "nbd://h/x"')),
    Case("two extents", "vmdk", vmdk(extent=f"{SPARSE}\n{SPARSE}")),
    Case("no extent", "vmdk", vmdk(extent="")),
    Case("no capacity", "vmdk", vmdk(sectors=0)),
    Case("two types", "vmdk", vmdk(more='CREATETYPE="monolithicSparse"\n')),
    Case("parent", "vmdk", vmdk(parent="12345678", more='parentFileNameHint="base.vmdk"\n')),
    Case("flat disk", "vmdk", vmdk(create_type="monolithicFlat")),
    Case("device extent", "vmdk", vmdk(create_type="fullDevice")),
    Case("VMFS disk", "vmdk", vmdk(create_type="vmfsSparse")),
    Case("only a descriptor", "vmdk", flat_descriptor("/etc/passwd")),
    Case("only a descriptor, said to be raw", "raw", flat_descriptor("/etc/passwd")),
    Case("absurd vmdk", "vmdk", vmdk(sectors=1 << 54)),
    Case("absurd grain", "vmdk", vmdk(grain=1 << 60)),
    Case("stream without footer", "vmdk", vmdk(create_type="streamOptimized", at_end=True)),
    Case(
        "footer with another descriptor",
        "vmdk",
        vmdk(
            create_type="streamOptimized",
            at_end=True,
            footer=struct.pack("<QII496x", 1, 0, 3)
            + struct.pack("<4sIIQQQQIQQQ", b"KDMV", 1, 3, 0, 128, 9, 9, 512, 0, 26, 0).ljust(512)
            + bytes(512),
        ),
    ),
    Case("differencing vhd", "vhd", vhd(kind=4)),
    Case("vhd of no kind", "vhd", vhd(kind=9)),
    Case("absurd vhd", "vhd", vhd(size=ABSURD)),
    Case("vhd header outside", "vhd", vhd(header_at=1 << 40)),
    Case("differencing vhdx", "vhdx", vhdx(parent=True)),
    Case("absurd vhdx", "vhdx", vhdx(size=ABSURD)),
    Case("cut vhdx", "vhdx", vhdx(length=512 << 10)),
    Case("differencing vdi", "vdi", vdi(kind=4)),
    Case("vdi with a parent", "vdi", vdi(parent=b"p" * 16)),
    Case("absurd vdi", "vdi", vdi(size=ABSURD)),
    Case("vdi with too few blocks", "vdi", vdi(blocks=1)),
    Case("vdi map outside", "vdi", vdi(map_at=1 << 30)),
    Case("vdi cut short", "vdi", vdi(used=4)),
    Case("vdi with odd blocks", "vdi", vdi(block=512)),
    Case("ploop map outside", "ploop", ploop(entries=1 << 30)),
    Case("ploop with too few blocks", "ploop", ploop(sectors=1 << 30)),
    Case("two formats at once", "iso", qcow2_inside_iso()),
    Case("two formats, said to be the other", "qcow2", qcow2_inside_iso()),
    Case("half a VHD", "vhd", vhd()[:100]),
    Case("partition table of nonsense", "raw", mbr(boot_flag=0x17)),
]
LIES = [
    Case("text as qcow2", "qcow2", b"no disk at all"),
    Case("qcow2 as raw", "raw", qcow2()),
    Case("vmdk as raw", "raw", vmdk()),
    Case("vhd as raw", "raw", vhd()),
    Case("vdi as raw", "raw", vdi()),
    Case("vhdx as raw", "raw", vhdx()),
    Case("ploop as raw", "raw", ploop()),
    Case("qcow2 as vmdk", "vmdk", qcow2()),
    Case("qcow2 as ami", "ami", qcow2()),
    Case("fixed vhd of another size", "vhd", fixed_vhd(told=1 << 40)),
    Case("disk as iso", "iso", mbr()),
    Case("nothing as qcow2", "qcow2", b""),
    Case("half a header", "qcow2", qcow2()[:60]),
]
