"""Detects the format of image data while it is streamed, and decides whether to accept it.

The parsers are oslo.utils' (one for each format, each holding a few kilobytes), as Glance, Nova
and Cinder use them; ``headers`` checks the fields they do not. Data that makes a hypervisor open
other files (backing files, external data files, extents in other files) and inconsistent headers
are always refused, independent of the settings.
"""

from __future__ import annotations

from oslo_utils.imageutils import format_inspector
from oslo_utils.imageutils.format_inspector import FileInspector

from stratolith.kernel.disk_images import BadImage, headers
from stratolith.kernel.disk_images.archives import TarInspector

# Container formats whose content is the disk itself, so that it can be inspected.
TRANSPARENT = ("bare", "ami", "ari", "aki")
ARCHIVES = ("ova",)
# Formats that must not be declared as raw: tools that detect formats would open them as they are.
STRUCTURED = ("qcow2", "qed", "vmdk", "vhd", "vhdx", "vdi", "ploop")
INSPECTED = tuple(format_inspector.ALL_FORMATS)
# Parsers need small pieces in the header area: VHDX locates its tables step by step.
_PIECE = 64 << 10
_HEADERS = 8 << 20


class PloopInspector(FileInspector):
    """Parallels' expanding disk, which oslo.utils does not support."""

    NAME = "ploop"
    MAGIC = (b"WithoutFreeSpace", b"WithouFreSpacExt")

    def _initialize(self) -> None:
        self.new_region("header", format_inspector.CaptureRegion(0, 64))
        self.add_safety_check(format_inspector.SafetyCheck.null())

    @property
    def format_match(self) -> bool:
        return bytes(self.region("header").data[:16]) in self.MAGIC

    @property
    def virtual_size(self) -> int:
        return headers.ploop_size(bytes(self.region("header").data))


class Inspection:
    """Feed it all the data, in order; then ask for the verdict."""

    def __init__(self, disk_format: str, container_format: str, *, enforce: bool) -> None:
        self.disk_format = disk_format
        self.enforce = enforce
        self._looks = container_format in TRANSPARENT
        self._archive = TarInspector() if container_format in ARCHIVES else None
        inspectors: list[FileInspector] = [
            *(kind() for kind in format_inspector.ALL_FORMATS.values()),
            PloopInspector(),
        ]
        self._raw: FileInspector = next(
            inspector for inspector in inspectors if inspector.NAME == "raw"
        )
        self._candidates = [inspector for inspector in inspectors if inspector is not self._raw]
        self._watching = list(self._candidates)
        self._tail = b""
        self._size = 0

    def feed(self, block: bytes | bytearray | memoryview) -> None:
        """Pass the next bytes to the parsers that need more data."""
        view = memoryview(block)
        if self._archive is not None:
            self._archive.feed(view)
        elif self._looks and self._watching:
            self._show(view)
        self._size += len(view)
        end = bytes(view[-headers.FOOTER :])
        self._tail = (self._tail + end)[-headers.FOOTER :]

    def _show(self, view: memoryview) -> None:
        at = 0
        while at < len(view) and self._watching:
            small = self._size + at < _HEADERS
            piece = bytes(view[at : at + _PIECE] if small else view[at:])
            at += len(piece)
            for inspector in list(self._watching):
                self._show_one(inspector, piece)

    def _show_one(self, inspector: FileInspector, piece: bytes) -> None:
        try:
            inspector.eat_chunk(piece)
            settled = inspector.complete and (
                not inspector.format_match or not _has_more(inspector)
            )
        except Exception:
            # a parser that fails on the data of another format does not match
            self._watching.remove(inspector)
            self._candidates.remove(inspector)
            return
        if settled:
            self._watching.remove(inspector)

    def verdict(self) -> int | None:
        """The virtual size in bytes, None when it cannot be known; raises BadImage."""
        if self._archive is not None:
            self._archive.finish()
        if not self._looks:
            return None
        for inspector in self._candidates:
            inspector.finish()
        match = self._found()
        name = str(match)
        self._check_safe(match)
        if name == self.disk_format:
            return self._size if name == "raw" else match.virtual_size
        if self.disk_format == "vhd" and name in ("raw", "gpt"):
            fixed = headers.fixed_vhd_size(self._tail, self._size)
            if fixed is not None:
                return fixed
        if self._is_tolerable(name):
            return self._size if self.disk_format == "raw" else None
        if self.enforce:
            raise BadImage(
                f"Image disk_format {self.disk_format} does not match stream data {name}"
            )
        return None

    @property
    def format(self) -> str:
        """The detected format; "raw" if none was recognised. Raises BadImage."""
        return str(self._found())

    @property
    def is_fixed_vhd(self) -> bool:
        """Whether data without a known header ends with the footer of a fixed VHD."""
        return headers.fixed_vhd_size(self._tail, self._size) is not None

    def _found(self) -> FileInspector:
        matches = {
            str(inspector): inspector for inspector in self._candidates if inspector.format_match
        }
        if matches.keys() == {"iso", "gpt"}:
            return matches["iso"]  # an ISO that also boots as a disk
        if len(matches) > 1:
            raise BadImage(f"Image data matches several formats: {', '.join(sorted(matches))}")
        return next(iter(matches.values())) if matches else self._raw

    def _is_tolerable(self, name: str) -> bool:
        if self.disk_format == "raw":
            return name not in STRUCTURED  # a disk with partitions, an ISO, an encrypted disk
        return name == "raw" and self.disk_format not in INSPECTED  # ami: no parser

    def _check_safe(self, inspector: FileInspector) -> None:
        if inspector is self._raw:
            return
        try:
            inspector.safety_check()
        except format_inspector.SafetyCheckFailed as error:
            fatal = set(error.failures)
            if self.disk_format in ("aki", "ari"):
                fatal.discard("mbr")  # kernels contain something that looks like a boot sector
            if fatal:
                failed = ", ".join(sorted(fatal))
                raise BadImage(f"Image failed safety checks: {inspector} {failed}") from None
        except format_inspector.ImageFormatError as error:
            raise BadImage(f"Image data of format {inspector}: {error}") from None
        headers.check(inspector, self._size)


def _has_more(inspector: FileInspector) -> bool:
    """Whether a complete parser may still request more regions."""
    return inspector.NAME == "vhdx" and not inspector.has_region("vds")
