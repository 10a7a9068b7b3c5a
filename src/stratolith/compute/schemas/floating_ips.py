"""Request schema of the old floating IP route."""

from __future__ import annotations

from stratolith.kernel.http.validation import Schema

CREATE = Schema(
    {
        "type": ["object", "null"],
        "properties": {"pool": {"type": ["string", "null"], "maxLength": 255}},
    }
)
