"""Rules of networks, subnets and the availability of addresses."""

from __future__ import annotations

from stratolith.kernel.policy import Rule
from stratolith.network.policies.base import ADMIN, MEMBER, MEMBER_OR_NETWORK_OWNER, PROJECT

NETWORK = [
    Rule("external", "field:networks:router:external=True"),
    Rule("create_network", MEMBER, PROJECT),
    Rule("create_network:shared", ADMIN, PROJECT),
    Rule("create_network:router:external", ADMIN, PROJECT),
    Rule("create_network:is_default", ADMIN, PROJECT),
    Rule("create_network:port_security_enabled", MEMBER, PROJECT),
    Rule("create_network:segments", ADMIN, PROJECT),
    Rule("create_network:provider:network_type", ADMIN, PROJECT),
    Rule("create_network:provider:physical_network", ADMIN, PROJECT),
    Rule("create_network:provider:segmentation_id", ADMIN, PROJECT),
    Rule("create_network:tags", MEMBER, PROJECT),
    Rule(
        "get_network",
        (
            "(rule:admin_only) or (role:reader and project_id:%(project_id)s) or "
            "rule:service_api or rule:shared or rule:external or "
            "rule:context_is_advsvc"
        ),
        PROJECT,
    ),
    Rule("get_network:segments", ADMIN, PROJECT),
    Rule("get_network:provider:network_type", ADMIN, PROJECT),
    Rule("get_network:provider:physical_network", ADMIN, PROJECT),
    Rule("get_network:provider:segmentation_id", ADMIN, PROJECT),
    Rule(
        "get_network:tags",
        (
            "(rule:admin_only) or (role:reader and project_id:%(project_id)s) or "
            "rule:shared or rule:external or rule:context_is_advsvc"
        ),
        PROJECT,
    ),
    Rule("update_network", MEMBER, PROJECT),
    Rule("update_network:shared", ADMIN, PROJECT),
    Rule("update_network:segments", ADMIN, PROJECT),
    Rule("update_network:provider:network_type", ADMIN, PROJECT),
    Rule("update_network:provider:physical_network", ADMIN, PROJECT),
    Rule("update_network:provider:segmentation_id", ADMIN, PROJECT),
    Rule("update_network:router:external", ADMIN, PROJECT),
    Rule("update_network:is_default", ADMIN, PROJECT),
    Rule("update_network:port_security_enabled", MEMBER, PROJECT),
    Rule("update_network:tags", MEMBER, PROJECT),
    Rule("delete_network", MEMBER, PROJECT),
    Rule("delete_network:tags", MEMBER, PROJECT),
]

SUBNET = [
    Rule("external_network", "field:subnets:router:external=True"),
    Rule("create_subnet", "(rule:admin_only) or (role:member and rule:network_owner)", PROJECT),
    Rule("create_subnet:segment_id", ADMIN, PROJECT),
    Rule("create_subnet:service_types", ADMIN, PROJECT),
    Rule(
        "create_subnet:tags",
        MEMBER_OR_NETWORK_OWNER,
        PROJECT,
    ),
    Rule(
        "get_subnet",
        (
            "role:reader and project_id:%(project_id)s or rule:shared or "
            "rule:external_network or (rule:admin_only) or (role:reader and "
            "rule:network_owner) or rule:service_api"
        ),
        PROJECT,
    ),
    Rule("get_subnet:segment_id", ADMIN, PROJECT),
    Rule(
        "get_subnet:tags",
        (
            "role:reader and project_id:%(project_id)s or rule:shared or "
            "rule:external_network or (rule:admin_only) or (role:reader and "
            "rule:network_owner)"
        ),
        PROJECT,
    ),
    Rule(
        "update_subnet",
        MEMBER_OR_NETWORK_OWNER,
        PROJECT,
    ),
    Rule("update_subnet:segment_id", ADMIN, PROJECT),
    Rule("update_subnet:service_types", ADMIN, PROJECT),
    Rule(
        "update_subnet:tags",
        MEMBER_OR_NETWORK_OWNER,
        PROJECT,
    ),
    Rule(
        "delete_subnet",
        MEMBER_OR_NETWORK_OWNER,
        PROJECT,
    ),
    Rule(
        "delete_subnet:tags",
        MEMBER_OR_NETWORK_OWNER,
        PROJECT,
    ),
]

NETWORK_IP_AVAILABILITY = [
    Rule("get_network_ip_availability", "(rule:admin_only) or (rule:service_api)", PROJECT),
]

RULES = [*NETWORK, *SUBNET, *NETWORK_IP_AVAILABILITY]
