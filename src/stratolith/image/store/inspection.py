"""The inspection of image data, with the errors of the image API."""

from __future__ import annotations

from stratolith.image.exceptions import InvalidImageData
from stratolith.kernel.disk_images import BadImage, inspection
from stratolith.kernel.disk_images.headers import MAX_VIRTUAL_SIZE
from stratolith.kernel.disk_images.inspection import TRANSPARENT

__all__ = ["MAX_VIRTUAL_SIZE", "TRANSPARENT", "Deferred", "Inspection"]


class Inspection(inspection.Inspection):
    """The kernel's inspection; refused data gives InvalidImageData (415)."""

    refused: str | None = None  # the reason, when it is not raised but reported later

    def feed(self, block: bytes | bytearray | memoryview) -> None:
        """Raises InvalidImageData as soon as an unsafe archive is detected."""
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
        """The detected format; raises InvalidImageData when it is ambiguous."""
        try:
            return super().format
        except BadImage as error:
            raise InvalidImageData(reason=str(error)) from None


class Deferred(Inspection):
    """Accepts all data, and records in ``refused`` why it must not become an image."""

    def feed(self, block: bytes | bytearray | memoryview) -> None:
        if self.refused is None:
            try:
                super().feed(block)
            except InvalidImageData as error:
                self.refused = str(error)

    def verdict(self) -> int | None:
        """The virtual size in bytes, None when it cannot be known or the data is refused."""
        try:
            return super().verdict() if self.refused is None else None
        except InvalidImageData as error:
            self.refused = str(error)
            return None
