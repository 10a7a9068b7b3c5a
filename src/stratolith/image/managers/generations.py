"""The generation of an image's data: caches use it in their keys, never the image id alone."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from stratolith.image.managers import locations
from stratolith.image.store.cache import Copied

LENGTH = 16  # hexadecimal digits


def copied(image: Any) -> Copied:
    """The key of a cached copy of the image's data."""
    return Copied(image.id, of(image))


def of(image: Any) -> str:
    """A digest that changes with the owner, the hashes, the size and the web locations.

    ``image``: an Image, or a row of its columns.
    """
    facts = (
        image.id,
        image.owner,
        image.created_at.isoformat(),
        image.size,
        image.checksum,
        image.os_hash_value,
        locations.on_web(image),
    )
    return hashlib.sha256(msgspec.json.encode(facts)).hexdigest()[:LENGTH]
