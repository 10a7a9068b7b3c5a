"""Subnet pools, address scopes and the availability of addresses."""

from __future__ import annotations

EXTENSIONS = {
    "network-ip-availability-details": (
        "Network IP Availability Details Extension",
        "2025-10-31T00:00:00-00:00",
    ),
    "rbac-address-scope": ("Add address_scope type to RBAC", "2020-02-12T00:00:00-00:00"),
    "rbac-subnetpool": ("Add subnetpool type to RBAC", "2020-02-05T00:00:00-00:00"),
    "subnet_onboard": ("Subnet Onboard", "2018-12-18T09:00:00-00:00"),
    "subnetpool-prefix-ops": ("Subnet Pool Prefix Operations", "2019-02-08T10:00:00-00:00"),
}
