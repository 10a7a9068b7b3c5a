"""Values that no database keeps, found in a request so that its sender is told where they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from stratolith.kernel.exceptions import ValidationFailed

NUL = "\x00"
LARGEST = 2**31 - 1  # of most columns


def check_text(raw: bytes, value: Any) -> None:
    """Raise ValidationFailed for a NUL character in any text of a body, names of members too.

    SQLite would keep it, PostgreSQL cannot: what a cloud takes must not depend on its database.

    raw: the body that ``value`` was decoded from; JSON has one spelling for a NUL.
    """
    if b"\\u0000" not in raw:
        return
    for path, leaf in _leaves(value):
        if isinstance(leaf, str) and NUL in leaf:
            raise ValidationFailed(
                f"Invalid input for field/attribute {path}. Value: {_shown(leaf)}. "
                "A text cannot have the character NUL (U+0000) in it."
            )


def reason(raw: bytes, query: Iterable[tuple[str, str]]) -> str:
    """Why the database refused a value of the request, as far as its values tell."""
    found = [*_leaves(_decoded(raw)), *((name, _number(text)) for name, text in query)]
    numbers = [(p, v) for p, v in found if isinstance(v, int) and abs(v) > LARGEST]
    if numbers:
        path, value = max(numbers, key=lambda one: abs(one[1]))
        return (
            f"Invalid input for field/attribute {path}. Value: {_shown(str(value))}. "
            "The number is too large to be stored."
        )
    for path, value in found:
        if isinstance(value, str) and (NUL in value or not _is_unicode(value)):
            return (
                f"Invalid input for field/attribute {path}. Value: {_shown(value)}. "
                "The text has a character in it that cannot be stored."
            )
    return "A value of the request cannot be stored."


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """(where, text or number); the name of a member counts as one, where its object is."""
    if isinstance(value, dict):
        for name, one in value.items():
            yield path or "body", name
            yield from _leaves(one, f"{path}/{name}" if path else name)
    elif isinstance(value, list):
        for at, one in enumerate(value):
            yield from _leaves(one, f"{path}/{at}" if path else str(at))
    elif not isinstance(value, bool) and value is not None:
        yield path or "body", value


def _decoded(raw: bytes) -> Any:
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None  # not JSON: a body that its handler reads


def _number(text: str) -> Any:
    plain = text.removeprefix("-")
    return int(text) if plain.isdecimal() and len(plain) < 1000 else text


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _shown(text: str) -> str:
    """Printable, and not longer than a sentence."""
    short = text if len(text) <= 200 else text[:200] + "..."
    return short.encode("unicode_escape").decode() if NUL in short else ascii(short)[1:-1]
