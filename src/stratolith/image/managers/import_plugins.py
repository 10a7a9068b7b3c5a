"""What imports do to data and image before the data becomes the image's, if the operator wants it.

    image_decompression     gzip, xz, bzip2 and zip are unpacked (not of the container "compressed")
    image_conversion        the disk is turned into import_output_format; an ISO stays what it is
    inject_image_metadata   properties of import_inject are set, except for some roles

Names and order are Glance's. They work on a file in the staging folder; whatever a dead server
leaves there carries the upload's token and is swept up with it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from stratolith.image.exceptions import InvalidImageData
from stratolith.image.models import Image
from stratolith.image.settings import ImageSettings
from stratolith.image.store import files
from stratolith.image.store.inspection import Inspection
from stratolith.image.store.receiving import Received, examine
from stratolith.kernel.config import Settings
from stratolith.kernel.context import Context
from stratolith.kernel.disk_images import BadImage, NoRoom, conversion, decompression
from stratolith.kernel.exceptions import BadRequest

LOG = logging.getLogger(__name__)
DECOMPRESSION = "image_decompression"
CONVERSION = "image_conversion"
INJECTION = "inject_image_metadata"
CONVERTIBLE = ("raw", "qcow2", "vhd", "vhdx", "vmdk", "vdi", "ploop")
Tell = Callable[[str], None]


def change_data(settings: Settings) -> bool:
    """Whether data may become other data on its way in."""
    chosen = settings.of(ImageSettings).import_plugins
    return DECOMPRESSION in chosen or CONVERSION in chosen


def inject(ctx: Context, image: Image) -> None:
    """Set the operator's properties, as who asks for the import is not excepted."""
    section = ctx.env.settings.of(ImageSettings)
    if INJECTION not in section.import_plugins:
        return
    roles = ctx.identity.roles if ctx.identity is not None else ()
    if not set(roles) & set(section.import_inject_ignore_roles):
        image.properties = {**image.properties, **section.import_inject}


class Preparation:
    """The steps for one image whose data lies in ``path``."""

    def __init__(self, settings: Settings, image: Image, path: Path, tell: Tell) -> None:
        self._settings = settings
        self._section = settings.of(ImageSettings)
        self._path = path
        self._tell = tell
        self.disk_format = image.disk_format or ""
        self.container_format = image.container_format or ""

    def run(self) -> tuple[Received, dict[str, Any]]:
        """The data as it is in the end, and attributes that the image gets with it.

        Raises InvalidImageData, BadRequest, ImageTooLarge and what ``tell`` raises.
        """
        changed: dict[str, Any] = {}
        try:
            if DECOMPRESSION in self._section.import_plugins:
                self._decompress()
            if CONVERSION in self._section.import_plugins and self._convert():
                changed = {"disk_format": self.disk_format, "container_format": "bare"}
        except BadImage as error:
            raise InvalidImageData(reason=str(error)) from None
        except NoRoom as error:
            LOG.warning("import of image data: %s", error)  # names the folder, for administrators
            raise BadRequest(
                "No space is left for the unpacked or converted image data; an administrator can "
                "read the details in the log."
            ) from None
        return self._examine(), changed

    def _decompress(self) -> None:
        if self.container_format == "compressed" or decompression.packing(self._path) is None:
            return
        target = self._path.with_name(f"{self._path.name}-unpacked")
        decompression.unpack(
            self._path,
            target,
            max_size=self._section.max_size_gb << 30,
            reserve=self._section.min_free_mb << 20,
            progress=self._percent("Decompressed"),
        )
        target.replace(self._path)

    def _convert(self) -> bool:
        """Whether the disk was turned into another format."""
        wanted = self._section.import_output_format
        if self.disk_format in ("iso", wanted) or self.container_format != "bare":
            return False
        if self.disk_format not in CONVERTIBLE:
            raise BadImage(f"disks of the format {self.disk_format} cannot be converted")
        self._examine(hashed=False, enforce=True)
        target = self._path.with_name(f"{self._path.name}-converted")
        conversion.convert(
            self._path,
            self.disk_format,
            target,
            wanted,
            progress=self._percent("Converted"),
            reserve=self._section.min_free_mb << 20,
            is_ours=True,
        )
        target.replace(self._path)
        self.disk_format, self.container_format = wanted, "bare"
        return True

    def _examine(self, *, hashed: bool = True, enforce: bool | None = None) -> Received:
        """Look at the file as it is now, as an upload would be looked at."""
        strict = self._section.enforce_format if enforce is None else enforce
        inspection = Inspection(self.disk_format, self.container_format, enforce=strict)
        files.check_size(self._settings, self._path.stat().st_size)
        return examine(self._path, inspection, hashed=hashed)

    def _percent(self, verb: str) -> Callable[[float], None]:
        return lambda percent: self._tell(f"{verb} {percent:.0f} %")
