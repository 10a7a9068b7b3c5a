"""Metering of traffic through routers."""

from __future__ import annotations

EXTENSIONS: dict[str, tuple[str, str]] = {
    "metering": ("Neutron Metering", "2013-06-12T10:00:00-00:00"),
    "metering_source_and_destination_fields": (
        "Neutron Metering with source and destination filtering",
        "2020-08-21T08:12:00-00:00",
    ),
}
