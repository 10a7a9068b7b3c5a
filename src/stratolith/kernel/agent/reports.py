"""The check of a host's report before a service reads it."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from stratolith.kernel.exceptions import BadRequest

T = TypeVar("T")


def checked(payload: Any, kind: type[T]) -> T:
    """The report as a value of this type; raises BadRequest, which names the field."""
    try:
        return msgspec.convert(payload, kind)
    except msgspec.ValidationError as error:
        raise BadRequest(str(error)) from None
