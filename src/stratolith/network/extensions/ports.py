"""Attributes of ports."""

from __future__ import annotations

EXTENSIONS: dict[str, tuple[str, str]] = {
    "binding-extended": ("Port Bindings Extended", "2017-07-17T10:00:00-00:00"),
    "data-plane-status": ("Port data plane status extension", "2017-01-24T10:00:00-00:00"),
    "port-mac-address-regenerate": (
        "Neutron Port MAC address regenerate",
        "2018-05-03T10:00:00-00:00",
    ),
    "port-resource-request": ("Port Resource Request", "2018-05-08T10:00:00-00:00"),
    "port-resource-request-groups": (
        "Port Resource Request Groups",
        "2021-08-02T10:00:00-00:00",
    ),
}
