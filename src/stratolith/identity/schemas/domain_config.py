"""Schema of a domain's configuration; the manager checks names and values."""

from __future__ import annotations

from stratolith.kernel.http.validation import Schema

CONFIG = Schema(
    {
        "type": "object",
        "properties": {"config": {"type": "object"}},
        "required": ["config"],
        "additionalProperties": False,
    }
)
