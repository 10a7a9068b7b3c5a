"""Checks header fields of disk formats that are inconsistent or refer to other files.

oslo.utils' parsers detect the format and refuse the best known dangers. The checks here are those
they do not make: differencing disks, encryption, tables outside of the file, sizes no host can
offer. Sources of the layouts: QEMU's docs/interop/qcow2.txt and parallels.txt, Microsoft's
VHD and VHDX specifications, VMware's Virtual Disk Format 1.1, VirtualBox's VDICore.h.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

from oslo_utils.imageutils.format_inspector import FileInspector

from stratolith.kernel.disk_images import BadImage

MAX_VIRTUAL_SIZE = 64 << 40  # bytes; the largest size of VHDX
FOOTER = 512  # bytes at the end of a VHD
_SECTOR = 512
_MAX_QCOW2_L1 = 32 << 20  # bytes; QEMU opens no larger table
_MAX_QCOW2_SNAPSHOTS = 256  # a base image has none; each costs a parse
_VHD_FIXED, _VHD_DYNAMIC, _VHD_DIFFERENCING = 2, 3, 4
_PARENT_LOCATOR = struct.pack("<IHH", 0xA8D35F2D, 0xB30B, 0x454D) + bytes.fromhex(
    "ABF7D3D84834AB0C"
)


def check(inspector: FileInspector, size: int) -> None:
    """Raise BadImage when the headers that ``inspector`` read are invalid; ``size``: file size."""
    judge = _JUDGES.get(str(inspector))
    try:
        if judge is not None:
            judge(inspector, size)
    except (struct.error, KeyError):
        raise BadImage(f"Image data of format {inspector}: its header is cut short") from None


def sane(virtual_size: int) -> int:
    """The size if it is possible for a disk; raises BadImage."""
    if not 0 <= virtual_size <= MAX_VIRTUAL_SIZE:
        raise BadImage(f"The header gives an impossible virtual size: {virtual_size}")
    return virtual_size


def fixed_vhd_size(tail: bytes, size: int) -> int | None:
    """The virtual size of a fixed VHD from its last 512 bytes; None if it is no fixed VHD."""
    if len(tail) < FOOTER or not tail.startswith(b"conectix"):
        return None
    (disk_size,) = struct.unpack_from(">Q", tail, 48)
    (kind,) = struct.unpack_from(">I", tail, 60)
    if kind != _VHD_FIXED or disk_size > size - FOOTER:
        return None
    return int(disk_size)


def ploop_size(header: bytes) -> int:
    """Virtual size of a ploop disk; 0 while its header is not complete."""
    if len(header) < 64:
        return 0
    (sectors,) = struct.unpack_from("<Q", header, 36)
    if header.startswith(b"WithoutFreeSpace"):
        sectors &= 0xFFFFFFFF
    return int(sectors) * _SECTOR


def _header(inspector: FileInspector) -> bytes:
    return bytes(inspector.region("header").data)


def _qcow2(inspector: FileInspector, size: int) -> None:
    header = _header(inspector)
    (cluster_bits,) = struct.unpack_from(">I", header, 20)
    virtual_size, encryption, l1_entries, l1_at = struct.unpack_from(">QIIQ", header, 24)
    refcounts_at, refcount_clusters, snapshots, snapshots_at = struct.unpack_from(
        ">QIIQ", header, 48
    )
    sane(virtual_size)
    _require(9 <= cluster_bits <= 21, "qcow2", "impossible cluster size")
    _require(encryption == 0, "qcow2", "it is encrypted")
    cluster = 1 << cluster_bits
    _require(l1_entries * 8 <= _MAX_QCOW2_L1, "qcow2", "its L1 table is too large")
    per_entry = cluster * (cluster // 8)
    _require(l1_entries * per_entry >= virtual_size, "qcow2", "its L1 table is too small")
    _require(l1_at % cluster == 0 and refcounts_at % cluster == 0, "qcow2", "misplaced tables")
    _require(_fits(l1_at, l1_entries * 8, size), "qcow2", "its L1 table is outside of the file")
    _require(
        _fits(refcounts_at, refcount_clusters * cluster, size),
        "qcow2",
        "its reference counts are outside of the file",
    )
    _require(snapshots <= _MAX_QCOW2_SNAPSHOTS, "qcow2", "it holds too many snapshots")
    _require(not snapshots or _fits(snapshots_at, 40, size), "qcow2", "misplaced snapshots")


def _vmdk(inspector: FileInspector, size: int) -> None:
    if not inspector.has_region("header"):
        raise BadImage("Image data of format vmdk: a descriptor without its disk")
    version, _flags, sectors, grain, descriptor_at, descriptor_size = struct.unpack_from(
        "<IIQQQQ", _header(inspector), 4
    )
    # Without a capacity QEMU would use the descriptor and open the files it names.
    _require(sectors > 0, "vmdk", "its header gives no capacity")
    _require(version in (1, 2, 3), "vmdk", "unknown version")
    sane(sectors * _SECTOR)
    _require(8 <= grain <= 65536 and grain & (grain - 1) == 0, "vmdk", "impossible grain size")
    fits = _fits(descriptor_at * _SECTOR, descriptor_size * _SECTOR, size)
    _require(fits, "vmdk", "its descriptor is outside of the file")
    _check_descriptor(bytes(inspector.region("descriptor").data))


def _check_descriptor(descriptor: bytes) -> None:
    """Require one type, one extent, no parent: parsers treat repeated lines differently."""
    text = descriptor.split(b"\0", 1)[0].decode("ascii", "replace").lower()
    lines = [line.strip() for line in text.splitlines()]
    types = [line for line in lines if line.startswith("createtype")]
    extents = [line for line in lines if line.startswith(("rw ", "rdonly ", "noaccess "))]
    parents = [line.partition("=")[2].strip() for line in lines if line.startswith("parentcid")]
    _require(len(types) == 1 and text.count("createtype") == 1, "vmdk", "several types")
    _require(len(extents) == 1, "vmdk", "several extents")
    _require(extents[0].split()[2:3] == ["sparse"], "vmdk", "an extent in another file")
    _require(all(parent == "ffffffff" for parent in parents), "vmdk", "it has a parent")
    _require("parentfilenamehint" not in text, "vmdk", "it has a parent")


def _vhd(inspector: FileInspector, size: int) -> None:
    header = _header(inspector)
    at, disk_size, kind = *struct.unpack_from(">Q", header, 16), *_vhd_disk(header)
    sane(disk_size)
    _require(kind != _VHD_DIFFERENCING, "vhd", "it is a difference to another disk")
    # A fixed disk has its footer at the end only; this one has it at the beginning.
    _require(kind == _VHD_DYNAMIC, "vhd", "unknown kind of disk")
    _require(_fits(at, 1024, size), "vhd", "its dynamic header is outside of the file")


def _vhd_disk(footer: bytes) -> tuple[int, int]:
    """(size in bytes, kind) of a VHD's footer."""
    return struct.unpack_from(">Q", footer, 48)[0], struct.unpack_from(">I", footer, 60)[0]


