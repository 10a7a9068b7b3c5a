"""Shape of a domain's configuration; its names and values are the manager's to judge."""

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
