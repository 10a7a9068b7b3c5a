"""Finds values in a request that databases cannot store, to name them in the error."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from stratolith.kernel.exceptions import ValidationFailed

NUL = "\x00"
LARGEST = 2**31 - 1  # maximum of most columns


def check_text(raw: bytes, value: Any) -> None:
    """Raise ValidationFailed for a NUL character in a text or name of a body.

    SQLite can store it, PostgreSQL cannot: all databases must accept the same values.

    raw: the body that ``value`` was decoded from; NUL has only one spelling in JSON.
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
    """A reason why the database refused the request, from the values of the request."""
    leaves = [*_leaves(_decoded(raw)), *((name, _number(text)) for name, text in query)]
    numbers = [(p, v) for p, v in leaves if isinstance(v, int) and abs(v) > LARGEST]
    if numbers:
        path, value = max(numbers, key=lambda leaf: abs(leaf[1]))
        return (
            f"Invalid input for field/attribute {path}. Value: {_shown(str(value))}. "
            "The number is too large to be stored."
        )
    for path, value in leaves:
        if isinstance(value, str) and (NUL in value or not _is_unicode(value)):
            return (
                f"Invalid input for field/attribute {path}. Value: {_shown(value)}. "
                "The text has a character in it that cannot be stored."
            )
    return "A value of the request cannot be stored."


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """(path, text or number) of each value; names of members count as values of the object."""
    if isinstance(value, dict):
        for name, member in value.items():
            yield path or "body", name
            yield from _leaves(member, f"{path}/{name}" if path else name)
    elif isinstance(value, list):
        for at, item in enumerate(value):
            yield from _leaves(item, f"{path}/{at}" if path else str(at))
    elif not isinstance(value, bool) and value is not None:
        yield path or "body", value


def _decoded(raw: bytes) -> Any:
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None  # not JSON: the handler reads this body


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
    """The text with printable characters only, at most as long as a sentence."""
    short = text if len(text) <= 200 else text[:200] + "..."
    return short.encode("unicode_escape").decode() if NUL in short else ascii(short)[1:-1]
