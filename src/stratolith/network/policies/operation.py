"""Rules of quotas, agents, providers and zones."""

from __future__ import annotations

from stratolith.kernel.policy import Rule
from stratolith.network.policies.base import ADMIN, PROJECT

QUOTAS = [
    Rule("get_quota", "(rule:admin_only) or (role:manager and project_id:%(project_id)s)", PROJECT),
    Rule("update_quota", ADMIN, PROJECT),
    Rule("delete_quota", ADMIN, PROJECT),
]

AGENT = [
    Rule("get_agent", ADMIN, PROJECT),
    Rule("update_agent", ADMIN, PROJECT),
    Rule("delete_agent", ADMIN, PROJECT),
    Rule("get_l3-routers", ADMIN, PROJECT),
    Rule("create_l3-router", ADMIN, PROJECT),
    Rule("delete_l3-router", ADMIN, PROJECT),
    Rule("get_l3-agents", ADMIN, PROJECT),
    Rule("get_dhcp-networks", ADMIN, PROJECT),
    Rule("create_dhcp-network", ADMIN, PROJECT),
    Rule("delete_dhcp-network", ADMIN, PROJECT),
    Rule("get_dhcp-agents", ADMIN, PROJECT),
]

SERVICE_TYPE = [
    Rule("get_service_provider", "role:reader", PROJECT),
]

AVAILABILITY_ZONE = [
    Rule("get_availability_zone", "role:reader", PROJECT),
]

RULES = [*QUOTAS, *AGENT, *SERVICE_TYPE, *AVAILABILITY_ZONE]
