"""The rules of images; the only room other services may import.

Compute works with ``images.get`` and ``images.require_bootable``.
"""

from stratolith.image.managers import images, members, premade, uploads

__all__ = ["images", "members", "premade", "uploads"]
