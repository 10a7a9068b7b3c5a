"""Checksums of data at a location, as given by users (``validation_data``)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from stratolith.image.exceptions import DigestConflict, InvalidDigest
from stratolith.image.models import Image
from stratolith.image.store.receiving import HASH_ALGORITHM

ALGORITHMS = ("sha1", "sha256", "sha512", "md5")


class Digests:
    """Collects the checksums of new locations of one image; save() writes them to the row."""

    def __init__(self, image: Image) -> None:
        self._image = image
        self._new: dict[str, str] = {}

    def take(self, places: Sequence[Mapping[str, Any]]) -> None:
        """Raises DigestConflict when a value contradicts a known one, or is not a valid hash."""
        for place in places:
            for name, value in place.get("validation_data", {}).items():
                known = getattr(self._image, name) or self._new.get(name)
                if known not in (None, value):
                    raise DigestConflict(reason=f"{name} is already set with a different value")
                if getattr(self._image, name) is None:
                    self._new[name] = value
        if self._new:
            self._check()

    def save(self) -> None:
        for name, value in self._new.items():
            setattr(self._image, name, value)

    def _check(self) -> None:
        if self._image.status != "queued":
            raise DigestConflict(reason=f"the image is {self._image.status}")
        if "checksum" in self._new:
            _hexadecimal("checksum", self._new["checksum"], "md5", DigestConflict)
        algorithm = self._new.get("os_hash_algo", "")
        if algorithm != HASH_ALGORITHM:
            raise DigestConflict(reason=f"os_hash_algo must be {HASH_ALGORITHM}, not {algorithm}")
        _hexadecimal("os_hash_value", self._new["os_hash_value"], algorithm, DigestConflict)


def check_pair(algorithm: str, value: str) -> None:
    """Raises InvalidDigest unless the value can be a hash of the algorithm."""
    _hexadecimal("os_hash_value", value, algorithm, InvalidDigest)


def _hexadecimal(
    name: str, value: str, algorithm: str, error: type[DigestConflict] | type[InvalidDigest]
) -> None:
    try:
        digest = bytes.fromhex(value)
    except ValueError:
        raise error(reason=f"{name} is not a hexadecimal number") from None
    if len(digest) != hashlib.new(algorithm, usedforsecurity=False).digest_size:
        raise error(reason=f"{name} has not the length of a {algorithm} hash")
