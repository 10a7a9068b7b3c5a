"""The small test guest: built from Debian packages, or CirrOS downloaded, or the user's own."""

from .builder import HOST_PACKAGES, BuiltImage, build
from .download import DownloadError, download
from .errors import GuestImageError
from .prepare import prepare, prepare_alternate

__all__ = [
    "HOST_PACKAGES",
    "BuiltImage",
    "DownloadError",
    "GuestImageError",
    "build",
    "download",
    "prepare",
    "prepare_alternate",
]
