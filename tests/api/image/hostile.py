"""Image data that lies or is dangerous, made byte by byte; no outside tool is needed."""

from __future__ import annotations

import struct

MIB = 1 << 20


def qcow2(
    *,
    virtual_size: int = 4 * MIB,
    backing: bytes = b"",
    data_file: bool = False,
    version: int = 3,
    length: int = 256 << 10,
) -> bytes:
    """A QCOW2 header with empty tables. Source of the layout: QEMU's docs/interop/qcow2.txt."""
    incompatible = 1 << 2 if data_file else 0
    header = struct.pack(
        ">4sIQIIQIIQQIIQ",
        b"QFI\xfb",
        version,
        512 if backing else 0,
        len(backing),
        16,
        virtual_size,
        0,
        1,
        3 << 16,
        1 << 16,
        1,
        0,
        0,
    )
    header += struct.pack(">QQQII", incompatible, 0, 0, 4, 104)
    found = bytearray(header.ljust(length, b"\0"))
    found[512 : 512 + len(backing)] = backing
    return bytes(found)


def vmdk(*, create_type: str = "monolithicSparse", extent: str | None = None) -> bytes:
    """A sparse VMDK with its descriptor. Source: VMware Virtual Disk Format 1.1."""
    extent = extent or 'RW 8192 SPARSE "disk.vmdk"'
    descriptor = (
        "# Disk DescriptorFile\nversion=1\nCID=fffffffe\nparentCID=ffffffff\n"
        f'createType="{create_type}"\n\n# Extent description\n{extent}\n\n#DDB\n'
    ).encode()
    header = struct.pack("<4sIIQQQQIQQQ", b"KDMV", 1, 3, 8192, 128, 1, 20, 512, 21, 26, 128)
    return (header.ljust(512, b"\0") + descriptor.ljust(20 * 512, b"\0")).ljust(64 << 10, b"\0")


def vhd(*, size: int = 4 * MIB) -> bytes:
    """The copy of the footer that begins a dynamic VHD. Source: Microsoft's VHD specification."""
    footer = struct.pack(
        ">8sIIQI4sI4sQQ", b"conectix", 2, 0x10000, 512, 0, b"tst ", 0x10000, b"Wi2k", size, size
    )
    return footer.ljust(512, b"\0").ljust(64 << 10, b"\0")


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
