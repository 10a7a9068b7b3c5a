"""The rules of images; the only modules that other services may import.

Compute uses ``images.get`` and ``images.require_bootable``.
"""

from stratolith.image.managers import images, members, premade, uploads

__all__ = ["images", "members", "premade", "uploads"]
