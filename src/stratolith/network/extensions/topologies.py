"""Topologies that a project gets on request."""

from __future__ import annotations

EXTENSIONS: dict[str, tuple[str, str]] = {
    "auto-allocated-topology": (
        "Auto Allocated Topology Services",
        "2016-01-01T00:00:00-00:00",
    ),
}
