"""The small test guest: built from Debian packages, or CirrOS downloaded, or the user's own."""

from .architectures import NAMES as ARCHITECTURES
from .builder import HOST_PACKAGES, BuiltImage, build
from .download import DownloadError, download
from .errors import GuestImageError
from .prepare import host_architecture, prepare, prepare_alternate, prepare_built

__all__ = [
    "ARCHITECTURES",
    "HOST_PACKAGES",
    "BuiltImage",
    "DownloadError",
    "GuestImageError",
    "build",
    "download",
    "host_architecture",
    "prepare",
    "prepare_alternate",
    "prepare_built",
]
