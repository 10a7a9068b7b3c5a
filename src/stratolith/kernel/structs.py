"""Prepare msgspec's structs before threads use them.

msgspec 0.22 builds its description of a struct at the first decoding, without a lock: when two
threads decode the same type for the first time at the same moment, the process ends with a
segmentation fault. So the descriptions are built while the process has one thread.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import msgspec


def prepare() -> int:
    """Build the descriptions of all structs that are defined now; returns their number."""
    classes = set(_subclasses(msgspec.Struct))
    for struct in classes:
        with contextlib.suppress(TypeError):  # of fields that msgspec cannot decode: nobody does
            msgspec.json.Decoder(struct)
    return len(classes)


def _subclasses(struct: type[msgspec.Struct]) -> Iterator[type[msgspec.Struct]]:
    for subclass in struct.__subclasses__():
        yield subclass
        yield from _subclasses(subclass)
