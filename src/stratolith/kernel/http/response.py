"""The result of a handler, when a dictionary is not enough."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Response:
    """An answer: ``body`` is JSON-encodable, or bytes/str sent as they are, or None.

    status None means the status of the route.
    """

    body: Any = None
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    media_type: str = "application/json"
