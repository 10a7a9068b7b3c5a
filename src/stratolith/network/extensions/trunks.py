"""Trunks."""

from __future__ import annotations

EXTENSIONS: dict[str, tuple[str, str]] = {
    "trunk": ("Trunk Extension", "2016-01-01T10:00:00-00:00"),
    "trunk-details": ("Trunk port details", "2016-01-01T10:00:00-00:00"),
}
