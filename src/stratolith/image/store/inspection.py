"""The verdict on image data as the image API tells it."""

from __future__ import annotations

from stratolith.image.exceptions import InvalidImageData
from stratolith.kernel.disk_images import BadImage, inspection
from stratolith.kernel.disk_images.headers import MAX_VIRTUAL_SIZE
from stratolith.kernel.disk_images.inspection import TRANSPARENT

__all__ = ["MAX_VIRTUAL_SIZE", "TRANSPARENT", "Inspection"]


class Inspection(inspection.Inspection):
    """As the kernel's; what it refuses is an answer 415."""

    def feed(self, block: bytes | bytearray | memoryview) -> None:
        """Raises InvalidImageData as soon as an archive is seen to be hostile."""
        try:
            super().feed(block)
        except BadImage as error:
            raise InvalidImageData(reason=str(error)) from None

    def verdict(self) -> int | None:
        """The virtual size in bytes, None when it cannot be known; raises InvalidImageData."""
        try:
            return super().verdict()
        except BadImage as error:
            raise InvalidImageData(reason=str(error)) from None

    @property
    def format(self) -> str:
        """The format that was found; raises InvalidImageData when it is ambiguous."""
        try:
            return super().format
        except BadImage as error:
            raise InvalidImageData(reason=str(error)) from None
