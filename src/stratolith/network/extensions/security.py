"""What security groups have beyond their rules."""

from __future__ import annotations

EXTENSIONS: dict[str, tuple[str, str]] = {
    "address-group": ("Address group", "2020-07-15T10:00:00-00:00"),
    "logging": ("Logging API Extension", "2017-01-01T10:00:00-00:00"),
    "rbac-address-group": ("Add address_group type to RBAC", "2021-01-20T00:00:00-00:00"),
    "security-groups-default-rules": (
        "Default rules for security groups",
        "2022-12-19T10:00:00-00:00",
    ),
    "security-groups-default-statefulness": (
        "Security Groups Default Statefulness",
        "2026-04-13T00:00:00-00:00",
    ),
    "security-groups-remote-address-group": (
        "Remote address group id field for security group rules",
        "2020-08-25T10:00:00-00:00",
    ),
    "security-groups-rules-belongs-to-default-sg": (
        "Security group rule belongs to the project's default security group",
        "2023-05-23T10:00:00-00:00",
    ),
    "stateful-security-group": ("Stateful security group", "2019-11-26T09:00:00-00:00"),
}
