"""Image files that users import: packed disks, appliances (OVA), other hypervisors' disks.

Nothing is mounted, and a name inside an archive is never used as a path.
"""

from __future__ import annotations

import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from stratolith.deploy.errors import DeployError
from stratolith.deploy.guest_image import GuestImageError, judging
from stratolith.deploy.images.image_contents import Contents, Search
from stratolith.kernel.disk_images import BadImage, NoRoom, conversion, decompression
from stratolith.kernel.disk_images.archives import BLOCK as TAR_BLOCK
from stratolith.kernel.disk_images.archives import DISKS, judge_member
from stratolith.kernel.disk_images.inspection import STRUCTURED, Inspection

BLOCK = 4 << 20
MAX_SIZE = 64 << 40
RESERVE = 256 << 20
# formats of other hypervisors, which every host would have to convert
FOREIGN = ("vhd", "vhdx", "vmdk", "vdi", "ploop")
KNOWN = ("raw", "qcow2", "iso", *FOREIGN)
_LAYERS = 3  # for example a packed OVA that holds a packed disk
T = TypeVar("T")
Progress = Callable[[str, float], None]  # (what is done, percent of it)


@dataclass(frozen=True)
class Findings:
    """What a file is. Sizes in bytes; ``contents``: None when it cannot be inspected directly."""

    format: str
    size: int
    virtual_size: int | None
    contents: Contents | None


def unwrap(file: Path, folder: Path, progress: Progress) -> Path:
    """The disk in a file: the file itself, or the unpacked disk or a copy in ``folder``.

    Raises DeployError.
    """
    require_file(file)
    for layer in range(_LAYERS):
        inner = _attempt(file, partial(_unwrap_once, file, folder / f"layer{layer}", progress))
        if inner is None:
            return _attempt(file, partial(_readable, file, folder / "copy"))
        file = inner
    raise DeployError(f"The file is packed in more than {_LAYERS} layers.")


def _readable(file: Path, target: Path) -> Path:
    """The file, or a copy of it when the conversion tools may not read the user's file."""
    if conversion.may_read(file):
        return file
    conversion.copy(file, target, reserve=RESERVE)
    return target


def require_file(file: Path) -> None:
    """Raises DeployError unless this is a regular file that is not empty; does not open it."""
    try:
        judging.require_file(file)
    except GuestImageError as error:
        raise DeployError(f"{str(error)[0].upper()}{str(error)[1:]}.") from None


def check(file: Path, findings: Findings, folder: Path) -> None:
    """Raises DeployError when parts of the disk are missing; they would be read as zeros."""
    _attempt(file, lambda: conversion.check(file, findings.format, folder=folder, seconds=900.0))


def _unwrap_once(file: Path, target: Path, progress: Progress) -> Path | None:
    """Unpack one layer to ``target``; None when the file is not packed."""
    kind = decompression.packing(file)
    if kind is not None:
        report = _percent(progress, f"Unpacking ({kind})")
        decompression.unpack(file, target, max_size=MAX_SIZE, reserve=RESERVE, progress=report)
        return target
    if _is_tar(file):
        _take_disk(file, target, progress)
        return target
    return None


def inspect(file: Path, *, quiet: bool = False) -> Findings:
    """Read the whole file once; raises DeployError when the image is malformed or unsafe.

    ``quiet``: determine the format only, not the contents.
    """
    size = 0
    inspection = Inspection("raw", "bare", enforce=False)
    search = Search()

    def read() -> tuple[str, int | None]:
        nonlocal size
        for block in blocks(file):
            size += len(block)
            inspection.feed(block)
            if not quiet:
                search.feed(block)
        name = inspection.format
        judging.require_whole(file, name)
        if name not in STRUCTURED and inspection.is_fixed_vhd:
            name = "vhd"
        judged = _as(name, inspection)
        return name, judged.verdict()

    name, virtual_size = _attempt(file, read)
    if size == 0:
        raise DeployError(f"{file} is empty.")
    disk_format = name if name in KNOWN else "raw"
    visible = disk_format == "raw" and not quiet
    return Findings(disk_format, size, virtual_size, search.result() if visible else None)


def convert(
    file: Path, findings: Findings, target: Path, target_format: str, progress: Progress
) -> None:
    """Convert a disk with limits on time, memory and space; raises DeployError."""
    report = _percent(progress, f"Converting to {target_format}")
    _attempt(
        file,
        lambda: conversion.convert(
            file, findings.format, target, target_format, progress=report, reserve=RESERVE
        ),
    )


def contents(file: Path, findings: Findings, folder: Path, progress: Progress) -> Contents | None:
    """The contents of a disk of any format; None for an ISO or when the disk is full."""
    if findings.contents is not None or findings.format == "iso":
        return findings.contents
    unfolded = folder / "unfolded.raw"
    try:
        convert(file, findings, unfolded, "raw", lambda _, percent: progress("Inspecting", percent))
        search = Search()
        for block in blocks(unfolded):
            search.feed(block)
        return search.result()
    except DeployError:
        return None
    finally:
        unfolded.unlink(missing_ok=True)


def blocks(file: Path) -> Iterator[bytes]:
    with file.open("rb") as opened:
        while block := opened.read(BLOCK):
            yield block


def _as(name: str, inspection: Inspection) -> Inspection:
    """The same inspection, with the detected format as the declared one."""
    inspection.disk_format = name if name in KNOWN else "raw"
    return inspection


def _is_tar(file: Path) -> bool:
    with file.open("rb") as opened:
        return opened.read(TAR_BLOCK)[257:262] == b"ustar"


def _take_disk(file: Path, target: Path, progress: Progress) -> None:
    """The one disk of an OVA."""
    with tarfile.open(file, "r:") as archive:
        members = archive.getmembers()
        for member in members:
            judge_member(member)
        if not any(member.name.lower().endswith(".ovf") for member in members):
            raise BadImage("it is an archive, but no OVA: it has no .ovf")
        names = (*DISKS, ".gz", ".xz")
        disks = [member for member in members if member.name.lower().endswith(names)]
        if len(disks) != 1:
            raise BadImage(f"it holds {len(disks)} disks; unpack it and import them one by one")
        opened = archive.extractfile(disks[0])
        assert opened is not None  # judge_member: a plain file
        done = 0
        with opened, target.open("xb") as out:
            while block := opened.read(BLOCK):
                done += out.write(block)
                progress("Taking the disk out of the OVA", 100.0 * done / disks[0].size)


def _percent(progress: Progress, what: str) -> Callable[[float], None]:
    return lambda percent: progress(what, percent)


def _attempt(file: Path, work: Callable[[], T]) -> T:
    """Do the work; turns its errors into DeployError."""
    try:
        return work()
    except FileNotFoundError as error:
        missing = error.filename in ("qemu-img", "prlimit")
        hint = "apt install qemu-utils" if missing else ""
        raise DeployError(f"{file} cannot be read: {error.strerror}.", hint) from None
    except OSError as error:
        raise DeployError(f"{file} cannot be read: {error.strerror}.") from None
    except (BadImage, tarfile.TarError) as error:
        raise DeployError(f"{file} is refused: {error}") from None
    except NoRoom as error:
        raise DeployError(f"{file}: {error}") from None
