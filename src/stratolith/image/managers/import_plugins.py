"""Import plugins: optional changes of data and image properties during an import.

    image_decompression     unpacks gzip, xz, bzip2 and zip (not for the container "compressed")
    image_conversion        converts the disk to import_output_format; an ISO is not converted
    inject_image_metadata   sets the properties of import_inject, except for some roles

Names and order are Glance's. They work on a file in the staging folder. Files that a killed server
leaves there have the upload's token in their names and are removed with the upload.
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
    """Whether an import may change the data."""
    chosen = settings.of(ImageSettings).import_plugins
    return DECOMPRESSION in chosen or CONVERSION in chosen


def inject(ctx: Context, image: Image) -> None:
    """Set the operator's properties, unless the caller has an exempt role."""
    section = ctx.env.settings.of(ImageSettings)
    if INJECTION not in section.import_plugins:
        return
    roles = ctx.identity.roles if ctx.identity is not None else ()
    if not set(roles) & set(section.import_inject_ignore_roles):
        image.properties = {**image.properties, **section.import_inject}


class Preparation:
    """The steps for one image whose data is in the file ``path``."""

    def __init__(self, settings: Settings, image: Image, path: Path, tell: Tell) -> None:
        self._settings = settings
        self._section = settings.of(ImageSettings)
        self._path = path
        self._tell = tell
        self.disk_format = image.disk_format or ""
        self.container_format = image.container_format or ""

    def run(self) -> tuple[Received, dict[str, Any]]:
        """(the resulting data, changed attributes of the image).

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
        """Convert if needed; returns whether the format changed."""
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
        """Inspect the file in its current state, as an upload is inspected."""
        strict = self._section.enforce_format if enforce is None else enforce
        inspection = Inspection(self.disk_format, self.container_format, enforce=strict)
        files.check_size(self._settings, self._path.stat().st_size)
        return examine(self._path, inspection, hashed=hashed)

    def _percent(self, verb: str) -> Callable[[float], None]:
        return lambda percent: self._tell(f"{verb} {percent:.0f} %")
