"""Which data an image stands for: caches keep their copies under it, never under the id alone."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from stratolith.image.managers import locations
from stratolith.image.store.cache import Copied

LENGTH = 16  # hexadecimal digits


def copied(image: Any) -> Copied:
    """What a copy of the image's data is kept under."""
    return Copied(image.id, of(image))


def of(image: Any) -> str:
    """Changes with the owner, the hashes, the size and the places of the data on the web.

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
