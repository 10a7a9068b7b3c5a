"""What image data really is, found while it streams by; whether it may be accepted.

The parsers are oslo.utils' (one for each format, each holding a few kilobytes), as Glance, Nova
and Cinder use them; ``headers`` looks at the fields they leave alone. Data that makes a
hypervisor open other files (backing files, external data files, foreign extents) and headers
that lie are refused whatever the settings say.
"""

from __future__ import annotations

from oslo_utils.imageutils import format_inspector
from oslo_utils.imageutils.format_inspector import FileInspector

from stratolith.kernel.disk_images import BadImage, headers
from stratolith.kernel.disk_images.archives import TarInspector

# Containers whose content is the disk itself, so that it can be looked at.
TRANSPARENT = ("bare", "ami", "ari", "aki")
ARCHIVES = ("ova",)
# Said to be raw, these would still be opened as what they are by careless tools.
STRUCTURED = ("qcow2", "qed", "vmdk", "vhd", "vhdx", "vdi", "ploop")
INSPECTED = tuple(format_inspector.ALL_FORMATS)
# Parsers want small pieces where headers are: VHDX finds its tables one piece after the other.
_PIECE = 64 << 10
_HEADERS = 8 << 20


class PloopInspector(FileInspector):
    """Parallels' expanding disk, which oslo.utils does not know."""

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
        self._raw: FileInspector = next(one for one in inspectors if one.NAME == "raw")
        self._candidates = [one for one in inspectors if one is not self._raw]
        self._watching = list(self._candidates)
        self._tail = b""
        self._size = 0

    def feed(self, block: bytes | bytearray | memoryview) -> None:
        """Show the next bytes to the parsers that still want them."""
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
            for one in list(self._watching):
                self._show_one(one, piece)

    def _show_one(self, one: FileInspector, piece: bytes) -> None:
        try:
            one.eat_chunk(piece)
            settled = one.complete and (not one.format_match or not _has_more(one))
        except Exception:
            # a parser that stumbles over foreign data only says "not mine"
            self._watching.remove(one)
            self._candidates.remove(one)
            return
        if settled:
            self._watching.remove(one)

    def verdict(self) -> int | None:
        """The virtual size in bytes, None when it cannot be known; raises BadImage."""
        if self._archive is not None:
            self._archive.finish()
        if not self._looks:
            return None
        for one in self._candidates:
            one.finish()
        found = self._found()
        name = str(found)
        self._check_safe(found)
        if name == self.disk_format:
            return self._size if name == "raw" else found.virtual_size
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
        """The format that was found; "raw" when nothing was recognised. Raises BadImage."""
        return str(self._found())

    @property
    def is_fixed_vhd(self) -> bool:
        """Whether the data, which begins like a raw disk, ends with the footer of a VHD."""
        return headers.fixed_vhd_size(self._tail, self._size) is not None

    def _found(self) -> FileInspector:
        matches = {str(one): one for one in self._candidates if one.format_match}
        if matches.keys() == {"iso", "gpt"}:
            return matches["iso"]  # an ISO that also boots as a disk
        if len(matches) > 1:
            raise BadImage(f"Image data matches several formats: {', '.join(sorted(matches))}")
        return next(iter(matches.values())) if matches else self._raw

    def _is_tolerable(self, name: str) -> bool:
        if self.disk_format == "raw":
            return name not in STRUCTURED  # a disk with partitions, an ISO, an encrypted disk
        return name == "raw" and self.disk_format not in INSPECTED  # ami: no parser

    def _check_safe(self, found: FileInspector) -> None:
        if found is self._raw:
            return
        try:
            found.safety_check()
        except format_inspector.SafetyCheckFailed as error:
            fatal = set(error.failures)
            if self.disk_format in ("aki", "ari"):
                fatal.discard("mbr")  # kernels carry a boot sector that is none
            if fatal:
                failed = ", ".join(sorted(fatal))
                raise BadImage(f"Image failed safety checks: {found} {failed}") from None
        except format_inspector.ImageFormatError as error:
            raise BadImage(f"Image data of format {found}: {error}") from None
        headers.check(found, self._size)


def _has_more(one: FileInspector) -> bool:
    """Whether a parser that has all it asked for may ask for more, or wants the end."""
    return one.NAME == "vhdx" and not one.has_region("vds")
