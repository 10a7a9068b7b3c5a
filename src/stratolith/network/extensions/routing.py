"""What routers and floating IPs have beyond Neutron's core."""

from __future__ import annotations

EXTENSIONS: dict[str, tuple[str, str]] = {
    "expose-l3-conntrack-helper": (
        "Expose CT target rules for conntrack helper",
        "2019-04-04T10:00:00-00:00",
    ),
    "expose-port-forwarding-in-fip": (
        "Expose Floating IP port forwardings",
        "2018-06-28T16:00:00-00:00",
    ),
    "external-gateway-multihoming": (
        "Neutron L3 External Gateway Multihoming",
        "2023-01-18T00:00:00-00:00",
    ),
    "floating-ip-router-writable": (
        "Floating IP Router (writable)",
        "2026-08-05T00:00:00-00:00",
    ),
    "floating-ip-port-forwarding": ("Floating IP Port Forwarding", "2018-01-19T10:00:00-00:00"),
    "floating-ip-port-forwarding-description": (
        "Floating IP Port Forwarding new attribute description",
        "2019-11-01T10:00:00-00:00",
    ),
    "floating-ip-port-forwarding-detail": (
        "Floating IP port forwarding detail",
        "2022-05-06T10:00:00-00:00",
    ),
    "floating-ip-port-forwarding-port-ranges": (
        "Floating IP Port Forwarding support port ranges",
        "2020-07-01T10:00:00-00:00",
    ),
    "l3-ext-ndp-proxy": (
        "Router support to enable NDP proxy",
        "2020-08-25T00:00:00-00:00",
    ),
    "l3-ndp-proxy": ("L3 NDP Proxy", "2021-06-29T10:00:00-00:00"),
    "l3-ha": ("HA Router extension", "2014-04-26T00:00:00-00:00"),
    "local_ip": ("Local IP", "2021-07-26T10:00:00-00:00"),
    "l3-conntrack-helper": ("L3 Conntrack helper", "2019-04-04T10:00:00-00:00"),
    "network_availability_zone": ("Network Availability Zone", "2015-01-01T10:00:00-00:00"),
    "router_availability_zone": ("Router Availability Zone", "2015-01-01T10:00:00-00:00"),
}
