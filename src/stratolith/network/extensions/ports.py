"""Attributes of ports."""

from __future__ import annotations

EXTENSIONS: dict[str, tuple[str, str]] = {
    "binding-extended": ("Port Bindings Extended", "2017-07-17T10:00:00-00:00"),
    "data-plane-status": ("Port data plane status extension", "2017-01-24T10:00:00-00:00"),
    "port-numa-affinity-policy": ("Port NUMA affinity policy", "2020-07-08T10:00:00-00:00"),
    "port-numa-affinity-policy-socket": (
        'Port NUMA affinity policy "socket"',
        "2024-02-09T10:00:00-00:00",
    ),
    "uplink-status-propagation": (
        "Uplink status propagation extension",
        "2018-05-31T18:00:00-00:00",
    ),
    "uplink-status-propagation-updatable": (
        "Uplink status propagation updatable extension",
        "2024-09-03T18:00:00-00:00",
    ),
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
