"""What image data really is, found while it streams by; whether it may be accepted.

The parsers are oslo.utils' (one for each format, each holding a few kilobytes). Their safety
checks refuse data that makes a hypervisor open other files: backing files, external data
files, foreign extents. These are fatal whatever the settings say.
"""

from __future__ import annotations

from oslo_utils.imageutils import format_inspector

from stratolith.image.exceptions import InvalidImageData

# Containers whose content is the disk itself, so that it can be looked at.
TRANSPARENT = ("bare", "ami", "ari", "aki")
# Said to be raw, these would still be opened as what they are by careless tools.
STRUCTURED = ("qcow2", "qed", "vmdk", "vhd", "vhdx", "vdi")
INSPECTED = tuple(format_inspector.ALL_FORMATS)
MAX_VIRTUAL_SIZE = (1 << 63) - 1


class Inspection:
    """Feed it all the data, in order; then ask for the verdict."""

    def __init__(self, disk_format: str, container_format: str, *, enforce: bool) -> None:
        self.disk_format = disk_format
        self.enforce = enforce
        self._looks = container_format in TRANSPARENT
        self._inspectors = [kind() for kind in format_inspector.ALL_FORMATS.values()]
        self._raw = next(one for one in self._inspectors if one.NAME == "raw")
        self._watching = [one for one in self._inspectors if one is not self._raw]
        self._size = 0

    def feed(self, block: bytes) -> None:
        """Show the next bytes to the parsers that still want them."""
        self._size += len(block)
        if not self._looks:
            return
        for one in list(self._watching):
            try:
                one.eat_chunk(block)
            except Exception:
                # a parser that stumbles over foreign data only says "not mine"
                self._watching.remove(one)

    def verdict(self) -> int | None:
        """The virtual size in bytes, None when it cannot be known; raises InvalidImageData."""
        if not self._looks:
            return None
        for one in self._watching:
            one.finish()
        found = self._found()
        name = str(found)
        self._check_safe(found)
        if name == self.disk_format:
            return self._sane(self._size if name == "raw" else found.virtual_size)
        if self._is_tolerable(name):
            return self._size if self.disk_format == "raw" else None
        if self.enforce:
            raise InvalidImageData(
                reason=f"Image disk_format {self.disk_format} does not match stream data {name}"
            )
        return None

    @property
    def format(self) -> str:
        """The format that was found; "raw" when nothing was recognised."""
        return str(self._found())

    def _found(self) -> format_inspector.FileInspector:
        matches = {str(one): one for one in self._watching if one.format_match}
        if matches.keys() == {"iso", "gpt"}:
            return matches["iso"]  # an ISO that also boots as a disk
        if len(matches) > 1:
            raise InvalidImageData(
                reason=f"Image data matches several formats: {', '.join(sorted(matches))}"
            )
        return next(iter(matches.values())) if matches else self._raw

    def _is_tolerable(self, name: str) -> bool:
        if self.disk_format == "raw":
            return name not in STRUCTURED  # a disk with partitions, an ISO, an encrypted disk
        return name == "raw" and self.disk_format not in INSPECTED  # ami, ploop: no parser

    def _check_safe(self, found: format_inspector.FileInspector) -> None:
        if found is self._raw:
            return
        try:
            found.safety_check()
        except format_inspector.SafetyCheckFailed as error:
            fatal = set(error.failures)
            if self.disk_format in ("aki", "ari"):
                fatal.discard("mbr")  # kernels carry a boot sector that is none
            if fatal:
                raise InvalidImageData(
                    reason=f"Image failed safety checks: {found} {', '.join(sorted(fatal))}"
                ) from None
        except format_inspector.ImageFormatError as error:
            raise InvalidImageData(reason=f"Image data of format {found}: {error}") from None

    @staticmethod
    def _sane(size: int) -> int:
        if not 0 <= size <= MAX_VIRTUAL_SIZE:
            raise InvalidImageData(reason=f"The header gives an impossible virtual size: {size}")
        return size