def _vhdx(inspector: FileInspector, size: int) -> None:
    for region in ("metadata", "vds"):
        if not inspector.has_region(region):
            raise BadImage("Image data of format vhdx: it does not say how large its disk is")
    metadata = bytes(inspector.region("metadata").data)
    _require(_PARENT_LOCATOR not in metadata, "vhdx", "it is a difference to another disk")
    virtual_size = sane(inspector.virtual_size)
    _require(virtual_size > 0, "vhdx", "an empty disk")
    _require(size >= 1 << 20, "vhdx", "it is cut short")


def _vdi(inspector: FileInspector, size: int) -> None:
    header = _header(inspector)
    kind = struct.unpack_from("<I", header, 76)[0]
    map_at, data_at = struct.unpack_from("<II", header, 340)
    virtual_size, block, extra, blocks, used = struct.unpack_from("<QIIII", header, 368)
    _require(kind in (1, 2), "vdi", "it is a difference to another disk, or of an unknown kind")
    _require(not any(header[424:456]), "vdi", "it has a parent")
    sane(virtual_size)
    _require(block == 1 << 20 and extra == 0, "vdi", "impossible block size")
    _require(blocks * block >= virtual_size, "vdi", "fewer blocks than its size needs")
    _require(used <= blocks, "vdi", "more blocks in use than there are")
    _require(_fits(map_at, blocks * 4, size), "vdi", "its block map is outside of the file")
    # the last block may be shorter, at the end of the disk
    _require(_fits(data_at, max(used - 1, 0) * block, size), "vdi", "it is cut short")


def _ploop(inspector: FileInspector, size: int) -> None:
    header = _header(inspector)
    tracks, entries = struct.unpack_from("<II", header, 28)
    virtual_size = sane(ploop_size(header))
    _require(0 < tracks <= 1 << 20, "ploop", "impossible block size")
    _require(_fits(64, entries * 4, size), "ploop", "its block map is outside of the file")
    enough = entries * tracks * _SECTOR >= virtual_size
    _require(enough, "ploop", "fewer blocks than its size needs")


def _iso(inspector: FileInspector, size: int) -> None:
    sane(inspector.virtual_size)


def _fits(at: int, length: int, size: int) -> bool:
    return at > 0 and at + length <= size


def _require(holds: bool, name: str, problem: str) -> None:
    if not holds:
        raise BadImage(f"Image data of format {name}: {problem}")


_JUDGES: dict[str, Callable[[FileInspector, int], None]] = {
    "qcow2": _qcow2,
    "vmdk": _vmdk,
    "vhd": _vhd,
    "vhdx": _vhdx,
    "vdi": _vdi,
    "ploop": _ploop,
    "iso": _iso,
}
