"""The config drive: an ISO 9660 image with the label config-2."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from stratolith.compute.drivers.base import DriverError, NotPossible

LABEL = "config-2"


def write(path: Path, files: Mapping[str, bytes]) -> None:
    """Write the drive; ``files``: path (such as openstack/latest/meta_data.json) -> content.

    Linux reads the Rock Ridge names, Windows reads the Joliet names; the plain ISO names (eight
    upper-case characters) are only numbers.
    """
    import pycdlib
    from pycdlib.pycdlibexception import PyCdlibException

    image = pycdlib.PyCdlib()
    try:
        image.new(interchange_level=3, joliet=3, rock_ridge="1.09", vol_ident=LABEL)
        _fill(image, files)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with open(handle, "wb") as file:
            image.write_fp(file)
        image.close()
    except PyCdlibException as error:
        raise DriverError(f"The config drive cannot be made: {error}") from None


def _fill(image: Any, files: Mapping[str, bytes]) -> None:
    folders: dict[PurePosixPath, str] = {PurePosixPath("/"): ""}
    for number, (name, content) in enumerate(sorted(files.items())):
        target = PurePosixPath("/") / name
        if name.startswith("/") or ".." in target.parts or target == PurePosixPath("/"):
            raise NotPossible(f"The config drive cannot hold a file named {name!r}")
        parent = _folder(image, target.parent, folders)
        image.add_fp(
            io.BytesIO(content),
            len(content),
            iso_path=f"{parent}/F{number:05d}.;1",
            rr_name=target.name,
            joliet_path=str(target),
        )


def _folder(image: Any, path: PurePosixPath, known: dict[PurePosixPath, str]) -> str:
    """The ISO name of a folder; creates the folder and its parents if they are new."""
    if path not in known:
        iso_path = f"{_folder(image, path.parent, known)}/D{len(known):05d}"
        image.add_directory(iso_path, rr_name=path.name, joliet_path=str(path))
        known[path] = iso_path
    return known[path]
