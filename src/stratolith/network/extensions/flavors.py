"""Flavors of network services."""

from __future__ import annotations

EXTENSIONS: dict[str, tuple[str, str]] = {
    "flavors": ("Neutron Service Flavors", "2015-09-17T10:00:00-00:00"),
    "l3-flavors": ("Router Flavor Extension", "2016-05-17T00:00:00-00:00"),
}
