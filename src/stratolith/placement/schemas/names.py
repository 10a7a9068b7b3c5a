"""Patterns and small schemas that the other schemas share."""

from __future__ import annotations

from typing import Any

NAME = "^[A-Z0-9_]+$"
CUSTOM_NAME = "^CUSTOM_[A-Z0-9_]+$"
UUID = "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"
SUFFIX = "[a-zA-Z0-9_-]{1,64}"
NUMBERED_SUFFIX = "[1-9][0-9]*"
MAX_INT = 2147483647
TEXT_255: dict[str, Any] = {"type": "string", "minLength": 1, "maxLength": 255}
GENERATION: dict[str, Any] = {"type": "integer"}
